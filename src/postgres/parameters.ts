/*
 * Values on their way to the server, as PostgreSQL reads them.
 *
 * Everything goes as text but bytes; the server knows the type that it expects and reads the text accordingly.
 */
import { wrongType } from "../core/arguments.ts";

/** The text or the bytes of a parameter; null for null. @internal */
export function encodeParameter(value: unknown): string | Buffer | null {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    case "object":
      return value === null ? null : encodeObject(value);
    default:
      throw wrongType(
        "parameter",
        "a string, number, bigint, boolean, Date, bytes, an array, an object for JSON, or null",
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
  if (value instanceof Date) return encodeDate(value);
  if (Array.isArray(value)) return encodeArray(value);
  return JSON.stringify(value);
}

/** An instant in UTC; years beyond 9999 and before 1 in PostgreSQL's way. */
function encodeDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw wrongType("parameter", "a valid Date", date);
  const year = date.getUTCFullYear();
  const rest = date.toISOString().replace(/^[+-]?\d+/, "");
  const shown = String(year > 0 ? year : 1 - year).padStart(4, "0");
  return shown + rest + (year > 0 ? "" : " BC");
}

/** An array literal. Each text is quoted, so that none is taken for NULL or for syntax. */
function encodeArray(values: readonly unknown[]): string {
  return `{${values.map(encodeElement).join(",")}}`;
}

function encodeElement(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (Array.isArray(value)) return encodeArray(value);
  const encoded = encodeParameter(value);
  const text = Buffer.isBuffer(encoded) ? `\\x${encoded.toString("hex")}` : (encoded as string);
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** A field of COPY's text format. @internal */
export function encodeCopyField(value: unknown): string {
  const encoded = encodeParameter(value);
  if (encoded === null) return "\\N";
  if (typeof encoded !== "string") return `\\\\x${encoded.toString("hex")}`;
  return /[\\\n\r\t]/.test(encoded) ? encoded.replace(/[\\\n\r\t]/g, escaped) : encoded;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escaped(character: string): string {
  return ESCAPES[character] as string;
}
