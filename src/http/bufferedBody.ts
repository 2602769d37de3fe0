/*
 * A body that is in memory as a whole: text, bytes, JSON, a form. It can be sent any number of times.
 */
import type { RequestBody } from "./requestBody.ts";

/** @internal */
export class BufferedBody implements RequestBody {
  readonly length: number;
  readonly contentType: string | null;
  readonly replayable: boolean = true;
  readonly #content: string | Uint8Array;

  constructor(content: string | Uint8Array, contentType: string | null) {
    this.length = Buffer.byteLength(content);
    this.contentType = contentType;
    this.#content = content;
  }

  open(): string | Uint8Array {
    return this.#content;
  }
}

/** Bytes whose owner wants their memory back when all of it has left this process. @internal */
export class LentBody extends BufferedBody {
  /** Called when that is so: after the answer, and only where it is known. */
  readonly written: () => void;

  constructor(content: Uint8Array, written: () => void) {
    super(content, null);
    this.written = written;
  }
}

/** Any kind of bytes as a Uint8Array over the same memory; null for anything else. @internal */
export function viewOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value))
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const whole = value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
  return whole ? new Uint8Array(value) : null;
}
