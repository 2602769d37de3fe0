/*
 * PieceWriter: pieces of text and bytes, one after the other into a file.
 *
 * Strategy: gathered until they are worth a system call; what is large in itself goes out without a copy. A character
 * that lies across two pieces of text is put together again.
 */
import { wrongType } from "../core/arguments.ts";
import type { PlainFile } from "./plainFile.ts";

/** A piece of a file: bytes, or text, which is written as UTF-8. */
export type Piece = string | Uint8Array;

const GATHERED = 256 * 1024;

/** @internal */
export class PieceWriter {
  readonly #file: PlainFile;
  #gathered: Uint8Array[] = [];
  #size = 0;
  #position = 0;
  /** The first half of a character, where a piece of text ended within one. */
  #half = "";

  constructor(file: PlainFile) {
    this.#file = file;
  }

  /**
   * Takes a piece; writes when enough has come.
   * @throws TypeError when it is neither text nor bytes
   */
  async add(piece: Piece): Promise<void> {
    const bytes = this.#bytesOf(piece);
    if (bytes.length === 0) return;
    this.#gathered.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= GATHERED) await this.#write();
  }

  /** Writes what is left. Call it once, at the end. */
  async finish(): Promise<void> {
    this.#endText();
    if (this.#size > 0) await this.#write();
  }

  async #write(): Promise<void> {
    const [first] = this.#gathered;
    const bytes = this.#gathered.length === 1 && first ? first : Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#size = 0;
    await this.#file.write(bytes, this.#position);
    this.#position += bytes.length;
  }

  #bytesOf(piece: Piece): Uint8Array {
    if (typeof piece === "string") return Buffer.from(this.#whole(piece));
    if (!(piece instanceof Uint8Array))
      throw wrongType("a piece of the body", "a string or a Uint8Array", piece);
    this.#endText();
    // Gathered, it would be read only later, when its owner may have filled it anew.
    return piece.length < GATHERED ? Buffer.from(piece) : piece;
  }

  /** The text up to its last whole character. */
  #whole(text: string): string {
    const joined = this.#half + text;
    const last = joined.charCodeAt(joined.length - 1);
    const isHalf = last >= 0xd800 && last < 0xdc00;
    this.#half = isHalf ? joined.slice(-1) : "";
    return isHalf ? joined.slice(0, -1) : joined;
  }

  /** What stays half a character becomes U+FFFD, as everywhere. */
  #endText(): void {
    if (this.#half === "") return;
    const bytes = Buffer.from(this.#half);
    this.#half = "";
    this.#gathered.push(bytes);
    this.#size += bytes.length;
  }
}
