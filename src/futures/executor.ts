/*
 * Executor: what runs calls somewhere else (`concurrent.futures.Executor`).
 *
 * Strategy: one abstract class; a pool of threads or processes says how a call is taken on, `map` is made here, on top of
 * that, for all of them. What is run is an exported function, found by reference, and its arguments are cloned.
 */
import type { ConcurrentFuture } from "./concurrentFuture.ts";
import { type MapOptions, type Submitter, mapOver } from "./map.ts";
import type { Callable } from "./reference.ts";

/** How an executor is shut down. */
export interface ExecutorShutdownOptions {
  /** Whether to wait until the calls that were taken on have ended. Default true. */
  readonly wait?: boolean;
  /** Whether to cancel the calls that have not begun. Default false. */
  readonly cancelFutures?: boolean;
}

/**
 * Runs calls on other threads, processes or machines.
 *
 * `await using` shuts it down at the end of the block, after its calls have ended.
 */
export abstract class Executor implements AsyncDisposable {
  /**
   * Takes on a call of `fn(...args)`.
   *
   * @param fn an exported function of a module other than the entry module; see {@link task}
   * @param args cloned as by `structuredClone`
   * @returns the call; it fails with an UnreachableFunctionError when the function cannot be found from elsewhere, and with a
   *   TypeError when an argument or the result cannot be cloned
   * @throws {@link ExecutorShutdownError} after `shutdown`
   * @throws {@link BrokenExecutor} when it cannot run anything any more
   */
  abstract submit<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): ConcurrentFuture<Awaited<R>>;

  /** Takes on one call for many items: the result is the list of what `fn` gives for each. @internal */
  protected abstract submitChunk(
    fn: Callable,
    items: readonly unknown[],
  ): ConcurrentFuture<unknown[]>;

  /**
   * Takes no more calls, and lets those that were taken on end.
   *
   * **Cancellation:** with `wait`, a cancelled caller stops waiting; the executor is shut down all the same.
   */
  abstract shutdown(options?: ExecutorShutdownOptions): Promise<void>;

  /**
   * Calls `fn` with each item, many at a time, and gives the results in the order of the items.
   *
   * The calls begin at once, also when nobody iterates. With `bufferSize` only so many are under way ahead of the reader,
   * and the items are read as they are needed (CPython 3.14, `buffersize`).
   *
   * **Cancellation:** a cancelled `next()`, leaving the loop early, and a failed call cancel the calls that are left.
   *
   * @throws TimeoutError from the iteration, when a result is not there `timeout` ms after the call of `map`
   * @throws what `fn` throws, when its result's turn has come
   */
  map<T, R>(
    fn: (item: T) => R,
    items: Iterable<T>,
    options: MapOptions = {},
  ): AsyncIterableIterator<Awaited<R>> {
    const submit: Submitter = (chunk) => this.submitChunk(fn, chunk);
    return mapOver(submit, items, options) as AsyncIterableIterator<Awaited<R>>;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}
