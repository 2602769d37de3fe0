/*
 * ResponseReader: the body of a response as a stream reader, to be read by count, by line, up to a
 * separator.
 *
 * Strategy: a StreamReader that fetches: what it does with bytes, limits and errors is all there;
 * here is only where bytes come from. Nothing is read ahead, so back-pressure is the response's own,
 * and what came before a failure can be read before it is thrown.
 * A read that is cancelled closes the request, as everywhere; what the reader has stays readable.
 * For who reads on after a cancel (`moveOnAfter` around a `readline`), a resumable one fetches in a
 * task of its own, which nobody but the end of the response takes down.
 */
import { expectInteger } from "../core/arguments.ts";
import { createTask } from "../core/createTask.ts";
import { isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { shield } from "../core/shield.ts";
import type { Task } from "../core/task.ts";
import { IncompleteReadError } from "../streams/errors.ts";
import { StreamReader, type StreamReaderOptions } from "../streams/reader.ts";
import { expectEncoding } from "./readingRules.ts";
import type { ChunkSource } from "./responseBody.ts";
import { ResponseLines } from "./responseLines.ts";

/** How a body is read through a reader. */
export interface ResponseReaderOptions extends StreamReaderOptions {
  /**
   * A read that is cancelled leaves the request open, and the next one goes on where it was. The
   * response must then be released (`using`) by who gives up. Default false.
   */
  readonly resumable?: boolean;
}

/** What fetching a chunk came to. */
type Fetched = { readonly chunk: Uint8Array | null } | { readonly error: unknown };

/** What a reader needs to know of its response. @internal */
export interface ReadableResponse extends ChunkSource {
  /** The encoding of its text, if it begins with these bytes. */
  encodingOfText(start: Uint8Array): string;
}

/**
 * The body of a response, to be read as `ambit/streams` reads a connection (`aiohttp`'s
 * `ClientResponse.content`). `for await` gives the lines, each with its newline.
 *
 * **Cancellation:** of a read closes the request, unless the reader is resumable; bytes that came
 * before are still there.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import type { AddressInfo } from "node:net";
 * import { ClientSession } from "ambit/http";
 *
 * const server = createServer((_, answer) => answer.end("one\ntwo\nrest")).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * await using session = new ClientSession();
 * const { reader } = await session.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
 * String(await reader.readline()); // => "one\n"
 * String(await reader.readexactly(2)); // => "tw"
 * server.close();
 * ```
 */
export class ResponseReader extends StreamReader {
  readonly #response: ReadableResponse;
  readonly #resumable: boolean;
  /** What fetches, in a resumable reader; it outlives the read that began it. */
  #fetching: Task<Fetched> | null = null;
  #reading = false;
  /** The first bytes of the body, up to three: they may tell its encoding. */
  #start: Buffer = Buffer.alloc(0);
  #ended = false;

  /** @internal */
  constructor(response: ReadableResponse, options: ResponseReaderOptions = {}) {
    super(options);
    this.#response = response;
    this.#resumable = options.resumable ?? false;
  }

  /**
   * What is there, after waiting for something if nothing is. An empty buffer means the end.
   *
   * **Cancellation:** see {@link ResponseReader}.
   *
   * @throws what a read of the response's body throws
   * @throws {@link ConcurrentReadError} when another read waits
   */
  readAny(): Promise<Buffer> {
    return this.read(Number.MAX_SAFE_INTEGER);
  }

  /**
   * Pieces of exactly `size` bytes; the last may be shorter. Leaving the loop loses none.
   *
   * **Cancellation:** see {@link ResponseReader}.
   *
   * @param size bytes, an integer of at least 1
   */
  iterChunked(size: number): AsyncIterableIterator<Buffer, undefined> {
    expectInteger("size", size, 1);
    return iterator(() => this.#upTo(size));
  }

  /** The bytes as they come, in pieces of any size. Leaving the loop loses none. */
  iterAny(): AsyncIterableIterator<Buffer, undefined> {
    return iterator(() => this.readAny());
  }

  /**
   * The lines as text, without their `"\n"` or `"\r\n"`. Leaving the loop loses none.
   *
   * **Cancellation:** see {@link ResponseReader}.
   *
   * @param encoding a label as `TextDecoder` knows it; left out, as {@link ClientResponse.text} tells
   * @throws {@link LimitOverrunError} when a line is longer than the limit
   * @throws RangeError when the encoding is not known
   */
  iterLines(encoding?: string): AsyncIterableIterator<string, undefined> {
    const label = encoding === undefined ? null : expectEncoding("encoding", encoding);
    return new ResponseLines(this, async () => label ?? this.#encoding());
  }

  async #encoding(): Promise<string> {
    while (this.#start.length < MARK && !this.#ended) await this.more("iterLines");
    return this.#response.encodingOfText(this.#start);
  }

  async #upTo(size: number): Promise<Buffer> {
    try {
      return await this.readexactly(size);
    } catch (error) {
      if (error instanceof IncompleteReadError) return error.partial;
      throw error;
    }
  }

  /** @internal */
  protected override async more(operation: string): Promise<void> {
    if (this.#reading) throw this.concurrentRead(operation);
    this.#reading = true;
    try {
      this.#feed(this.#resumable ? await this.#fetch() : await this.#response.read());
    } finally {
      this.#reading = false;
    }
  }

  #feed(chunk: Uint8Array | null): void {
    this.#ended = chunk === null;
    if (chunk === null) return this.feedEof();
    if (this.#start.length < MARK)
      this.#start = Buffer.concat([this.#start, chunk]).subarray(0, MARK);
    this.feedData(chunk);
  }

  async #fetch(): Promise<Uint8Array | null> {
    this.#fetching ??= createTask(() => fetched(this.#response), { name: "ResponseReader" });
    const outcome = await shield(this.#fetching);
    this.#fetching = null;
    if ("error" in outcome) throw outcome.error;
    return outcome.chunk;
  }

  /** @internal */
  override [OUTSIDE](): boolean {
    return true;
  }

  /** @internal */
  override [INSPECT](): string {
    return super[INSPECT]().replace("StreamReader", "ResponseReader");
  }
}

/** How many bytes a byte order mark has. */
const MARK = 3;

/** As an outcome: a failure belongs to whoever reads next, not to the task that met it. */
async function fetched(response: ChunkSource): Promise<Fetched> {
  try {
    return { chunk: await response.read() };
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { error };
  }
}

/** Pieces until an empty one. */
function iterator(next: () => Promise<Buffer>): AsyncIterableIterator<Buffer, undefined> {
  return {
    async next() {
      const value = await next();
      return value.length === 0 ? { done: true, value: undefined } : { done: false, value };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
