/*
 * TextReader: lines and characters out of buffered bytes (the reading half of Python's `io.TextIOWrapper`).
 *
 * Strategy: it has one piece of text at a time, of which it gives parts. Bytes leave the buffer when they are decoded; a
 * read that fails or is cancelled puts back what it took. So the bytes that were read and the text that was not are always
 * in one place or the other.
 */
import type { BufferedFile } from "./bufferedFile.ts";
import type { Codec } from "./codec.ts";
import { LineLimit } from "./lineLimit.ts";
import type { Newlines } from "./newlines.ts";
import type { ReadBuffer } from "./readBuffer.ts";
import type { TextPiece } from "./textPiece.ts";
import { type ReaderRules, TextPieces } from "./textPieces.ts";

/** @internal */
export class TextReader {
  readonly #ahead: ReadBuffer;
  readonly #newlines: Newlines;
  readonly #limit: LineLimit;
  readonly #pieces: TextPieces;
  #piece: TextPiece | null = null;

  constructor(buffered: BufferedFile, rules: ReaderRules) {
    this.#ahead = buffered.ahead;
    this.#newlines = rules.newlines;
    this.#limit = new LineLimit(rules.maxLineLength, "characters", buffered.raw.name);
    this.#pieces = new TextPieces(buffered, rules, this.#limit);
  }

  /** What the file is in, as far as it was looked at. */
  get codec(): Codec | null {
    return this.#pieces.codec;
  }

  /** Whether there is text that was decoded and not read. */
  get ahead(): boolean {
    return this.#piece !== null && !this.#piece.empty;
  }

  /** The next line, when it is there in whole; null when it is not, or too long. */
  lineHere(): string | null {
    const piece = this.#piece;
    if (piece === null) return null;
    const end = piece.lineEnd();
    if (end === 0 || end - piece.at > this.#limit.most) return null;
    return piece.takeTo(end);
  }

  /** Lines that are there in whole; null when the next one is not, or too long, or can't be decoded. */
  linesHere(): string[] | null {
    if (!this.ahead) this.#piece = this.#pieces.linesHere();
    const piece = this.#piece;
    if (piece === null) return null;
    const lines = piece.takeLines(this.#limit.most);
    return lines.length === 0 ? null : lines;
  }

  /** Up to `count` characters, when so many are there. */
  textHere(count: number): string | null {
    const piece = this.#piece;
    if (piece === null || piece.text.length - piece.at < count) return null;
    const end = piece.placeAfter(count);
    return end === piece.text.length ? null : piece.takeTo(end);
  }

  // In turn, from here on.

  /** The next line; empty at the end of the file. */
  async line(): Promise<string> {
    const piece = await this.#pieceOfLines();
    if (piece === null) return "";
    const end = piece.lineEnd();
    this.#expectShort(piece, end);
    return piece.takeTo(end);
  }

  /** All lines that are there after waiting for one; none at the end of the file. */
  async lines(): Promise<string[]> {
    const piece = await this.#pieceOfLines();
    if (piece === null) return [];
    const lines = piece.takeLines(this.#limit.most);
    if (lines.length > 0) return lines;
    const end = piece.lineEnd();
    this.#expectShort(piece, end);
    return [piece.takeTo(end)];
  }

  /** A piece that has a complete line; null at the end of the file. */
  async #pieceOfLines(): Promise<TextPiece | null> {
    if (this.#piece === null || this.#piece.lineEnd() === 0) {
      this.putBack();
      this.#piece = await this.#pieces.lines();
    }
    return this.#piece;
  }

  #expectShort(piece: TextPiece, end: number): void {
    const { most } = this.#limit;
    if (end - piece.at <= most) return;
    const line = piece.text.slice(piece.at, end);
    if (line.replace(/(?:\r\n|\r|\n)$/, "").length > most)
      throw this.#limit.overrun(piece.position);
  }

  /** Up to `count` characters, fewer at the end of the file; with `toLineEnd`, not beyond the line. */
  async read(count: number, toLineEnd: boolean): Promise<string> {
    const taken: Buffer[] = this.ahead ? [(this.#piece as TextPiece).unread] : [];
    this.#ahead.lend();
    let text = "";
    let left = count;
    try {
      while (left > 0) {
        if (!this.ahead) {
          const piece = await this.#pieces.text();
          if (piece === null) break;
          this.#piece = piece;
          this.#ahead.lend();
          taken.push(piece.bytes);
        }
        const part = this.#takePart(left, toLineEnd);
        text += part;
        if (toLineEnd && this.#newlines.ends(part)) break;
        left -= lengthOf(part);
      }
    } catch (error) {
      this.#piece = null;
      this.#ahead.putBack(Buffer.concat(taken));
      throw error;
    }
    return text;
  }

  #takePart(count: number, toLineEnd: boolean): string {
    const piece = this.#piece as TextPiece;
    const place = piece.placeAfter(count);
    const end = toLineEnd ? piece.lineEnd() : 0;
    return piece.takeTo(end === 0 ? place : Math.min(end, place));
  }

  /** All that is left of the file. */
  async readAll(): Promise<string> {
    // Should it fail, the piece is still needed, with its bytes.
    if (this.ahead) this.#ahead.lend();
    const rest = await this.#pieces.rest();
    const before = this.#piece?.takeAll() ?? "";
    this.#piece = null;
    return before + rest;
  }

  /** Puts back what was decoded and not read: the position of the bytes is that of the text then. */
  putBack(): void {
    const piece = this.#piece;
    this.#piece = null;
    if (piece !== null && !piece.empty) this.#ahead.putBack(piece.unread);
  }

  /** Where in the file the next character begins; null when the bytes have the same position. */
  get position(): number | null {
    return this.ahead ? (this.#piece as TextPiece).position : null;
  }

  /** Forgets what was decoded: the position is another now. */
  drop(): void {
    this.#piece = null;
    this.#pieces.moved();
  }

  /** Finds out what the file is in, if it tells. */
  lookAtBeginning(): Promise<void> {
    return this.#pieces.lookAtBeginning();
  }
}

/** In characters, those of two units counting once. @internal */
export function lengthOf(text: string): number {
  let { length } = text;
  if (!/[\uD800-\uDBFF]/.test(text)) return length;
  for (const _ of text.matchAll(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)) length--;
  return length;
}
