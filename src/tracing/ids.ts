/*
 * Identifiers of traces and spans: random bytes, in lower-case hex.
 *
 * Strategy: the system is asked for 4 KiB at a time, which are made hex at once, since either call costs more than the
 * rest of a span. An id is a part of that text, and keeps all of it in memory: 8 KiB, which some 170 spans share.
 */
import { randomFillSync } from "node:crypto";

const POOL = Buffer.allocUnsafeSlow(4096);
let digits = "";
let at = 0;

/** 32 hex digits. @internal */
export function newTraceId(): string {
  return idOf(32);
}

/** 16 hex digits. @internal */
export function newSpanId(): string {
  return idOf(16);
}

function idOf(length: number): string {
  for (;;) {
    if (at + length > digits.length) {
      digits = randomFillSync(POOL).toString("hex");
      at = 0;
    }
    const id = digits.slice(at, at + length);
    at += length;
    // All zeros mean that there is none (W3C Trace Context, section 3.2.2.3).
    if (/[^0]/.test(id)) return id;
  }
}
