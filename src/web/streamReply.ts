/*
 * stream: an answer that is written by a function, in the request's task (aiohttp's StreamResponse, Sanic's `respond`).
 *
 * Strategy: the head goes out with the first piece, so that what fails before it is still an error page. A write waits
 * while the client is behind. What fails later breaks the connection off, for a chunked body that just ended would look
 * whole; so does a function that wrote less than it had announced.
 */
import { expectFunction, expectInteger, wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Exchange } from "./exchange.ts";
import { BYTES_TYPE } from "./replies.ts";
import { Reply, type ReplyInit } from "./reply.ts";
import { ReplyBody } from "./replyBody.ts";
import { ReplyHeaders } from "./replyHeaders.ts";

/** How a streamed answer is sent. */
export interface StreamInit extends ReplyInit {
  /** How many bytes will be written, when that is known: becomes `Content-Length`. */
  readonly length?: number;
}

/**
 * What the function of {@link stream} writes to.
 *
 * **Cancellation:** a write that was cancelled has been made; only the wait for the client has ended.
 */
export class StreamWriter {
  /** How many bytes were written. */
  bytesWritten = 0;
  readonly #exchange: Exchange;
  readonly #status: number;
  readonly #headers: string[];
  readonly #length: number | undefined;
  #trailers: ReplyHeaders | null = null;
  #ended = false;

  /** @internal */
  constructor(exchange: Exchange, status: number, headers: string[], length: number | undefined) {
    this.#exchange = exchange;
    this.#status = status;
    this.#headers = headers;
    this.#length = length;
  }

  /** Whether the head was sent: the first write or flush sends it. */
  get headSent(): boolean {
    return this.#exchange.headSent;
  }

  /**
   * Writes text in UTF-8, or bytes, and waits while the client is behind. The bytes belong to the answer from then on.
   *
   * **Cancellation:** the piece was written; the wait ends.
   *
   * @throws TypeError when it's neither text nor bytes
   * @throws RangeError when it is more than was announced; nothing of it is written
   * @throws {@link InvalidStateError} when the function has returned
   */
  async write(piece: string | Uint8Array): Promise<void> {
    if (typeof piece !== "string" && !(piece instanceof Uint8Array))
      throw wrongType("piece", "text or a Uint8Array", piece);
    this.#count(typeof piece === "string" ? Buffer.byteLength(piece) : piece.byteLength);
    this.#begin("write");
    if (!this.#exchange.write(piece)) await this.#exchange.drained();
  }

  /**
   * Sends the head, if that was not done yet, and waits until the client is not behind.
   *
   * **Cancellation:** the wait ends.
   *
   * @throws {@link InvalidStateError} when the function has returned
   */
  async flush(): Promise<void> {
    this.#begin("flush");
    await this.#exchange.drained();
  }

  /**
   * Adds a trailer: a header that is sent behind the body (RFC 9110, section 6.5). A client that does not know of them
   * drops them. Name it in a `Trailer` header of the answer.
   * @throws TypeError for a name or value that HTTP can't carry
   * @throws {@link InvalidStateError} for an answer with a length, which has no place for them
   */
  trailer(name: string, value: string | number): void {
    if (this.#length !== undefined)
      throw new InvalidStateError("trailer on an answer with a length: leave the length out");
    (this.#trailers ??= new ReplyHeaders()).append(name, value);
  }

  #count(bytes: number): void {
    const sum = this.bytesWritten + bytes;
    if (this.#length !== undefined && sum > this.#length)
      throw new RangeError(`write of ${sum} bytes in all to an answer of ${this.#length} bytes`);
    this.bytesWritten = sum;
  }

  #begin(operation: string): void {
    if (this.#ended)
      throw new InvalidStateError(`${operation} on a streamed answer whose function has returned`);
    if (!this.#exchange.headSent) this.#exchange.begin(this.#status, this.#headers);
  }

  /** The function has returned. @internal */
  end(): void {
    if (this.#length !== undefined && this.bytesWritten < this.#length)
      throw new RangeError(
        `the function of a streamed answer wrote ${this.bytesWritten} of ${this.#length} bytes`,
      );
    this.#begin("end");
    this.#ended = true;
    this.#exchange.end(this.#trailers?.flat);
  }

  /** The function has thrown. @internal */
  fail(): void {
    this.#ended = true;
    if (this.#exchange.headSent && !this.#exchange.ended) this.#exchange.abort();
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#ended ? "ended" : this.headSent ? "open" : "new";
    return `<StreamWriter ${state} bytes=${this.bytesWritten}>`;
  }
}

/**
 * An answer that is written piece by piece by a function, in the request's task.
 *
 * What it throws before the first piece is answered like every error; later, it breaks the connection off.
 *
 * **Cancellation:** the function's wait ends when the client leaves, as in a handler.
 *
 * @param write called when the answer is sent: after the middlewares, and not for HEAD
 *
 * @example
 * ```ts
 * import { Application, stream } from "ambit/web";
 *
 * const app = new Application();
 * app.get("/", () => stream(async (writer) => {
 *   for (const line of ["one", "two"]) await writer.write(`${line}\n`);
 * }, { type: "text/plain" }));
 * const response = await app.fetch(new Request("http://localhost/"));
 * await response.text(); // => "one\ntwo\n"
 * ```
 */
export function stream(
  write: (writer: StreamWriter) => void | PromiseLike<void>,
  init: StreamInit = {},
): Reply {
  expectFunction("write", write);
  const { length, ...rest } = init;
  if (length !== undefined) expectInteger("init.length", length, 0);
  return new Reply(new StreamBody(write, length), { type: BYTES_TYPE, ...rest });
}

class StreamBody extends ReplyBody {
  readonly #write: (writer: StreamWriter) => void | PromiseLike<void>;

  constructor(write: (writer: StreamWriter) => void | PromiseLike<void>, length?: number) {
    super(length);
    this.#write = write;
  }

  async send(exchange: Exchange, status: number, headers: string[]): Promise<void> {
    const writer = new StreamWriter(exchange, status, headers, this.length);
    try {
      await this.#write(writer);
      writer.end();
    } catch (error) {
      writer.fail();
      throw error;
    }
  }
}
