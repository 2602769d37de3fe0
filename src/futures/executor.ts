/*
 * Executor: what runs calls somewhere else (`concurrent.futures.Executor`).
 *
 * Strategy: one abstract class; a pool of threads or processes says how a call is taken on, `map` is made here, on top of
 * that, for all of them. What is run is an exported function, found by reference, and its arguments are cloned.
 */
import { wrongType } from "../core/arguments.ts";
import type { ConcurrentFuture } from "./concurrentFuture.ts";
import { type MapOptions, type Submitter, mapOver } from "./map.ts";
import { type ModuleCalls, moduleCalls } from "./moduleCalls.ts";
import type { Callable } from "./reference.ts";
import type { ResultStream } from "./resultStream.ts";

/** How an executor is shut down. */
export interface ExecutorShutdownOptions {
  /** Whether to wait until the calls that were taken on have ended. Default true. */
  readonly wait?: boolean;
  /** Whether to cancel the calls that have not begun. Default false. */
  readonly cancelFutures?: boolean;
}

/** What a function must give to be streamed. */
export type Streamable<T> = AsyncIterable<T> | Iterable<T>;

/** How calls are made, for {@link Executor.withOptions}. */
export interface CallOptions {
  /**
   * Whether who cancels a running call goes on at once. It is asked to stop and ended all the same, but nobody waits for
   * that, and what it comes to is dropped (trio, `abandon_on_cancel`). Default false.
   */
  readonly abandonOnCancel?: boolean;
  /** How many items of a stream may be ahead of their reader; an integer of at least 1. Default 64. */
  readonly bufferSize?: number;
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

  /**
   * Runs a generator in a worker, sync or async, or a function that gives an iterable, and gives its items as they come.
   *
   * It runs ahead of the reader by 64 items (`withOptions({ bufferSize })`), and then waits; its call is taken on at once. An
   * item that is marked by `transfer` is moved.
   *
   * **Cancellation:** leaving the loop early, `return()` and a cancelled `next()` cancel the call: the generator's `finally`
   * blocks run in the worker, and then the reader goes on.
   *
   * @throws from the iteration, after the last item: what the generator throws; a TypeError when an item cannot be cloned, or
   *   when the function gives no iterable
   */
  stream<A extends unknown[], T>(
    fn: (...args: A) => Streamable<T> | PromiseLike<Streamable<T>>,
    ...args: A
  ): ResultStream<T> {
    return this.submitStream(fn, args) as ResultStream<T>;
  }

  /** The executor with other options for its calls. It is the same one: shutting either down does so to both. */
  withOptions(options: CallOptions): Executor {
    throw wrongType("options", "left out: this executor has none", options);
  }

  /**
   * The functions of a module, to be called by the executor: typed, and safe in a bundle. A generator has a method `stream`
   * instead: `tasks.primes.stream(1000)`.
   * @param url the module's URL: `new URL("./tasks.js", import.meta.url)`
   */
  module<M>(url: string | URL): ModuleCalls<M> {
    return moduleCalls<M>(
      url,
      (fn, args) => this.submit(fn as (...args: unknown[]) => unknown, ...args),
      (fn, args) => this.submitStream(fn, args),
    );
  }

  /** Takes on a call whose items are streamed. @internal */
  protected submitStream(fn: Callable, _args: readonly unknown[]): ResultStream<unknown> {
    throw wrongType("fn", "called with submit: this executor has no streams", fn);
  }

  /** Takes on one call for many items: the result is the list of what `fn` gives for each. @internal */
  protected abstract submitChunk(
    fn: Callable,
    items: readonly unknown[],
  ): ConcurrentFuture<unknown[]>;

  /** The same of another executor, for one that passes calls on. @internal */
  static submitChunkTo(
    executor: Executor,
    fn: Callable,
    items: readonly unknown[],
  ): ConcurrentFuture<unknown[]> {
    return executor.submitChunk(fn, items);
  }

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
