/*
 * Those who wait for an item: callers of `get` and `receive`, who want the item itself, and
 * iterators, who want it in an iteration's record and take the end of items for an answer.
 *
 * Strategy: both stand in one FIFO; a mark on the wait of an iterator tells them apart, so that
 * neither needs a second promise to turn the one into the other.
 */
import type { Wait } from "../core/suspension.ts";

const ITERATING = Symbol("iterating");

/** The end of an iteration. @internal */
export const DONE = { done: true, value: undefined } as const;

/** Marks the wait as an iterator's. @internal */
export function iterating<T>(wait: Wait<IteratorResult<T, undefined>>): Wait<unknown> {
  wait.token = ITERATING;
  return wait;
}

/** The wait is over: here is the item. @internal */
export function give(getter: Wait<unknown>, item: unknown): void {
  getter.resolve(getter.token === ITERATING ? { done: false, value: item } : item);
}

/** The wait is over: there will be no item. @internal */
export function dismiss(getter: Wait<unknown>, why: Error): void {
  if (getter.token === ITERATING) getter.resolve(DONE);
  else getter.reject(why);
}
