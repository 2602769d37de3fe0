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
/** A worker is given no more work ahead than this, in milliseconds: so long may one call wait behind others. */
const AHEAD = 64;
/** The most calls that it has at once. */
const MOST = 1024;

interface Average {
  milliseconds: number;
}

/** @internal */
export class Pace {
  readonly #averages = new WeakMap<Reference, Average>();
  /** The one that was asked for last, which is asked for next as well, most of the time. */
  #reference: Reference | null = null;
  #average: Average | undefined = undefined;

  #of(reference: Reference): Average | undefined {
    if (this.#reference === reference) return this.#average;
    this.#reference = reference;
    return (this.#average = this.#averages.get(reference));
  }

  note(reference: Reference, took: number): void {
    const average = this.#of(reference);
    if (average === undefined)
      this.#averages.set(reference, (this.#average = { milliseconds: took }));
    else if (took > average.milliseconds * 8) average.milliseconds = took;
    else average.milliseconds += (took - average.milliseconds) * WEIGHT;
  }

  /** A call of it was ended with its thread: it is no longer known to be quick. */
  forget(reference: Reference): void {
    this.#averages.delete(reference);
    this.#reference = null;
  }

  /** How many calls of it a thread may have been given at once. */
  depth(reference: Reference): number {
    const average = this.#of(reference)?.milliseconds ?? Infinity;
    return average < QUICK ? Math.min(MOST, Math.floor(AHEAD / average)) : 1;
  }
}
