/*
 * LineCutter: lines out of bytes that come in any pieces.
 *
 * Strategy: what is complete in a piece is decoded at once and cut as text; the rest waits as bytes, so that a character
 * that lies across two pieces stays whole. In UTF-8 and Latin-1 no other character has the byte of a newline.
 */

/** What the bytes of lines mean. */
export type LineEncoding = "utf8" | "latin1";

const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);

/** @internal */
export class LineCutter {
  readonly #encoding: LineEncoding;
  readonly #limit: number;
  #rest: Buffer[] = [];
  #size = 0;

  /** @param limit bytes; a longer line comes in pieces */
  constructor(encoding: LineEncoding, limit: number) {
    this.#encoding = encoding;
    this.#limit = limit;
  }

  /** The lines that are complete now, without their ends (`\n` or `\r\n`). Keeps nothing of the piece. */
  cut(piece: Buffer): string[] {
    const end = piece.lastIndexOf(NEWLINE);
    if (end === -1) {
      this.#keep(piece);
      return this.#size >= this.#limit ? [this.#cutShort()] : [];
    }
    const lines = this.#join(piece.subarray(0, end)).split("\n");
    this.#keep(piece.subarray(end + 1));
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at] as string;
      if (line.endsWith("\r")) lines[at] = line.slice(0, -1);
    }
    return lines;
  }

  /** The line that has no end, if there is one. */
  finish(): string[] {
    return this.#size === 0 ? [] : [this.#join(NOTHING)];
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#rest.push(Buffer.from(piece));
    this.#size += piece.length;
  }

  #join(piece: Buffer): string {
    if (this.#size === 0) return piece.toString(this.#encoding);
    const all = Buffer.concat([...this.#rest, piece]);
    this.#rest = [];
    this.#size = 0;
    return all.toString(this.#encoding);
  }

  /** What there is of a line that is too long, up to its last whole character. */
  #cutShort(): string {
    const all = Buffer.concat(this.#rest);
    const end = this.#encoding === "utf8" ? endOfCharacters(all) : all.length;
    const rest = all.subarray(end);
    this.#rest = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
    return all.toString(this.#encoding, 0, end);
  }
}

/** Where the last whole character of UTF-8 ends. */
function endOfCharacters(bytes: Buffer): number {
  const least = Math.max(bytes.length - 3, 1);
  for (let at = bytes.length - 1; at >= least; at--) {
    const byte = bytes[at] as number;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return at + length > bytes.length ? at : bytes.length;
    }
  }
  return bytes.length;
}
