/*
 * Values on their way to the server, as prepared statements take them.
 */
import { wrongType } from "../core/arguments.ts";

/**
 * What mysql2 sends as is. Objects never reach it: it would take some of them for more than a value.
 * @internal
 */
export function encodeParameter(value: unknown): string | number | Buffer | null {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      if (!Number.isFinite(value))
        throw wrongType("parameter", "a finite number, which is all that MySQL knows", value);

      return value;
    case "bigint":
      return String(value);
    case "boolean":
      return value ? 1 : 0;
    case "object":
      return value === null ? null : encodeObject(value);
    default:
      throw wrongType(
        "parameter",
        "a string, number, bigint, boolean, Date, bytes, an array or object for JSON, or null",
        value,
      );
  }
}

function encodeObject(value: object): string | Buffer {
  if (value instanceof Uint8Array) {
    return Buffer.isBuffer(value)
      ? value
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw wrongType("parameter", "a valid Date", value);
    // In UTC, as the session is.
    return value.toISOString().replace("T", " ").replace("Z", "");
  }
  return JSON.stringify(value);
}
