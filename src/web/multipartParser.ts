/*
 * MultipartParser: takes a multipart body apart while it comes (RFC 2046, section 5.1.1).
 *
 * Strategy: pulls: whoever reads a part reads the body, and nothing is read ahead but the chunk that has come, so a slow
 * reader holds the client back. A delimiter belongs to the line break before it; the body is read as if one stood before
 * its first byte, so that the first delimiter is found like the others. Of a chunk that may end in the middle of a
 * delimiter, only the bytes from its last possible start are held back. Chunks are handed on as they are, without a copy.
 * Strict where leniency lets others read another body: lines end in CRLF, after a delimiter comes nothing but blanks, a
 * body without its last delimiter was cut off.
 * Limits: what stands before the first delimiter and behind the last is passed over.
 */
import { BadRequest, PayloadTooLarge } from "./httpError.ts";
import { parsePartHead, type PartHead } from "./partHead.ts";

const CRLF = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");
/** How many blanks may follow a delimiter. */
const MOST_PADDING = 64;

/** Where a body comes from: the next piece, or null. @internal */
export type ReadPiece = () => Promise<Uint8Array | null>;

/** @internal */
export class MultipartParser {
  readonly #read: ReadPiece;
  readonly #delimiter: Buffer;
  readonly #headSize: number;
  /** What has come and belongs to nobody yet. */
  #ahead: Buffer = CRLF;
  #state: "preamble" | "part" | "done" = "preamble";
  /** Whether the delimiter behind the current part was taken. */
  #atDelimiter = false;

  constructor(read: ReadPiece, boundary: string, headSize: number) {
    this.#read = read;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#headSize = headSize;
  }

  /**
   * The head of the next part; null after the last. What was not read of the part before is passed over.
   *
   * **Cancellation:** may be called again: it goes on where it was.
   *
   * @throws {@link BadRequest} when this is no multipart body, or was cut off
   * @throws {@link PayloadTooLarge} for a head that is too large
   */
  async nextPart(): Promise<PartHead | null> {
    if (this.#state === "done") return null;
    while ((await this.readBody()) !== null);
    if (await this.#isLast()) {
      this.#state = "done";
      return null;
    }
    const head = await this.#head();
    this.#atDelimiter = false;
    this.#state = "part";
    return head;
  }

  /**
   * A piece of the current part's body; null at its end.
   *
   * **Cancellation:** nothing is lost.
   */
  async readBody(): Promise<Uint8Array | null> {
    for (;;) {
      if (this.#atDelimiter) return null;
      const piece = this.#piece();
      if (piece !== null) return piece;
      if (!this.#atDelimiter) await this.#more();
    }
  }

  /** What of the bytes ahead is surely body; null when that can't be told, or there is none. */
  #piece(): Buffer | null {
    const ahead = this.#ahead;
    const at = ahead.indexOf(this.#delimiter);
    if (at !== -1) {
      this.#ahead = ahead.subarray(at + this.#delimiter.length);
      this.#atDelimiter = true;
      return at === 0 ? null : ahead.subarray(0, at);
    }
    const sure = this.#sure(ahead);
    if (sure === 0) return null;
    this.#ahead = ahead.subarray(sure);
    return ahead.subarray(0, sure);
  }

  /** How many bytes can't be the beginning of a delimiter. */
  #sure(ahead: Buffer): number {
    const from = Math.max(0, ahead.length - this.#delimiter.length + 1);
    for (let at = ahead.indexOf(13, from); at !== -1; at = ahead.indexOf(13, at + 1)) {
      const rest = ahead.length - at;
      if (ahead.compare(this.#delimiter, 0, rest, at) === 0) return at;
    }
    return ahead.length;
  }

  /** After a delimiter: `--` is the end, blanks and a line break are a part. */
  async #isLast(): Promise<boolean> {
    for (;;) {
      const text = this.#ahead.toString("latin1", 0, MOST_PADDING + 4);
      if (text.startsWith("--")) return true;
      const [padding] = /^[\t ]*/.exec(text) as RegExpExecArray;
      const behind = text.slice(padding.length, padding.length + 2);
      if (behind === "\r\n") {
        // The line break stays: a part without headers has nothing but an empty line.
        this.#ahead = this.#ahead.subarray(padding.length);
        return false;
      }
      const maybe = behind === "" || behind === "\r" || text === "-";
      if (!maybe || padding.length > MOST_PADDING)
        throw new BadRequest("the body has something behind a boundary");
      await this.#more();
    }
  }

  /** Begins with the line break of the delimiter. */
  async #head(): Promise<PartHead> {
    for (;;) {
      const at = this.#ahead.indexOf(HEAD_END);
      if (
        at > this.#headSize ||
        (at === -1 && this.#ahead.length > this.#headSize + HEAD_END.length)
      )
        throw new PayloadTooLarge(
          this.#headSize,
          `a part of the body has a head of more than ${this.#headSize} bytes`,
        );
      if (at !== -1) {
        const text = this.#ahead.toString("utf8", CRLF.length, Math.max(at, CRLF.length));
        const head = parsePartHead(text);
        // The last line break may be the one of a delimiter, after a part without a body.
        this.#ahead = this.#ahead.subarray(at + HEAD_END.length);
        return head;
      }
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const piece = await this.#read();
    if (piece === null) {
      const why = this.#state === "preamble" ? "has no part" : "ends before its last boundary";
      throw new BadRequest(`the multipart body ${why}: is it whole, and of the boundary it says?`);
    }
    const next = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    this.#ahead = this.#ahead.length === 0 ? next : Buffer.concat([this.#ahead, next]);
  }
}
