/*
 * What can be waited for: a function to run as a task, a task or future, a foreign promise.
 *
 * Strategy: everything that takes several of them (`gather`, `wait`, `asCompleted`, `shield`) makes futures of them
 * first, by one rule: a function becomes a task, a future stays itself, a foreign promise becomes a task that awaits
 * it and can be let go.
 */
import { wrongType } from "./arguments.ts";
import { followed } from "./cancellable.ts";
import { Future } from "./future.ts";
import { createTask } from "./createTask.ts";
import { UNCERTAIN } from "./outside.ts";

/** Something to wait for. A function is run as a task; a promise has started already and cannot be stopped. */
export type Awaitable<T> = (() => T | PromiseLike<T>) | PromiseLike<T>;

/** The type that an {@link Awaitable} gives. */
export type Outcome<A> = A extends () => infer R ? Awaited<R> : Awaited<A>;

/**
 * Makes a future of anything that can be waited for (`asyncio.ensure_future`): a function is started as a task, a
 * future or task is returned as it is, a promise is wrapped.
 *
 * @throws TypeError for anything else
 *
 * @example
 * ```ts
 * import { ensureFuture } from "ambit";
 *
 * await ensureFuture(async () => 42); // => 42
 * ```
 */
export function ensureFuture<T>(item: Awaitable<T>): Future<T> {
  if (item instanceof Future) return item as Future<T>;
  if (typeof item === "function") return createTask(item);
  if (isThenable(item)) return follow(item);
  throw wrongType("item", "a function, a task, a future or a promise", item);
}

/**
 * Makes a future of a promise (`asyncio.wrap_future`): cancelling it lets go of the promise, which goes on. A future is
 * returned as it is; the other way round, `Promise.resolve(future)` makes a promise of it.
 *
 * @throws TypeError for anything that cannot be awaited
 *
 * @example
 * ```ts
 * import { wrapFuture } from "ambit";
 *
 * const future = wrapFuture(Promise.resolve(42));
 * await future; // => 42
 * future.done(); // => true
 * ```
 */
export function wrapFuture<T>(promise: PromiseLike<T>): Future<T> {
  if (!isThenable(promise)) throw wrongType("promise", "a promise, a task or a future", promise);
  return ensureFuture(promise);
}

/** Tells whether something is a task or future (`asyncio.isfuture`). */
export function isFuture(value: unknown): value is Future<unknown> {
  return value instanceof Future;
}

/** What the promise fails with is the task's to tell, also when that is cancelled before it looks at the promise. */
function follow<T>(promise: PromiseLike<T>): Future<T> {
  if (promise instanceof Promise) promise.catch(() => {});
  return createTask(() => followed(promise, UNCERTAIN));
}

function isThenable(item: unknown): item is PromiseLike<unknown> {
  return (
    typeof item === "object" &&
    item !== null &&
    typeof (item as { then?: unknown }).then === "function"
  );
}
