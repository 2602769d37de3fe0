/*
 * Payloads: how arguments, results and failures travel through Redis.
 *
 * Strategy: what is plain JSON travels as that, and can be read in BullMQ's dashboards; all else as V8's structured clone
 * (maps, dates, bytes, bigints, circles). What is large lies under a key of its own, with an end of its own, so that the
 * queue's scripts need not carry it.
 * Limits: a value that stands in two places of plain data arrives as two.
 */
import { deserialize, serialize } from "node:v8";
import { canBe, pathOfUncloneable } from "../futures/cloning.ts";
import type { Medium } from "../futures/medium.ts";
import { PayloadTooLargeError } from "./errors.ts";

/** A value as it travels: plain, as bytes in base 64, or the key under which it lies. @internal */
export type Payload =
  | { readonly json: unknown }
  | { readonly clone: string }
  | { readonly key: string };

/** A payload, and the bytes that must be put under its key before it is sent. @internal */
export interface Packed {
  readonly payload: Payload;
  readonly bytes: Buffer | null;
}

/** How large payloads may be, in bytes. @internal */
export interface PayloadLimits {
  /** Above it they lie under a key of their own. */
  readonly inlineLimit: number;
  readonly maxPayload: number;
}

/** Deeper than this nothing counts as plain; a circle has no end. */
const DEPTH = 32;

/** How values travel between machines. @internal */
export const BETWEEN_MACHINES: Medium = {
  noun: "machine",
  moves: false,
  takes: (value) => canBe(serialize, value),
};

/**
 * @param what for messages, such as `"the arguments of 'mail.send'"`
 * @param path of the value, for messages, such as `args`
 * @throws TypeError when it cannot be cloned
 * @throws {@link PayloadTooLargeError}
 * @internal
 */
export function pack(
  value: unknown,
  what: string,
  path: string,
  key: string,
  limits: PayloadLimits,
): Packed {
  if (isPlain(value, DEPTH)) {
    const { length } = JSON.stringify(value);
    if (length <= limits.inlineLimit) return { payload: { json: value }, bytes: null };
  }
  const bytes = cloned(value, what, path);
  if (bytes.length > limits.maxPayload) {
    throw new PayloadTooLargeError(
      `${what} are ${bytes.length} bytes, and \`maxPayload\` is ${limits.maxPayload}: pass where they are kept, not themselves`,
      bytes.length,
      limits.maxPayload,
    );
  }
  if (bytes.length > limits.inlineLimit) return { payload: { key }, bytes };
  return { payload: { clone: bytes.toString("base64") }, bytes: null };
}

function cloned(value: unknown, what: string, path: string): Buffer {
  try {
    return serialize(value);
  } catch (cause) {
    const where = pathOfUncloneable(value, path, BETWEEN_MACHINES) ?? path;
    throw new TypeError(
      `${what} cannot be sent to another machine: ${where} cannot be cloned; pass plain data`,
      { cause },
    );
  }
}

/** @param bytes what lies under its key */
export function unpack(payload: Payload, bytes: Buffer | null): unknown {
  if ("json" in payload) return payload.json;
  if ("clone" in payload) return deserialize(Buffer.from(payload.clone, "base64"));
  return deserialize(bytes as Buffer);
}

/** Whether JSON gives back just this. */
function isPlain(value: unknown, depth: number): boolean {
  if (value === null) return true;
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return (
        depth > 0 && (Array.isArray(value) ? isPlainList(value, depth) : isRecord(value, depth))
      );
    default:
      return false;
  }
}

function isPlainList(list: readonly unknown[], depth: number): boolean {
  if (Object.keys(list).length !== list.length) return false;
  for (const item of list) if (!isPlain(item, depth - 1)) return false;
  return true;
}

function isRecord(value: object, depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    if (key === "__proto__" || !isPlain(value[key as never], depth - 1)) return false;
  }
  return true;
}
