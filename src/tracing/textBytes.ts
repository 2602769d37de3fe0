/*
 * TextBytes: text as UTF-8, added piece by piece.
 *
 * Strategy: spans are written as they end, thousands in a second, and nothing else is made of them. Short texts are
 * written character by character, as long as those are plain ASCII: any call into Node.js costs more. No string is put
 * together first: one of some hundred kilobytes costs many times more to make flat and to encode than its pieces.
 */
import { TextPiece } from "./textPiece.ts";

/** So many bytes does a UTF-16 code unit take in UTF-8 at most. */
const WIDEST = 3;

/** Up to so many characters are written one by one; so many where each of them is looked at. */
const SHORT = 10;
const SHORT_QUOTED = 20;

/** Up to so many bytes of a piece are copied here; three bytes more may be written then. */
const SHORT_PIECE = 24;
const FILL = 3;

/** A number of that many digits and more is written in two parts, each of which is a small integer. */
const PART = 1e8;
const PART_DIGITS = 8;

const ZERO = 0x30;
/** By a number of two digits: the characters of both. */
const PAIRS = Uint16Array.from({ length: 100 }, (_, each) => {
  return ((ZERO + (each % 10)) << 8) | (ZERO + Math.floor(each / 10));
});

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a plain string holds not: what JSON escapes, and what takes more than a byte. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_PLAIN = /["\\\u0000-\u001f\u007f-\uffff]/;

/** @internal */
export class TextBytes {
  #bytes: Buffer;
  #view: DataView;
  /** How long that is: to ask the array takes longer. */
  #room: number;
  /** Always `| 0`: that of an array may be any number, and one that may be any is kept in an object of its own. */
  #length = 0;

  /** @param room where to, or how many bytes are likely to be needed */
  constructor(room: number | Buffer) {
    this.#bytes = typeof room === "number" ? Buffer.allocUnsafeSlow(room) : room;
    this.#view = viewOf(this.#bytes);
    this.#room = this.#bytes.length | 0;
  }

  /** How many bytes were added. */
  get length(): number {
    return this.#length;
  }

  /** Takes back what was added since it had that length. */
  cut(length: number): void {
    this.#length = length | 0;
  }

  /** Any text. */
  add(text: string): void {
    this.#reserve(text.length * WIDEST);
    this.#length = (this.#length + this.#bytes.write(text, this.#length)) | 0;
  }

  /** A text of ASCII alone. */
  plain(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const at = this.#length;
    this.put(at, text);
    this.#length = (at + length) | 0;
  }

  /** Text that is kept. */
  piece(piece: TextPiece): void {
    const at = this.#length;
    const { length } = piece;
    this.#reserve(length + FILL);
    if (length > SHORT_PIECE) this.#bytes.set(piece.bytes, at);
    else {
      const [from, to] = [piece.view, this.#view];
      for (let i = 0; i < length; i += 4) to.setInt32(at + i, from.getInt32(i, true), true);
    }
    this.#length = (at + length) | 0;
  }

  /** A text of ASCII in the place of what is there. */
  put(at: number, text: string): void {
    const bytes = this.#bytes;
    const { length } = text;
    if (length > SHORT) bytes.write(text, at, "latin1");
    else for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  }

  /** Bytes of ASCII in the place of what is there: so many, from one on; a multiple of four. */
  putBytes(at: number, from: DataView, start: number, length: number): void {
    const to = this.#view;
    for (let i = 0; i < length; i += 4) to.setInt32(at + i, from.getInt32(start + i, true), true);
  }

  /** A single character of ASCII. */
  byte(code: number): void {
    this.#reserve(1);
    const at = this.#length;
    this.#bytes[at] = code;
    this.#length = (at + 1) | 0;
  }

  /** What was added from there on, to be added again. */
  pieceFrom(at: number): TextPiece {
    return new TextPiece(this.#bytes.subarray(at, this.#length));
  }

  /** A number, as text. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) return this.plain(String(value));
    this.#reserve(2 * PART_DIGITS);
    if (value < PART) return this.#digits(value | 0, digitsOf(value | 0));
    const high = Math.floor(value / PART) | 0;
    this.#digits(high, digitsOf(high));
    this.#digits((value - high * PART) | 0, PART_DIGITS);
  }

  #digits(value: number, count: number): void {
    const view = this.#view;
    let rest = value;
    let at = (this.#length + count) | 0;
    this.#length = at;
    for (let left = count; left > 1; left -= 2) {
      const next = (rest / 100) | 0;
      at -= 2;
      view.setInt16(at, PAIRS[rest - next * 100] as number, true);
      rest = next;
    }
    if (count % 2 === 1) view.setInt8(at - 1, ZERO + rest);
  }

  /** A string in JSON. */
  quoted(text: string): void {
    const { length } = text;
    if (length > SHORT_QUOTED) return this.#quotedLong(text);
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH)
        return this.add(JSON.stringify(text));
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#length = at | 0;
  }

  #quotedLong(text: string): void {
    if (NOT_PLAIN.test(text)) return this.add(JSON.stringify(text));
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = QUOTE;
    bytes.write(text, at + 1, "latin1");
    bytes[at + 1 + text.length] = QUOTE;
    this.#length = (at + 2 + text.length) | 0;
  }

  /** Makes room for so many bytes more. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#room) this.#grow(needed);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#room * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
    this.#view = viewOf(grown);
    this.#room = grown.length | 0;
  }

  /** What was added; nothing may be added after that. */
  take(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#length);
  }

  /** The memory, for other bytes: nobody needs these any more. */
  room(): Buffer {
    return this.#bytes;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function digitsOf(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) count++;
  return count;
}
