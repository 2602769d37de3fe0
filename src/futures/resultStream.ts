/*
 * ResultStream: the items of a generator that runs in a worker, as they come.
 *
 * Strategy: items travel in batches, and no more of them than the reader has room for: the worker has so many to give away,
 * and gets more when half of them were taken. Who stops reading cancels the call, and waits until it has ended.
 * Limits: the call keeps its worker until it ends, also while the reader takes its time.
 */
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { wait } from "../core/wait.ts";
import { RingBuffer } from "../queues/ringBuffer.ts";
import type { ConcurrentFuture } from "./concurrentFuture.ts";
import type { FromCall, Say } from "./talk.ts";

/**
 * What {@link Executor.stream} gives: the items of a generator in a worker, one after the other.
 *
 * The generator runs ahead of the reader by `bufferSize` items, and then waits.
 *
 * **Cancellation:** a cancelled `next()`, `return()` and leaving a `for await` early cancel the generator: its wait throws,
 * its `finally` blocks run, and the reader goes on when it has ended. Items that nobody took are lost.
 */
export class ResultStream<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  readonly #call: ConcurrentFuture<unknown>;
  readonly #items = new RingBuffer<T>();
  readonly #readers = new Set<Wait<void>>();
  readonly #window: number;
  #say: Say = () => {};
  #taken = 0;
  #over = false;

  /** @internal */
  constructor(call: ConcurrentFuture<unknown>, window: number) {
    this.#call = call;
    this.#window = window;
    call.addDoneCallback(() => this.#wake());
  }

  /** A worker has the call. @internal */
  lend(say: Say): void {
    this.#say = say;
  }

  /** @internal */
  heard(what: FromCall): void {
    if (!("items" in what) || this.#over) return;
    for (const item of what.items) this.#items.push(item as T);
    this.#wake();
  }

  #wake(): void {
    for (const reader of this.#readers) reader.resolve();
    this.#readers.clear();
  }

  /**
   * The next item, or the end.
   * @throws what the generator throws, after its last item
   */
  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#items.size > 0) return { done: false, value: this.#take() };
      if (this.#over) return { done: true, value: undefined };
      if (this.#call.done()) {
        this.#over = true;
        this.#call.result();
        continue;
      }
      await this.#arrival();
    }
  }

  #take(): T {
    const item = this.#items.take();
    this.#taken++;
    if (this.#taken * 2 >= this.#window && !this.#call.done()) {
      const more = this.#taken;
      this.#taken = 0;
      this.#say({ more });
    }
    return item;
  }

  async #arrival(): Promise<void> {
    try {
      await suspend<void, object>(
        (reader) => {
          this.#readers.add(reader);
          return () => this.#readers.delete(reader);
        },
        this.#call,
        "stream",
      );
    } catch (error) {
      await this.#end("its reader was cancelled");
      throw error;
    }
  }

  async #end(reason: string): Promise<void> {
    this.#over = true;
    this.#items.clear();
    this.#call.cancel(reason);
    if (!this.#call.done()) await protect(() => wait([this.#call]));
  }

  /**
   * Ends the generator, and waits until it has ended.
   * @throws what its clean-up throws
   */
  async return(): Promise<IteratorResult<T, undefined>> {
    if (!this.#over) {
      await this.#end("its items are no longer wanted");
      const failure = this.#call.cancelled() ? undefined : this.#call.exception();
      if (failure !== undefined) this.#call.result();
    }
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
