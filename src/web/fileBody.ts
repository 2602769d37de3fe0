/*
 * FileBody: a file as the body of an answer, or parts of one.
 *
 * Strategy: made whole, when the file is opened; what of it is sent is settled by `fit`, which looks at the request's
 * conditions and ranges once the handler has answered. A part that is one chunk at most is read at once and sent in one
 * call with its head: the descriptor is free again before the client gets the first byte. What is larger goes out in
 * chunks (`filePieces.ts`). A file that changes while a part is read at once is read again.
 */
import type { Exchange } from "./exchange.ts";
import { preconditionFailed, rangeStillHolds, verdictOn } from "./conditions.ts";
import { fileTag, type FileVersion } from "./etag.ts";
import { formatHttpDate } from "./httpDate.ts";
import { RangeNotSatisfiable, ServiceUnavailable } from "./httpError.ts";
import { multipartPieces, multipartType } from "./multipartRanges.ts";
import { CHUNK, FilePieces, type Piece } from "./filePieces.ts";
import type { OpenFile } from "./openFile.ts";
import { type ByteRange, contentRange, parseRanges } from "./ranges.ts";
import { type FittedReply, type FittedRequest, ReplyBody } from "./replyBody.ts";

/** How often a file that is being written to is read again. */
const ATTEMPTS = 5;

/** How a file is answered with. @internal */
export interface FileSettings {
  /** What makes its entity tag; null for none. */
  readonly tag: ((version: FileVersion) => string) | null;
  readonly lastModified: boolean;
  readonly ranges: boolean;
}

/** @internal */
export const USUAL: FileSettings = { tag: fileTag, lastModified: true, ranges: true };

/** A whole file, until it is fitted. @internal */
export class FileBody extends ReplyBody {
  readonly #file: OpenFile;
  readonly #settings: FileSettings;

  constructor(file: OpenFile, settings: FileSettings) {
    super(file.size);
    this.#file = file;
    this.#settings = settings;
  }

  override async fit(request: FittedRequest, reply: FittedReply): Promise<void> {
    const file = this.#file;
    const type = reply.headers.get("content-type") ?? reply.type;
    try {
      for (let attempt = 1; !(await this.#fitted(request, reply, type)); attempt++) {
        if (attempt === ATTEMPTS) throw beingWritten();
        file.refresh();
        reply.headers.delete("content-range");
      }
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** False when the file has changed meanwhile. */
  async #fitted(request: FittedRequest, reply: FittedReply, type: string | null): Promise<boolean> {
    setType(reply, type);
    const pieces = this.#piecesFor(request, reply);
    if (pieces === null) return true;
    const body = new FilePieces(this.#file, pieces);
    if (body.length > CHUNK || request.method === "HEAD") {
      reply.body = body;
      return true;
    }
    const bytes = await body.whole();
    if (bytes === null) return false;
    reply.body = bytes;
    this.#file.close();
    return true;
  }

  /** What is to be sent; null for nothing. Sets the head accordingly. */
  #piecesFor(request: FittedRequest, reply: FittedReply): readonly Piece[] | null {
    const { size } = this.#file;
    const whole = [{ start: 0, end: size }];
    // Conditions and ranges are for answers of success, and a change that was made can't be taken back.
    if (!(reply.status === 200 || reply.status === 206) || !isRead(request.method)) return whole;
    reply.status = 200;
    this.#setVersion(reply);
    const validators = {
      etag: reply.headers.get("etag"),
      lastModified: this.#settings.lastModified ? this.#file.stats.mtimeMs : null,
    };
    const verdict = verdictOn(request, validators);
    if (verdict === "failed") throw preconditionFailed();
    if (verdict === "not modified") return this.#notModified(reply);
    if (!this.#settings.ranges) return whole;
    reply.headers.set("accept-ranges", "bytes");
    const header = request.method === "GET" ? request.headers.get("range") : null;
    if (header === null || !rangeStillHolds(request, validators)) return whole;
    return piecesOf(reply, parseRanges(header, size), size) ?? whole;
  }

  #setVersion({ headers }: FittedReply): void {
    const { tag, lastModified } = this.#settings;
    const { stats } = this.#file;
    // One that the program has set stays; ours follows the file.
    const etag = headers.get("etag");
    if (tag !== null && (etag === null || etag === this.#etag))
      headers.set("etag", (this.#etag = tag(stats)));
    if (lastModified) headers.set("last-modified", formatHttpDate(stats.mtimeMs));
  }

  #etag: string | null = null;

  /** What a 200 would say of the version and of caching stays (RFC 9110, section 15.4.5). */
  #notModified(reply: FittedReply): null {
    reply.status = 304;
    reply.body = null;
    reply.type = null;
    for (const name of ["content-type", "content-encoding", "content-disposition"])
      reply.headers.delete(name);
    this.#file.close();
    return null;
  }

  /** Whole: nobody has fitted it. */
  send(exchange: Exchange, status: number, headers: string[]): Promise<void> {
    const pieces = [{ start: 0, end: this.#file.size }];
    return new FilePieces(this.#file, pieces).send(exchange, status, headers);
  }

  override close(): void {
    this.#file.close();
  }
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function beingWritten(): ServiceUnavailable {
  return new ServiceUnavailable("the file is being written", { headers: { "retry-after": "1" } });
}

/** Null for the whole. */
function piecesOf(
  reply: FittedReply,
  ranges: readonly ByteRange[] | null,
  size: number,
): readonly Piece[] | null {
  if (ranges === null) return null;
  const [first] = ranges;
  if (first === undefined) throw new RangeNotSatisfiable(size);
  reply.status = 206;
  if (ranges.length === 1) {
    reply.headers.set("content-range", contentRange(first, size));
    return ranges;
  }
  const type = reply.headers.get("content-type") ?? reply.type;
  const { pieces, boundary } = multipartPieces(ranges, size, type);
  setType(reply, multipartType(boundary));
  return pieces;
}

function setType(reply: FittedReply, type: string | null): void {
  if (type !== null && reply.headers.has("content-type")) reply.headers.set("content-type", type);
  else reply.type = type;
}
