/*
 * Waits that no cancel ends: for what was begun and can't be called back, such as a call of the system in a thread.
 *
 * Strategy: a wait that a cancel leaves alone, and that tells so: the cancel is then for the next wait of the same code,
 * which has its result by then. `protect` does the same for a whole body, at the price of a scope of its own.
 * Limits: only for what ends by itself, and soon, or when it is told to; a deadline does not end it either.
 */
import { taskWaiting } from "./diagnostics.ts";
import { ambientScope } from "./scope.ts";
import { announce, refuse } from "./suspend.ts";
import { openPromise, Wait } from "./suspension.ts";

/** @internal */
class HeldWait<T> extends Wait<T> {
  hurry: ((target: never) => void) | undefined;

  override get missed(): boolean {
    return true;
  }

  override cancel(): void {
    const { hurry, ring } = this;
    if (hurry !== undefined && ring !== null) ring.loop.guard(() => hurry(this.target as never));
  }
}

/**
 * Like `suspend`, but once begun it is waited for to its end. With a cancel already requested, `start` is not called.
 * A cancel that comes meanwhile calls `hurry`, which may bring that end about.
 * @internal
 */
export function uninterruptible<T, A = undefined>(
  start: (wait: Wait<T>, target: A) => void,
  target?: A,
  label = "uninterruptible",
  hurry?: (target: A) => void,
): Promise<T> {
  const scope = ambientScope();
  if (scope.ended || scope.owner.undelivered !== 0) {
    const refusal = refuse(scope, label);
    if (refusal !== null) return scope.loop.refuse(refusal, scope);
  }
  const promise = openPromise<T>();
  const wait = new HeldWait<T>(scope, label, target);
  wait.hurry = hurry;
  if (scope.loop.debug || taskWaiting.hasSubscribers) announce(scope, wait, uninterruptible);
  try {
    start(wait, target as A);
  } catch (error) {
    wait.reject(error);
  }
  return promise;
}
