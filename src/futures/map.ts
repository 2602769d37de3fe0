/*
 * The mapping of an executor over many items: results in the order of the items.
 *
 * Strategy: items go out in chunks, each one call; the calls wait in a queue for the reader. Unbounded, all are taken on
 * at once; with a buffer, one more whenever the reader takes one. Whoever stops reading, by a break, a cancel or a
 * failure, cancels what is left.
 */
import {
  expectFunction,
  expectInteger,
  expectLimit,
  expectMilliseconds,
  wrongType,
} from "../core/arguments.ts";
import type { Future } from "../core/future.ts";
import { getRunningLoop } from "../core/scope.ts";
import { shield } from "../core/shield.ts";
import { timeoutAt } from "../core/timeouts.ts";
import type { ConcurrentFuture } from "./concurrentFuture.ts";

/** How items are mapped. */
export interface MapOptions {
  /** Items per call, an integer of at least 1. Default 1: raise it for small calls. */
  readonly chunkSize?: number;
  /** How many items may be under way ahead of the reader; at least 1. Default Infinity: all at once. */
  readonly bufferSize?: number;
  /** Milliseconds from the call of `map` until the last result. Default Infinity. */
  readonly timeout?: number;
}

/** Takes on one chunk. @internal */
export type Submitter = (items: readonly unknown[]) => ConcurrentFuture<unknown[]>;

/** @internal */
export function mapOver(
  submit: Submitter,
  items: Iterable<unknown>,
  options: MapOptions,
): AsyncIterableIterator<unknown> {
  const { chunkSize = 1, bufferSize = Infinity, timeout = Infinity } = options;
  expectFunction("submit", submit);
  expectInteger("options.chunkSize", chunkSize, 1);
  expectLimit("options.bufferSize", bufferSize, 1);
  expectMilliseconds("options.timeout", timeout);
  if (typeof items?.[Symbol.iterator] !== "function")
    throw wrongType("items", "an iterable", items);
  const mapping = new Mapping(submit, items[Symbol.iterator](), chunkSize, timeout);
  mapping.fill(bufferSize);
  return mapping;
}

class Mapping implements AsyncIterableIterator<unknown> {
  readonly #submit: Submitter;
  readonly #items: Iterator<unknown>;
  readonly #chunkSize: number;
  readonly #deadline: number;
  /** Calls that were taken on and not read yet, oldest first. */
  readonly #calls: ConcurrentFuture<unknown[]>[] = [];
  /** The results of the oldest chunk that are still to be given. */
  #results: unknown[] = [];
  #exhausted = false;
  #lazy = false;

  constructor(submit: Submitter, items: Iterator<unknown>, chunkSize: number, timeout: number) {
    this.#submit = submit;
    this.#items = items;
    this.#chunkSize = chunkSize;
    this.#deadline = getRunningLoop().time() + timeout;
  }

  /** Takes on calls until so many items are under way. */
  fill(bufferSize: number): void {
    this.#lazy = bufferSize !== Infinity;
    const calls = Math.ceil(bufferSize / this.#chunkSize);
    while (this.#calls.length < calls && this.#takeOn());
  }

  #takeOn(): boolean {
    const chunk: unknown[] = [];
    while (!this.#exhausted && chunk.length < this.#chunkSize) {
      const { done, value } = this.#items.next();
      if (done === true) this.#exhausted = true;
      else chunk.push(value);
    }
    if (chunk.length === 0) return false;
    this.#calls.push(this.#submit(chunk));
    return true;
  }

  async next(): Promise<IteratorResult<unknown>> {
    try {
      while (this.#results.length === 0) {
        const call = this.#calls[0];
        if (call === undefined) return { done: true, value: undefined };
        const results = await this.#resultOf(call);
        // Somebody else who asked meanwhile may have taken them.
        if (this.#calls[0] !== call) continue;
        this.#results = [...results].reverse();
        void this.#calls.shift();
        if (this.#lazy) this.#takeOn();
      }
      return { done: false, value: this.#results.pop() };
    } catch (error) {
      this.#giveUp();
      throw error;
    }
  }

  #resultOf(call: ConcurrentFuture<unknown[]>): PromiseLike<unknown[]> {
    if (call.done() || this.#deadline === Infinity) return call;
    // Shielded: at the deadline the reader is told at once, and does not wait until the call has stopped.
    return timeoutAt(this.#deadline, () => shield(call));
  }

  return(): Promise<IteratorResult<unknown>> {
    this.#giveUp();
    return Promise.resolve({ done: true, value: undefined });
  }

  #giveUp(): void {
    if (!this.#exhausted) this.#items.return?.();
    this.#exhausted = true;
    this.#results = [];
    for (const call of this.#calls.splice(0)) {
      call.addDoneCallback(ignore);
      call.cancel("its result is no longer wanted");
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Nobody asks any more how it ended: a failure is none that was overlooked. */
function ignore(call: Future<unknown[]>): void {
  if (!call.cancelled()) call.exception();
}
