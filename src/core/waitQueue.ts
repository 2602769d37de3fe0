/*
 * The FIFO of waits that a primitive has: those who queue for a lock, an item, a place.
 *
 * Strategy: intrusive. A wait carries its own two links, so joining, taking the first, and leaving
 * from the middle when a cancel comes are O(1) and allocate nothing. The clean-up of a wait is a
 * static function that calls `remove`.
 * Limits: a wait stands in at most one queue. Who takes a wait out settles it in the same step, so
 * every wait in a queue is pending; `remove` is for clean-ups.
 */
import type { Wait } from "./suspension.ts";

/** Waits in the order in which they came. @internal */
export class WaitQueue<T = void> {
  /** The one that has waited longest; null when nobody waits. */
  first: Wait<T> | null = null;
  size = 0;
  #last: Wait<T> | null = null;

  /** Joins at the end. */
  push(wait: Wait<T>): void {
    const last = this.#last;
    if (last === null) this.first = wait;
    else last.behind = wait;
    wait.ahead = last;
    this.#last = wait;
    this.size++;
  }

  /** Takes out the first; the caller settles it. */
  shift(): Wait<T> | null {
    const first = this.first;
    if (first !== null) this.remove(first);
    return first;
  }

  /** Leaves from wherever it stands; it must stand in this queue. */
  remove(wait: Wait<T>): void {
    const { ahead, behind } = wait;
    if (ahead === null) this.first = behind;
    else ahead.behind = behind;
    if (behind === null) this.#last = ahead;
    else behind.ahead = ahead;
    wait.ahead = wait.behind = null;
    this.size--;
  }
}
