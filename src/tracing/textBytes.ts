/*
 * TextBytes: text as UTF-8, added piece by piece.
 *
 * Strategy: spans are written as they end, thousands in a second, and nothing else is made of them. Short texts are
 * written character by character, as long as those are plain ASCII: any call into Node.js costs more. No string is put
 * together first: one of some hundred kilobytes costs many times more to make flat and to encode than its pieces.
 */

/** So many bytes does a UTF-16 code unit take in UTF-8 at most. */
const WIDEST = 3;

/** Up to so many characters are written one by one. */
const SHORT = 40;

/** A number of that many digits and more is written in two parts, each of which is a small integer. */
const PART = 1e8;
const PART_DIGITS = 8;

const ZERO = 0x30;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a plain string holds not: what JSON escapes, and what takes more than a byte. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_PLAIN = /["\\\u0000-\u001f\u007f-\uffff]/;

/** @internal */
export class TextBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param room where to, or how many bytes are likely to be needed */
  constructor(room: number | Buffer) {
    this.#bytes = typeof room === "number" ? Buffer.allocUnsafeSlow(room) : room;
  }

  /** How many bytes were added. */
  get length(): number {
    return this.#length;
  }

  /** Takes back what was added since it had that length. */
  cut(length: number): void {
    this.#length = length;
  }

  /** Any text. */
  add(text: string): void {
    this.#reserve(text.length * WIDEST);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** A text of ASCII alone. */
  plain(text: string): void {
    const { length } = text;
    this.#reserve(length);
    const bytes = this.#bytes;
    const at = this.#length;
    if (length > SHORT) bytes.write(text, at, "latin1");
    else for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#length = at + length;
  }

  /** Bytes that are UTF-8. */
  piece(piece: Uint8Array): void {
    this.#reserve(piece.length);
    this.#bytes.set(piece, this.#length);
    this.#length += piece.length;
  }

  /** A text of ASCII in the place of what is there. */
  put(at: number, text: string): void {
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  }

  /** A number, as text. */
  number(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) return this.plain(String(value));
    this.#reserve(2 * PART_DIGITS);
    if (value < PART) return this.#digits(value, digitsOf(value));
    const high = Math.floor(value / PART);
    this.#digits(high, digitsOf(high));
    this.#digits(value - high * PART, PART_DIGITS);
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#length += count;
  }

  /** A string in JSON. */
  quoted(text: string): void {
    const { length } = text;
    if (length > SHORT) return this.#quotedLong(text);
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
    this.#length = at;
  }

  #quotedLong(text: string): void {
    if (NOT_PLAIN.test(text)) return this.add(JSON.stringify(text));
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = QUOTE;
    bytes.write(text, at + 1, "latin1");
    bytes[at + 1 + text.length] = QUOTE;
    this.#length = at + 2 + text.length;
  }

  /** Makes room for so many bytes more. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
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

function digitsOf(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) count++;
  return count;
}
