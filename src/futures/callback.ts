/*
 * Callbacks: functions of the caller's that a call in a worker can call.
 *
 * Strategy: a function is marked, on the caller's side; where it stood among the arguments the worker gets one that sends a
 * message. Arguments without a mark cost nothing: functions are looked for only after a message was refused for want of a
 * way to clone one.
 * Limits: found in arguments and in items of `map`, and in plain objects and arrays inside of them. It ends with its call;
 * in `map` that is the whole chunk.
 */
import { expectFunction, expectMilliseconds } from "../core/arguments.ts";
import type { CallbackMark } from "./talk.ts";

type Callable = (...args: never[]) => unknown;

/** Null for one that is awaited, else how often it is called at most. */
const marks = new WeakMap<Callable, number | null>();

/** Deeper than this in the arguments it is not found. */
const DEPTH = 4;

/**
 * Lets the called function call back: among the arguments of a call, it arrives in the worker as an async function that
 * calls `fn` here, with cloned arguments, and gives its result or throws what it throws. Arguments and results that are marked
 * by {@link transfer} are moved.
 *
 * `fn` runs as a task of the program that submitted the call, with its context variables. At most 64 calls of it are under
 * way at once for each call of the executor; more wait in the worker.
 *
 * **Cancellation:** cancelling who awaits it in the worker cancels `fn`'s task here. It ends with its call: then what runs of it is
 * cancelled and waited for, and a later call of it is refused.
 *
 * @returns a function to be passed on; called here, it calls `fn`
 * @throws TypeError when `fn` is no function
 *
 * @example
 * ```ts
 * import { callback } from "ambit/futures";
 *
 * const ask = callback((question: string) => `${question}? 42`);
 * // await pool.submit(ponder, ask), where: export async function ponder(ask) { return await ask("why"); }
 * await ask("why"); // => "why? 42"
 * ```
 */
export function callback<A extends unknown[], R>(
  fn: (...args: A) => R,
): (...args: A) => Promise<Awaited<R>> {
  expectFunction("fn", fn);
  const asking = async (...args: A): Promise<Awaited<R>> => await fn(...args);
  marks.set(asking, null);
  return asking;
}

/**
 * Lets the called function tell how far it is: among the arguments of a call, it arrives in the worker as a function that
 * returns at once and has `fn` called here, with cloned arguments.
 *
 * What comes too fast is left out, except for the last: `fn` is called no more often than `every` ms, and with the latest
 * arguments before the call ends. So a worker that tells a million times a second fills nobody's memory. What `fn` throws
 * goes to the loop's exception handler.
 *
 * @param every milliseconds, at least 1; default 50
 * @throws TypeError when `fn` is no function
 *
 * @example
 * ```ts
 * import { progress } from "ambit/futures";
 *
 * const seen: number[] = [];
 * const report = progress((done: number) => void seen.push(done));
 * // await pool.submit(countPrimes, 1e9, report)
 * report(5);
 * seen; // => [5]
 * ```
 */
export function progress<A extends unknown[]>(
  fn: (...args: A) => void,
  { every = 50 }: { readonly every?: number } = {},
): (...args: A) => void {
  expectFunction("fn", fn);
  expectMilliseconds("options.every", every);
  const telling = (...args: A): void => fn(...args);
  marks.set(telling, Math.max(1, every));
  return telling;
}

/** Arguments without their callbacks, where these stood, and themselves. @internal */
export interface Detached {
  readonly args: readonly unknown[];
  readonly callbacks: readonly CallbackMark[];
  readonly functions: readonly Callable[];
}

/** Takes callbacks out of arguments; null when there are none. @internal */
export function detachCallbacks(args: readonly unknown[]): Detached | null {
  const callbacks: CallbackMark[] = [];
  const functions: Callable[] = [];
  const copy = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (typeof value === "function" && marks.has(value as Callable)) {
      callbacks.push({ path, every: marks.get(value as Callable) as number | null });
      functions.push(value as Callable);
      return null;
    }
    if (path.length > DEPTH || typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((each, at) => copy(each, [...path, at]));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, copy(each, [...path, key])]),
    );
  };
  const copied = args.map((each, at) => copy(each, [at]));
  return callbacks.length === 0 ? null : { args: copied, callbacks, functions };
}
