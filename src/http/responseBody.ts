/*
 * A body as an async iterator, written by hand: an async generator costs twice as much, and cannot
 * be ended while it waits for a chunk. And as a stream of the web, for code that wants one.
 */
import { ReadableStream } from "node:stream/web";
import { spawnUnder } from "../core/createTask.ts";
import { ambientScope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";

/**
 * What gives the chunks: the response itself, which must not be collected while its body is read.
 * @internal
 */
export interface ChunkSource {
  /** The next chunk; null after the last. */
  read(): Promise<Uint8Array | null>;
  release(): void;
}

/** The chunks of a body, as they come. Ending the loop early releases the response. */
export class ResponseBody implements AsyncIterableIterator<Uint8Array>, AsyncDisposable {
  readonly #source: ChunkSource;

  /** @internal */
  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /**
   * The next chunk.
   *
   * **Cancellation:** closes the connection; chunks that came are lost.
   */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const value = await this.#source.read();
    return value === null ? { done: true, value: undefined } : { done: false, value };
  }

  /** Releases the response. */
  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#source.release();
    return Promise.resolve({ done: true, value: undefined });
  }

  /**
   * The chunks as WHATWG's ReadableStream, which fetches one when it is asked for one. Cancelling
   * the stream releases the response; so does the end of the run it was made in.
   *
   * @example
   * ```ts no-run
   * import { ClientSession } from "ambit/http";
   *
   * await using session = new ClientSession();
   * const response = await session.get("https://example.org/log.gz");
   * const lines = response.body.stream().pipeThrough(new TextDecoderStream());
   * ```
   */
  stream(): ReadableStream<Uint8Array> {
    const source = this.#source;
    const scope = ambientScope();
    return new ReadableStream<Uint8Array>(
      {
        // A stream calls this from wherever it is read: the wait belongs to a task, not to that.
        pull(controller) {
          const body = async (): Promise<void> => {
            const chunk = await source.read();
            if (chunk === null) controller.close();
            else controller.enqueue(chunk);
          };
          return ended(spawnUnder(scope.runner, body, { eager: true }, scope));
        },
        cancel() {
          source.release();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Releases the response. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#source.release();
  }
}

/** A plain promise of a task: awaiting it from outside ties nobody to the task. */
function ended(task: Task<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    task.addDoneCallback(() => {
      if (task.state === "fulfilled") resolve();
      else reject(failureOf(task));
    });
  });
}

function failureOf(task: Task<void>): Error {
  if (!task.cancelled()) return task.exception() as Error;
  return new Error("the run that this stream belongs to has ended");
}
