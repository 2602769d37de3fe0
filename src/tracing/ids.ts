/*
 * Identifiers of traces and spans: random bytes, in lower-case hex.
 *
 * Strategy: the system is asked for 64 KiB at a time: among other work one such call takes as long as some spans do, many
 * bytes or few. They are made hex 4 KiB at a time, for an id is a part of that text, and keeps all of it in memory: 8 KiB,
 * which some 170 spans share. The same digits are there as bytes, for who writes them: to copy them costs a part of what it
 * costs to take a text apart.
 */
import { randomFillSync } from "node:crypto";
import { NO_CONTEXT } from "./spanContext.ts";

const POOL_BYTES = 65_536;
const TEXT_BYTES = 4096;

let pool: Buffer | null = null;
let used = POOL_BYTES;
let text = "";
let digits = new DataView(new ArrayBuffer(0));
let at = 0;

/** An identifier that was made here. @internal */
export class Id {
  readonly text: string;
  /** Has the text's characters, from `at` on. */
  readonly digits: DataView;
  readonly at: number;

  constructor(length: number) {
    if (at + length > text.length) renew();
    this.text = text.slice(at, at + length);
    this.digits = digits;
    this.at = at;
    at += length;
  }
}

/** 32 hex digits. @internal */
export function newTraceId(): Id {
  return idOf(NO_CONTEXT.traceId.length);
}

/** 16 hex digits. @internal */
export function newSpanId(): Id {
  return idOf(NO_CONTEXT.spanId.length);
}

function idOf(length: number): Id {
  for (;;) {
    const id = new Id(length);
    if (!isNone(id)) return id;
  }
}

const ZERO = 0x30;

/** All zeros mean that there is none (W3C Trace Context, section 3.2.2.3). */
function isNone({ digits, at, text }: Id): boolean {
  for (let i = 0; i < text.length; i++) if (digits.getUint8(at + i) !== ZERO) return false;
  return true;
}

function renew(): void {
  pool ??= Buffer.allocUnsafeSlow(POOL_BYTES);
  if (used === POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  text = pool.toString("hex", used, (used += TEXT_BYTES));
  digits = new DataView(new TextEncoder().encode(text).buffer);
  at = 0;
}
