/*
 * Identifiers of traces and spans: random bytes, in lower-case hex.
 *
 * Strategy: the system is asked for 4 KiB at a time, since a call to it costs more than a span.
 */
import { randomFillSync } from "node:crypto";

const POOL = Buffer.allocUnsafeSlow(4096);
let at = POOL.length;

/** 32 hex digits. @internal */
export function newTraceId(): string {
  return hexOf(16);
}

/** 16 hex digits. @internal */
export function newSpanId(): string {
  return hexOf(8);
}

function hexOf(bytes: number): string {
  for (;;) {
    if (at + bytes > POOL.length) {
      randomFillSync(POOL);
      at = 0;
    }
    const hex = POOL.toString("hex", at, at + bytes);
    at += bytes;
    // All zeros mean that there is none (W3C Trace Context, section 3.2.2.3).
    if (/[^0]/.test(hex)) return hex;
  }
}
