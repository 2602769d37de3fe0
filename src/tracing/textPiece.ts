/*
 * TextPiece: text as UTF-8 that is copied many times.
 *
 * Strategy: a short one is copied four bytes at a time: a call costs more than that. So there is room for three bytes behind
 * it, which are copied too, and overwritten by what comes next.
 */

/** @internal */
export class TextPiece {
  readonly bytes: Uint8Array;
  /** The same, and what fills its last four bytes. */
  readonly view: DataView;
  readonly length: number;

  constructor(text: string | Uint8Array) {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const filled = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    filled.set(bytes);
    this.view = new DataView(filled.buffer);
    this.bytes = filled.subarray(0, bytes.length);
    // As a small integer: that of an array may be any number.
    this.length = bytes.length | 0;
  }
}
