/*
 * Foreign promises: code that never heard of Ambit.
 *
 * A promise cannot be interrupted. Two ways: let the awaiter go while the promise goes on, or hand the foreign code an
 * AbortSignal of the ambient scope. The signal is made on demand and belongs to the scope, so nothing has to be removed
 * from it afterwards, and code that cleans up after a cancel gets a new one.
 */
import { wrongType } from "./arguments.ts";
import { asCancellation } from "./cancellation.ts";
import { ambientScope } from "./scope.ts";
import { suspend } from "./suspend.ts";
import type { Wait } from "./suspension.ts";

/**
 * The AbortSignal of the running code's scope: aborted when that is cancelled, its `reason` the CancelledError.
 *
 * Made when first asked for. After a cancel was delivered, clean-up code gets a new one here.
 *
 * @example
 * ```ts
 * import { ambientSignal, CancelScope } from "ambit";
 *
 * const scope = new CancelScope();
 * await scope.run(async () => {
 *   const signal = ambientSignal();
 *   scope.cancel();
 *   signal.aborted; // => true
 * });
 * ```
 */
export function ambientSignal(): AbortSignal {
  return ambientScope().freshSignal;
}

/**
 * Awaits foreign work so that a cancel reaches it.
 *
 * With a promise, the awaiter goes and the promise goes on unobserved. With a function, it is called with the scope's
 * AbortSignal, for foreign code that takes one.
 *
 * **Cancellation:** throws at once; what the foreign work does later, a failure too, is ignored. A foreign rejection
 * caused by the signal counts as the scope's CancelledError.
 *
 * @throws TypeError when `work` is neither a promise nor a function
 *
 * @example
 * ```ts
 * import { setTimeout as foreignSleep } from "node:timers/promises";
 * import { cancellable, moveOnAfter } from "ambit";
 *
 * const { cancelledCaught } = await moveOnAfter(5, () =>
 *   cancellable((signal) => foreignSleep(60_000, "late", { signal })),
 * );
 * cancelledCaught; // => true
 * ```
 */
export function cancellable<T>(
  work: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T> | T),
): Promise<T> {
  return followed(work, undefined);
}

/** The same; `target` tells whether time may go on meanwhile, see `outside.ts`. @internal */
export function followed<T>(
  work: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T> | T),
  target: object | undefined,
): Promise<T> {
  const begin = typeof work === "function" ? () => work(ambientSignal()) : () => work;
  if (typeof work !== "function" && typeof work?.then !== "function") {
    throw wrongType("work", "a promise or a function", work);
  }
  const start = (wait: Wait<T>): void => follow(wait, begin());
  return suspend<T, object | undefined>(start, target, "cancellable");
}

function follow<T>(wait: Wait<T>, work: PromiseLike<T> | T): void {
  const scope = ambientScope();
  Promise.resolve(work).then(
    (value) => wait.resolve(value),
    (error: unknown) => wait.reject(asCancellation(error, scope.cancels > 0) ?? error),
  );
}
