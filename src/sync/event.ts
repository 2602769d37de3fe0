/*
 * Event: a flag that tasks wait for.
 *
 * Strategy: `set` completes every wait that is there, in the order in which they came; what happens to the flag before
 * the waiting code resumes does not matter to it.
 */
import { feeding, noteFeed } from "../core/feeding.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { lineUp } from "./lineUp.ts";

/** What `event.statistics()` tells. */
export interface EventStatistics {
  readonly set: boolean;
  /** How many wait for it. */
  readonly waiting: number;
}

const SETTLED: Promise<void> = Promise.resolve();

/**
 * A flag that tasks wait for (`asyncio.Event`); not the DOM's event.
 *
 * `set` wakes all that wait, even if `clear` follows before they run. Prints as `Event { set: false, waiting: 2 }`.
 *
 * @example
 * ```ts
 * import { createTask, Event } from "ambit";
 *
 * const ready = new Event();
 * const waiting = createTask(async () => {
 *   await ready.wait();
 *   return "go";
 * });
 * ready.set();
 * await waiting; // => "go"
 * ```
 */
export class Event implements Selectable<void> {
  /** @internal */
  readonly waiters: WaitQueue = new WaitQueue();
  #set = false;

  /** True from `set` to `clear`. */
  isSet(): boolean {
    return this.#set;
  }

  /** Sets the flag, and wakes all that wait for it. */
  set(): void {
    if (feeding.noted) noteFeed(this, "set");
    this.#set = true;
    for (let next = this.waiters.shift(); next !== null; next = this.waiters.shift())
      next.resolve();
  }

  /** Takes the flag back: who waits from now on waits for the next `set`. */
  clear(): void {
    this.#set = false;
  }

  /**
   * Waits until the flag is set; if it is, goes on at once.
   *
   * **Cancellation:** the wait ends. Not waiting, it is no point of cancellation.
   */
  wait(): Promise<void> {
    return this.#set ? SETTLED : suspend<void, Event>(lineUp, this, "Event.wait");
  }

  /** As a clause of `select`: `wait`. */
  asClause(): Clause<void> {
    return new Clause(
      () => this.#set,
      () => this.wait(),
    );
  }

  /** The state of the moment, frozen. */
  statistics(): EventStatistics {
    return Object.freeze({ set: this.#set, waiting: this.waiters.size });
  }

  /** @internal */
  [INSPECT](): string {
    return `Event { set: ${this.#set}, waiting: ${this.waiters.size} }`;
  }
}
