/*
 * Identifiers of traces and spans: random bytes, in lower-case hex.
 *
 * Strategy: the system is asked for 64 KiB at a time: among other work one such call takes as long as some spans do, many
 * bytes or few. They are made hex 4 KiB at a time, for an id is a part of that text, and keeps all of it in memory: 8 KiB,
 * which some 170 spans share.
 */
import { randomFillSync } from "node:crypto";
import { NO_CONTEXT } from "./spanContext.ts";

const POOL_BYTES = 65_536;
const TEXT_BYTES = 4096;

let pool: Buffer | null = null;
let used = POOL_BYTES;
let digits = "";
let at = 0;

/** 32 hex digits. @internal */
export function newTraceId(): string {
  return idOf(NO_CONTEXT.traceId);
}

/** 16 hex digits. @internal */
export function newSpanId(): string {
  return idOf(NO_CONTEXT.spanId);
}

/** As long as one that is none. */
function idOf(none: string): string {
  const { length } = none;
  for (;;) {
    if (at + length > digits.length) {
      digits = moreDigits();
      at = 0;
    }
    const id = digits.slice(at, at + length);
    at += length;
    // All zeros mean that there is none (W3C Trace Context, section 3.2.2.3).
    if (id !== none) return id;
  }
}

function moreDigits(): string {
  pool ??= Buffer.allocUnsafeSlow(POOL_BYTES);
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.toString("hex", used, (used += TEXT_BYTES));
}
