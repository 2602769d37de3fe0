/*
 * The one place where code waits.
 *
 * Every wait of the library, and of users who bridge a callback API, is made by `suspend`: it links a wait into the
 * ambient scope and returns its native promise. Static start functions with a `target` keep hot paths free of
 * closures. Futures and tasks are joined without a promise of their own (`future.ts`), by the same rules.
 */
import { expectFunction } from "./arguments.ts";
import { taskWaiting } from "./diagnostics.ts";
import type { CancelledError } from "./errors.ts";
import { reportLateWait } from "./floatingWork.ts";
import { rememberPlace } from "./places.ts";
import { ambient, rootScope, type Scope } from "./scope.ts";
import { stepWaits, watchSteps } from "./steps.ts";
import { type Cleanup, openPromise, type Suspension, Wait } from "./suspension.ts";
import { lookForSwallowed } from "./swallowed.ts";

/** Begins an operation whose end settles the wait; may return what takes it back when the wait is cancelled. */
export type Start<T, A> = (wait: Wait<T>, target: A) => Cleanup<T, A> | void;

/**
 * Suspends the caller until `wait.resolve(value)` or `wait.reject(error)` is called: the primitive under every wait,
 * and the way to make a foreign callback API cancellable.
 *
 * The promise is native. `start` runs at once. The first of resolve, reject and cancel wins; completion beats a
 * cancellation that comes later.
 *
 * **Cancellation:** the promise rejects with a CancelledError at once, and the clean-up that `start` returned runs
 * (only then): it must take back what was begun. With a cancel already requested, `start` is not called.
 *
 * @param start begins the operation; gets the wait and `target`
 * @param target the object waited on, for diagnostics and to spare a closure; leave it out for work outside Ambit:
 *   virtual time then stands still until it is done
 * @param label what diagnostics print, such as `"Lock.acquire"`
 * @throws {@link CancelledError} when the ambient scope is cancelled, or has ended
 * @throws TypeError when `start` is not a function
 *
 * @example
 * ```ts
 * import { setTimeout as callMeBack, clearTimeout } from "node:timers";
 * import { suspend } from "ambit";
 *
 * const answer = await suspend<number>((wait) => {
 *   const timer = callMeBack(() => wait.resolve(42), 5);
 *   return () => clearTimeout(timer);
 * });
 * answer; // => 42
 * ```
 */
export function suspend<T, A = undefined>(
  start: Start<T, A>,
  target?: A,
  label = "suspend",
): Promise<T> {
  expectFunction("start", start);
  const scope = ambient.getStore() ?? rootScope;
  if (scope.ended || scope.owner.undelivered !== 0) {
    const refusal = refuse(scope, label);
    if (refusal !== null) return scope.loop.refuse(refusal, scope);
  }
  const promise = openPromise<T>();
  const wait = new Wait<T>(scope, label, target);
  if (scope.loop.debug || taskWaiting.hasSubscribers) announce(scope, wait, suspend);
  try {
    const cleanup = start(wait, target as A);
    if (cleanup !== undefined) wait.cleanup = cleanup;
  } catch (error) {
    wait.reject(error);
  }
  return promise;
}

/** Why a wait may not begin in the scope, or null. @internal */
export function refuse(scope: Scope, label: string): CancelledError | null {
  if (scope.ended && scope.loop.debug) reportLateWait(scope, label, suspend);
  return scope.refusal(label);
}

/** Tells whoever listens that a wait begins. @internal */
export function announce(scope: Scope, wait: Suspension, above: object): void {
  const task = scope.home.body;
  if (taskWaiting.hasSubscribers) {
    taskWaiting.publish({ task, label: wait.label, target: wait.target });
  }
  if (!scope.loop.debug) return;
  watchSteps(scope.loop, ambient);
  rememberPlace(wait, above);
  stepWaits(scope, wait);
  lookForSwallowed(scope, wait);
}
