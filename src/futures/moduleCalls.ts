/*
 * A module's functions, called through an executor: `pool.module<typeof import("./tasks.js")>(url)`.
 *
 * Strategy: a proxy whose properties are made when first asked for: functions that name an export of the module, and submit
 * it. The module itself is loaded by the workers alone. Safe in a bundle, where a function's own module is not to be found.
 */
import { wrongType } from "../core/arguments.ts";
import type { ConcurrentFuture } from "./concurrentFuture.ts";
import { type Callable, task } from "./reference.ts";
import type { ResultStream } from "./resultStream.ts";

/** What can be streamed. */
export type Items<T> = AsyncIterable<T> | Generator<T> | IterableIterator<T>;

/** A generator of a module, whose items an executor streams. */
export interface StreamedCall<A extends unknown[], T> {
  /** As {@link Executor.stream}. */
  stream(...args: A): ResultStream<T>;
}

/** The functions of a module, each giving a call of the executor instead of its result. */
export type ModuleCalls<M> = {
  readonly [K in keyof M as M[K] extends (...args: never[]) => unknown ? K : never]: M[K] extends (
    ...args: infer A
  ) => infer R
    ? [Awaited<R>] extends [Items<infer T>]
      ? StreamedCall<A, T>
      : (...args: A) => ConcurrentFuture<Awaited<R>>
    : never;
};

/** @internal */
export function moduleCalls<M>(
  url: string | URL,
  submit: (fn: Callable, args: unknown[]) => ConcurrentFuture<unknown>,
  stream: (fn: Callable, args: unknown[]) => ResultStream<unknown>,
): ModuleCalls<M> {
  if (!URL.canParse(String(url))) {
    throw wrongType("url", "a module's URL: new URL('./tasks.js', import.meta.url)", url);
  }
  const calls = new Map<string, unknown>();
  const get = (_: object, name: string | symbol): unknown => {
    // Not a promise: awaiting the proxy must not call a function `then` of the module.
    if (typeof name === "symbol" || name === "then") return undefined;
    if (!calls.has(name)) calls.set(name, caller(url, name, submit, stream));
    return calls.get(name);
  };
  return new Proxy({}, { get }) as ModuleCalls<M>;
}

function caller(
  url: string | URL,
  name: string,
  submit: (fn: Callable, args: unknown[]) => ConcurrentFuture<unknown>,
  stream: (fn: Callable, args: unknown[]) => ResultStream<unknown>,
): (...args: unknown[]) => ConcurrentFuture<unknown> {
  const named = task(url, name, () => undefined);
  const call = (...args: unknown[]): ConcurrentFuture<unknown> => submit(named, args);
  return Object.assign(call, { stream: (...args: unknown[]) => stream(named, args) });
}
