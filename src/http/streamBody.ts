/*
 * A body that is made while it is sent: of a stream of Node's or of the web, or an async iterable, or
 * of a function that gives one.
 *
 * What was given once can be sent once. A function can be called again, so its body can be sent again
 * after a redirect or for another attempt.
 */
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { expectInteger, wrongType } from "../core/arguments.ts";
import type { BodyChunks } from "./bodyChunks.ts";
import { MeasuredChunks } from "./measuredChunks.ts";
import type { RequestBody } from "./requestBody.ts";
import { IterableChunks, ReadableChunks, WebStreamChunks } from "./streamChunks.ts";

/** A piece of a body: text is sent as UTF-8, bytes as they are, and must not be altered meanwhile. */
export type BodyChunk = string | ArrayBuffer | ArrayBufferView;

/** What gives a body piece by piece. */
export type ChunkSource = Readable | ReadableStream | AsyncIterable<BodyChunk>;

/** What is known of a body before it is sent. */
export interface StreamBodyOptions {
  /** In bytes; when it is known, the server is told. Fewer or more are a RequestBodyError. */
  readonly length?: number;
  /** Default: none. */
  readonly contentType?: string;
}

/**
 * A body that is made while it is sent; needed only to say its length or type, as the option `body`
 * takes the source itself, too.
 *
 * Back-pressure goes all the way: the next chunk is asked for when the socket has taken the last. A
 * function is called for each sending, so its body can go after a redirect or a retry, too; a stream
 * or an iterable can be sent once.
 *
 * **Cancellation:** the source runs in the requesting task: what it waits for is cancelled with the
 * request, and its `finally` blocks run before the request throws. A stream is destroyed. A source
 * that hangs in a foreign promise is closed when that settles.
 *
 * @throws TypeError when `source` is none, or a stream that was read or closed already
 *
 * @example
 * ```ts
 * import { sleep } from "ambit";
 * import { streamBody } from "ambit/http";
 *
 * const count = async function* () {
 *   for (const n of [1, 2, 3]) yield await sleep(2, `${n}\n`);
 * };
 * const body = streamBody(count, { length: 6, contentType: "text/plain" });
 * body.replayable; // => true
 * ```
 */
export function streamBody(
  source: ChunkSource | (() => ChunkSource),
  options: StreamBodyOptions = {},
): RequestBody {
  const { length = null, contentType = null } = options;
  if (length !== null) expectInteger("options.length", length, 0);
  if (contentType !== null && typeof contentType !== "string")
    throw wrongType("options.contentType", "a string", contentType);
  return typeof source === "function"
    ? new MadeBody(source, length, contentType)
    : new OnceBody(checked("source", source), length, contentType);
}

/** @internal */
export function isChunkSource(value: unknown): value is ChunkSource {
  return (
    typeof value === "object" &&
    value !== null &&
    (value instanceof Readable || value instanceof ReadableStream || Symbol.asyncIterator in value)
  );
}

function checked(parameter: string, source: ChunkSource): ChunkSource {
  if (!isChunkSource(source))
    throw wrongType(parameter, "a stream, an async iterable, or a function that gives one", source);
  const words = whySpent(source);
  if (words === null) return source;
  throw new TypeError(
    `Expected \`${parameter}\` to be a stream that nobody has used up, got one that ${words}`,
  );
}

function whySpent(source: ChunkSource): string | null {
  if (source instanceof ReadableStream) return source.locked ? "is locked to a reader" : null;
  if (!(source instanceof Readable)) return null;
  if (source.readableEnded) return "was read to its end";
  return source.destroyed && source.errored === null ? "was destroyed" : null;
}

function chunksOf(source: ChunkSource, length: number | null): BodyChunks {
  const chunks = unmeasured(source);
  return length === null ? chunks : new MeasuredChunks(chunks, length, "its body");
}

function unmeasured(source: ChunkSource): BodyChunks {
  if (source instanceof ReadableStream) return new WebStreamChunks(source);
  return source instanceof Readable ? new ReadableChunks(source) : new IterableChunks(source);
}

/** Of a source that can be used once. */
class OnceBody implements RequestBody {
  readonly length: number | null;
  readonly contentType: string | null;
  readonly replayable: boolean = false;
  readonly #source: ChunkSource;
  #opened = false;

  constructor(source: ChunkSource, length: number | null, contentType: string | null) {
    this.length = length;
    this.contentType = contentType;
    this.#source = source;
    // Until it is read, nobody else listens: an error would end the process. It is thrown by the read.
    if (source instanceof Readable) source.on("error", noop);
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#opened) {
      throw new TypeError(
        "The body was sent already, and it can be sent only once: give a function that makes it",
      );
    }
    this.#opened = true;
    return chunksOf(checked("body", this.#source), this.length);
  }

  discard(): void {
    if (this.#opened) return;
    this.#opened = true;
    if (this.#source instanceof ReadableStream && this.#source.locked) return;
    void unmeasured(this.#source).return().catch(noop);
  }
}

/** Of a function that makes a source. */
class MadeBody implements RequestBody {
  readonly length: number | null;
  readonly contentType: string | null;
  readonly replayable: boolean = true;
  readonly #make: () => ChunkSource;

  constructor(make: () => ChunkSource, length: number | null, contentType: string | null) {
    this.length = length;
    this.contentType = contentType;
    this.#make = make;
  }

  open(): AsyncIterable<Uint8Array> {
    return chunksOf(checked("what the function of the body returns", this.#make()), this.length);
  }
}

function noop(): void {}
