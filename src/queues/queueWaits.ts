/*
 * The three lines in which tasks wait at a queue: to get, to put, and until all is worked off.
 *
 * Strategy: a start and a clean-up for each, as static functions, so that a wait needs no closure. A clean-up takes its
 * wait out of the line in the step in which it is cancelled.
 */
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { WaitQueue } from "../core/waitQueue.ts";
import { iterating } from "./getter.ts";

/** A queue as its waits see it. @internal */
export interface Lines<T> {
  readonly getters: WaitQueue<unknown>;
  readonly putters: WaitQueue;
  readonly joiners: WaitQueue;
  /** What is being put, on its way to the start of its wait. */
  incoming: T | undefined;
}

/** Waits for an item. @internal */
export function startGet<T>(wait: Wait<T>, queue: Lines<T>): Cleanup<T, Lines<T>> {
  queue.getters.push(wait);
  return leaveGetters;
}

/** Waits for an item, or the end of items, as an iterator. @internal */
export function startNext<T>(
  wait: Wait<IteratorResult<T, undefined>>,
  queue: Lines<T>,
): Cleanup<unknown, Lines<T>> {
  queue.getters.push(iterating(wait));
  return leaveGetters;
}

/** Waits for room. @internal */
export function startPut<T>(wait: Wait<void>, queue: Lines<T>): Cleanup<void, Lines<T>> {
  wait.token = queue.incoming;
  queue.putters.push(wait);
  return leavePutters;
}

/** Waits until all items are worked off. @internal */
export function startJoin<T>(wait: Wait<void>, queue: Lines<T>): Cleanup<void, Lines<T>> {
  queue.joiners.push(wait);
  return leaveJoiners;
}

function leaveGetters<T>(wait: Wait<unknown>, queue: Lines<T>): void {
  queue.getters.remove(wait);
}

function leavePutters<T>(wait: Wait<void>, queue: Lines<T>): void {
  queue.putters.remove(wait);
}

function leaveJoiners<T>(wait: Wait<void>, queue: Lines<T>): void {
  queue.joiners.remove(wait);
}
