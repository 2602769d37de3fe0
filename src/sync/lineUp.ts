/*
 * Lining up at a primitive: the start and the clean-up of every wait of this folder that does nothing else.
 *
 * Strategy: two static functions for all primitives, so that no wait needs a closure. The clean-up takes the wait out of
 * the queue in the same instant in which it is cancelled; so who shifts a wait may hand it a permit, and it arrives.
 */
import type { Scope } from "../core/scope.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { WaitQueue } from "../core/waitQueue.ts";

/** Something with one queue. @internal */
export interface Queued<T> {
  readonly waiters: WaitQueue<T>;
}

/** For `suspend(lineUp, primitive, label)`. @internal */
export function lineUp<T>(wait: Wait<T>, at: Queued<T>): Cleanup<T, Queued<T>> {
  at.waiters.push(wait);
  return leave;
}

function leave<T>(wait: Wait<T>, at: Queued<T>): void {
  at.waiters.remove(wait);
}

/** The scope that a pending wait was begun in. @internal */
export function scopeOf(wait: Wait<unknown>): Scope {
  return wait.ring as Scope;
}
