/*
 * Part: one part of a multipart body, read while it comes; and the parts of a body, one after the other.
 *
 * Strategy: a part's body is the request's body, up to the next boundary: it can be read while it is the part's turn,
 * and what is left of it is passed over when the next part is asked for. Nothing is kept, so a part may be larger than
 * the memory.
 */
import { InvalidStateError } from "../core/errors.ts";
import type { FormLimits } from "./formOptions.ts";
import { PayloadTooLarge } from "./httpError.ts";
import { MultipartParser, type ReadPiece } from "./multipartParser.ts";
import type { PartHead } from "./partHead.ts";
import type { RequestHeaders } from "./requestHeaders.ts";
import { safeFilename } from "./safeFilename.ts";

/** One part of a multipart body; an async iterable of its bytes, as they come. */
export class Part implements AsyncIterable<Uint8Array> {
  /** The name of the form's field; null for a part that is no field of a form. */
  readonly name: string | null;
  /** What the client calls the file, made safe: see {@link safeFilename}; null for a part that is no file. */
  readonly filename: string | null;
  /** What the client calls the file, as it was sent: maybe with folders. */
  readonly rawFilename: string | null;
  /** The media type that the client says; `text/plain` without one. */
  readonly type: string;
  readonly headers: RequestHeaders;
  readonly #source: MultipartParser;
  readonly #most: number;
  #taken = 0;
  #over = false;

  /** @internal */
  constructor(head: PartHead, source: MultipartParser, limits: FormLimits) {
    this.name = head.name;
    this.rawFilename = head.filename;
    this.filename = head.filename === null ? null : safeFilename(head.filename);
    this.type = head.type;
    this.headers = head.headers;
    this.#source = source;
    this.#most = head.filename === null ? limits.fieldSize : limits.fileSize;
  }

  /**
   * The next piece of its body; null at the end.
   *
   * **Cancellation:** nothing is lost: the piece is given to who reads next.
   *
   * @throws {@link PayloadTooLarge} when it is larger than a field, or a file, may be
   * @throws {@link BadRequest} when the body ends in the middle of it
   * @throws {@link InvalidStateError} when the next part was asked for
   */
  async read(): Promise<Uint8Array | null> {
    if (this.#over)
      throw new InvalidStateError(
        `read of the part ${this.name ?? "without a name"} when the next was asked for: read each in its turn`,
      );
    const piece = await this.#source.readBody();
    this.#taken += piece?.length ?? 0;
    if (this.#taken > this.#most) {
      const what = this.filename === null ? "field" : "file";
      const words = `the ${what} ${this.name ?? ""} is larger than ${this.#most} bytes`;
      throw new PayloadTooLarge(this.#most, words);
    }
    return piece;
  }

  /** What is left of its body. **Cancellation:** what came is lost. @throws as {@link Part.read} */
  async bytes(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** What is left of its body, as UTF-8. **Cancellation:** what came is lost. @throws as {@link Part.read} */
  async text(): Promise<string> {
    return ((await this.bytes()) as Buffer).toString();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let piece = await this.read(); piece !== null; piece = await this.read()) yield piece;
  }

  /** It is the next part's turn. @internal */
  pass(): void {
    this.#over = true;
  }
}

/**
 * The parts of a body.
 * @throws {@link PayloadTooLarge} for more of them than there may be
 * @internal
 */
export async function* partsOf(
  read: ReadPiece,
  boundary: string,
  limits: FormLimits,
): AsyncGenerator<Part, void> {
  const source = new MultipartParser(read, boundary, limits.headSize);
  for (let count = 0; ; count++) {
    const head = await source.nextPart();
    if (head === null) return;
    if (count === limits.parts)
      throw new PayloadTooLarge(limits.parts, `the body has more than ${limits.parts} parts`);
    const part = new Part(head, source, limits);
    yield part;
    part.pass();
  }
}
