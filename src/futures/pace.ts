/*
 * How long the calls of each function take, and so how many of them a thread may be given ahead.
 *
 * Strategy: a moving average per function. One call that turns out to be slow takes the function off the quick ones at
 * once: what was sent behind it has to wait for it. A call that was asked to stop tells nothing of how long others take; one
 * that was ended with its thread tells that the function cannot be relied on.
 */
import type { Reference } from "./reference.ts";

/** A function is quick while its calls take less than this on average, in milliseconds. */
const QUICK = 1;
/** How much the newest call weighs. */
const WEIGHT = 0.2;
/** The most calls that a thread is given at once. */
const BATCH = 256;

/** @internal */
export class Pace {
  readonly #averages = new WeakMap<Reference, number>();

  note(reference: Reference, took: number): void {
    const before = this.#averages.get(reference);
    const average =
      before === undefined || took > before * 8 ? took : before + (took - before) * WEIGHT;
    this.#averages.set(reference, average);
  }

  /** A call of it was ended with its thread: it is no longer known to be quick. */
  forget(reference: Reference): void {
    this.#averages.delete(reference);
  }

  /** How many calls of it a thread may have been given at once. */
  depth(reference: Reference): number {
    return (this.#averages.get(reference) ?? Infinity) < QUICK ? BATCH : 1;
  }
}
