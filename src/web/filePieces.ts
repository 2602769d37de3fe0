/*
 * FilePieces: parts of an open file as a body, and what stands between them.
 *
 * Strategy: up to 256 KiB are read at once, or remembered from the last time (`smallFiles.ts`). What is larger goes out in
 * chunks of that size, one at a time: the next one is read when the client has taken the last.
 * A file that changes meanwhile would make one body of two versions. That is found before the last chunk goes out, and
 * the connection broken off: the client can tell.
 */
import type { Exchange } from "./exchange.ts";
import { FileChangedError, type OpenFile } from "./openFile.ts";
import type { ByteRange } from "./ranges.ts";
import { ReplyBody } from "./replyBody.ts";
import { recalled, remember } from "./smallFiles.ts";

/** Measured: smaller chunks cost more turns, larger ones more memory for each slow client. @internal */
export const CHUNK: number = 256 * 1024;

/** Some of the file, or bytes that stand between. @internal */
export type Piece = ByteRange | Uint8Array;

/** Parts of a file, and what stands between them; known to the byte. @internal */
export class FilePieces extends ReplyBody {
  declare readonly length: number;
  readonly #file: OpenFile;
  readonly #pieces: readonly Piece[];

  constructor(file: OpenFile, pieces: readonly Piece[]) {
    super(pieces.reduce((sum, piece) => sum + lengthOf(piece), 0));
    this.#file = file;
    this.#pieces = pieces;
  }

  /** All of it; null when the file has changed meanwhile. */
  async whole(): Promise<Uint8Array | null> {
    const { size } = this.#file;
    const [first] = this.#pieces;
    if (this.#pieces.length > 1 || size > CHUNK || first === undefined) return this.#joined();
    const { start, end } = first as ByteRange;
    const bytes = await this.#contents();
    return bytes === null || this.length === size ? bytes : bytes.subarray(start, end);
  }

  async #contents(): Promise<Uint8Array | null> {
    const { path, stats, size } = this.#file;
    const known = recalled(path, stats);
    if (known !== null) return known;
    const bytes = Buffer.allocUnsafeSlow(size);
    if (!(await this.#fill(bytes, 0)) || !this.#file.unchanged) return null;
    remember(path, stats, bytes);
    return bytes;
  }

  async #joined(): Promise<Uint8Array | null> {
    // Not of Node's pool: what of a slab was sent would be held by what is on its way still.
    const all = Buffer.allocUnsafeSlow(this.length);
    let at = 0;
    for (const piece of this.#pieces) {
      if (piece instanceof Uint8Array) all.set(piece, at);
      else if (!(await this.#fill(all.subarray(at, at + lengthOf(piece)), piece.start)))
        return null;
      at += lengthOf(piece);
    }
    return this.#file.unchanged ? all : null;
  }

  async #fill(buffer: Uint8Array, position: number): Promise<boolean> {
    for (let at = 0; at < buffer.length;) {
      const count = await this.#file.read(buffer.subarray(at), position + at);
      if (count === 0) return false;
      at += count;
    }
    return true;
  }

  async send(exchange: Exchange, status: number, headers: string[]): Promise<void> {
    const file = this.#file;
    let left = this.length;
    try {
      for await (const chunk of this.#chunks()) {
        left -= chunk.length;
        // With the last one, the client would take the body for whole.
        if (left === 0 && !file.unchanged) throw changed(file, "changed while it was sent");
        // After the first read: what fails there is an error page.
        if (!exchange.headSent) exchange.begin(status, headers);
        if (!exchange.write(chunk)) await exchange.drained();
        if (exchange.ended) return;
      }
      if (!exchange.headSent) exchange.begin(status, headers);
      exchange.end();
    } finally {
      file.close();
    }
  }

  async *#chunks(): AsyncGenerator<Uint8Array, void> {
    for (const piece of this.#pieces) {
      if (piece instanceof Uint8Array) yield piece;
      else yield* this.#chunksOf(piece);
    }
  }

  async *#chunksOf({ start, end }: ByteRange): AsyncGenerator<Uint8Array, void> {
    for (let at = start; at < end;) {
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK, end - at));
      const count = await this.#file.read(chunk, at);
      if (count === 0) throw changed(this.#file, "became shorter while it was sent");
      yield count === chunk.length ? chunk : chunk.subarray(0, count);
      at += count;
    }
  }

  override close(): void {
    this.#file.close();
  }
}

function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.end - piece.start;
}

function changed(file: OpenFile, what: string): FileChangedError {
  return new FileChangedError(`${file.path} ${what}: replace a file by renaming another over it`);
}
