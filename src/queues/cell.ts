/*
 * The cell that a watch and its watchers share: a value, its version, and who waits for another one.
 *
 * Strategy: one queue for all; in the step in which a value is set, each wait is asked whether it is what it waits for.
 * So who waits for a certain value does not miss it when it is replaced at once. The target of a wait is the watch or
 * watcher that it was begun through; its token is a condition, if it has one.
 */
import type { Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { EndOfChannel } from "./errors.ts";
import { dismiss, give } from "./getter.ts";

/** What `watch.statistics()` tells. */
export interface WatchStatistics {
  /** How often a value was set. */
  readonly changes: number;
  /** How many wait for a change, or for a certain value. */
  readonly waiting: number;
  /** True after `close`. */
  readonly closed: boolean;
}

/** Where a watcher notes the version that it has seen. @internal */
export interface Seen {
  version: number;
}

/** @internal */
export class Cell<T> {
  value: T;
  version = 0;
  closed = false;
  readonly #waiting = new WaitQueue<unknown>();

  constructor(value: T) {
    this.value = value;
  }

  set(value: T): void {
    this.value = value;
    this.version++;
    const waits: Wait<unknown>[] = [];
    for (let at = this.#waiting.first; at !== null; at = at.behind) waits.push(at);
    // One that is given the value may give up others, of the same `select`.
    for (const wait of waits) if (wait.pending) this.#offer(wait);
  }

  #offer(wait: Wait<unknown>): void {
    try {
      if (typeof wait.token === "function" && !(wait.token as (value: T) => boolean)(this.value))
        return;
      this.#waiting.remove(wait);
      this.note(wait.target as object);
      give(wait, this.value);
    } catch (error) {
      // The condition threw; it is its owner's failure, not that of who set the value.
      this.#waiting.remove(wait);
      wait.reject(error);
    }
  }

  /** The watch or watcher has seen the value of the moment. */
  note(through: object): void {
    const { seen } = through as { readonly seen?: Seen };
    if (seen !== undefined) seen.version = this.version;
  }

  join(wait: Wait<unknown>): void {
    this.#waiting.push(wait);
  }

  leave(wait: Wait<unknown>): void {
    this.#waiting.remove(wait);
  }

  close(): void {
    this.closed = true;
    for (let at = this.#waiting.shift(); at !== null; at = this.#waiting.shift())
      dismiss(at, ended(at.label));
  }

  statistics(): WatchStatistics {
    return Object.freeze({
      changes: this.version,
      waiting: this.#waiting.size,
      closed: this.closed,
    });
  }
}

/** @internal */
export function ended(label: string): EndOfChannel {
  return new EndOfChannel(`${label} on a watch that was closed: there will be no other value`);
}
