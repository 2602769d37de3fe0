/*
 * A multipart body: heads, contents and boundaries, one after the other (RFC 2046, 5.1).
 *
 * Strategy: the contents are bodies themselves and opened only when their turn comes, so one file is
 * open at a time; where all lengths are known, so is the whole one's. What is in memory as a whole is
 * sent as one piece.
 */
import { BodyChunks } from "./bodyChunks.ts";
import { BufferedBody } from "./bufferedBody.ts";
import { MeasuredChunks } from "./measuredChunks.ts";
import { multipartType } from "./multipartBoundary.ts";
import { openedChunks } from "./openedChunks.ts";
import type { RequestBody } from "./requestBody.ts";

/** @internal */
export interface Part {
  /** Its headers, with the empty line after them. */
  readonly head: string;
  readonly content: RequestBody;
}

/** @internal */
export class MultipartBody implements RequestBody {
  readonly contentType: string;
  readonly #boundary: string;
  readonly #parts: readonly Part[];

  constructor(subtype: string, boundary: string, parts: readonly Part[]) {
    this.contentType = multipartType(subtype, boundary);
    this.#boundary = boundary;
    this.#parts = parts;
  }

  get length(): number | null {
    let length = Buffer.byteLength(this.#last());
    for (const { head, content } of this.#parts) {
      if (content.length === null) return null;
      length += Buffer.byteLength(this.#opening(head)) + content.length + 2;
    }
    return length;
  }

  get replayable(): boolean {
    return this.#parts.every(({ content }) => content.replayable);
  }

  open(): Uint8Array | AsyncIterable<Uint8Array> {
    const pieces: (string | Uint8Array | Part)[] = [];
    for (const part of this.#parts) pieces.push(this.#opening(part.head), inMemory(part), "\r\n");
    pieces.push(this.#last());
    if (pieces.every(isInMemory)) return Buffer.concat(pieces.map(bytesOf));
    return new PartsChunks(pieces);
  }

  discard(): void {
    for (const { content } of this.#parts) content.discard?.();
  }

  #opening(head: string): string {
    return `--${this.#boundary}\r\n${head}`;
  }

  #last(): string {
    return `--${this.#boundary}--\r\n`;
  }
}

type Piece = string | Uint8Array | Part;

/** Opened now if that costs nothing; all others are when their turn comes. */
function inMemory(part: Part): Piece {
  return part.content instanceof BufferedBody ? part.content.open() : part;
}

function isInMemory(piece: Piece): piece is string | Uint8Array {
  return typeof piece === "string" || piece instanceof Uint8Array;
}

function bytesOf(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? Buffer.from(piece) : piece;
}

class PartsChunks extends BodyChunks {
  readonly #pieces: readonly Piece[];
  #next = 0;
  #current: BodyChunks | null = null;

  constructor(pieces: readonly Piece[]) {
    super();
    this.#pieces = pieces;
  }

  protected async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#current !== null) {
        const { done, value } = await this.#current.next();
        if (done !== true) return value;
        this.#current = null;
      }
      const piece = this.#pieces[this.#next++];
      if (piece === undefined) return null;
      if (isInMemory(piece)) return bytesOf(piece);
      this.#current = contentOf(piece);
    }
  }

  override get stuck(): boolean {
    return this.#current?.stuck === true;
  }

  protected async close(): Promise<void> {
    await this.#current?.return();
    // Streams whose turn did not come were handed over all the same.
    for (const piece of this.#pieces.slice(this.#next))
      if (!isInMemory(piece)) piece.content.discard?.();
  }
}

function contentOf({ content }: Part): BodyChunks {
  const chunks = openedChunks(content.open());
  if (content.length === null) return chunks;
  return new MeasuredChunks(chunks, content.length, "a part of its body");
}
