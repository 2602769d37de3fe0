/*
 * Barrier: a number of tasks wait for each other, again and again.
 *
 * Strategy: the states are asyncio's. While it is *filling*, tasks line up; the last to arrive lets all go, and the
 * barrier is *draining* until each of them runs again. Who comes meanwhile stands outside and is let in, in order, when
 * the last one is gone: a round begins only when the one before is over. `reset` sends away who waits (*resetting* until
 * they are gone), `abort` closes the barrier for good (*broken*).
 * Unlike asyncio's, the index says the place in the line when the round is complete: cancels leave no two tasks with the
 * same one.
 */
import { expectInteger } from "../core/arguments.ts";
import { feeding, noteFeed } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { BrokenBarrierError } from "./errors.ts";

/** What a barrier does: takes tasks in, lets them go, sends them away, or nothing any more. */
export type BarrierState = "filling" | "draining" | "resetting" | "broken";

/** What `barrier.statistics()` tells. */
export interface BarrierStatistics {
  /** How many tasks make a round. */
  readonly parties: number;
  /** How many of them have arrived. */
  readonly waiting: number;
  /** How many stand outside until the round before is over. */
  readonly outside: number;
  readonly state: BarrierState;
}

/** What a wait is completed with that the barrier sends away; nobody sees it. */
const SENT_AWAY = -1;

/**
 * A meeting point of a fixed number of tasks (`asyncio.Barrier`): all go on when the last has arrived.
 *
 * Prints as `Barrier { state: 'filling', waiting: 1, parties: 3 }`.
 *
 * **Cancellation:** a cancelled `wait` leaves the barrier as if it had never come; the others go on waiting.
 *
 * @example
 * ```ts
 * import { Barrier, gather } from "ambit";
 *
 * const barrier = new Barrier(3);
 * const arrive = () => barrier.wait();
 * await gather([arrive, arrive, arrive]); // => [0, 1, 2]
 * ```
 */
export class Barrier {
  readonly #parties: number;
  readonly #inside = new WaitQueue<number>();
  readonly #outside = new WaitQueue<number>();
  #state: BarrierState = "filling";
  /** How many were let go or sent away and have not run again yet. */
  #leaving = 0;

  /**
   * @param parties how many tasks make a round, an integer of at least 1
   * @throws RangeError for any other number
   */
  constructor(parties: number) {
    expectInteger("parties", parties, 1);
    this.#parties = parties;
  }

  /** How many tasks make a round. */
  get parties(): number {
    return this.#parties;
  }

  /** How many have arrived and wait for the others. */
  get nWaiting(): number {
    return this.#inside.size;
  }

  /** True from `abort` to `reset`. */
  get broken(): boolean {
    return this.#state === "broken";
  }

  /**
   * Waits until as many tasks have arrived as the barrier has parties; returns the task's place, 0 for the first.
   *
   * **Cancellation:** leaves the barrier; its place goes to the next. Once the last has arrived, the round is complete.
   *
   * @throws {@link BrokenBarrierError} when the barrier is broken, before or meanwhile, or is reset
   */
  async wait(): Promise<number> {
    if (this.#state === "broken") throw this.#refusal();
    if (feeding.noted) noteFeed(this, "arrive");
    if (this.#state === "filling" && this.#inside.size === this.#parties - 1)
      return this.#complete();
    const index = await suspend<number, Barrier>(Barrier.#enter, this, "Barrier.wait");
    const error = this.#undone() ? this.#refusal() : null;
    this.#left();
    if (error !== null) throw error;
    return index;
  }

  /** Sends away who waits, and begins anew; makes a broken barrier whole. */
  reset(): void {
    if (this.#inside.size + this.#leaving === 0) return this.#begin();
    this.#state = "resetting";
    this.#sendAway(this.#inside);
  }

  /** Breaks the barrier: who waits, and who comes later, gets a BrokenBarrierError, until `reset`. */
  abort(): void {
    this.#state = "broken";
    this.#sendAway(this.#inside);
    this.#sendAway(this.#outside);
  }

  /** The state of the moment, frozen. */
  statistics(): BarrierStatistics {
    return Object.freeze({
      parties: this.#parties,
      waiting: this.#inside.size,
      outside: this.#outside.size,
      state: this.#state,
    });
  }

  static #enter(wait: Wait<number>, barrier: Barrier): Cleanup<number, Barrier> {
    barrier.#admit(wait, barrier.#state === "filling" ? barrier.#inside : barrier.#outside);
    return Barrier.#leave;
  }

  static #leave(wait: Wait<number>): void {
    (wait.token as WaitQueue<number>).remove(wait);
  }

  #admit(wait: Wait<number>, queue: WaitQueue<number>): void {
    wait.token = queue;
    queue.push(wait);
  }

  /** The last one has arrived: lets all go. Returns the place of the last. */
  #complete(): number {
    let index = 0;
    this.#leaving = this.#inside.size;
    if (this.#leaving > 0) this.#state = "draining";
    for (let next = this.#inside.shift(); next !== null; next = this.#inside.shift())
      next.resolve(index++);
    return index;
  }

  #sendAway(queue: WaitQueue<number>): void {
    this.#leaving += queue.size;
    for (let next = queue.shift(); next !== null; next = queue.shift()) next.resolve(SENT_AWAY);
  }

  /** Whether those who have not run again are sent away; their round may have been complete before. */
  #undone(): boolean {
    return this.#state === "resetting" || this.#state === "broken";
  }

  #left(): void {
    this.#leaving--;
    if (this.#leaving === 0 && this.#state !== "broken") this.#begin();
  }

  /** Begins a round with those who stand outside. */
  #begin(): void {
    this.#state = "filling";
    while (this.#state === "filling" && this.#outside.size > 0) {
      const next = this.#outside.shift() as Wait<number>;
      this.#admit(next, this.#inside);
      if (this.#inside.size === this.#parties) this.#complete();
    }
  }

  #refusal(): BrokenBarrierError {
    const why =
      this.#state === "broken"
        ? "is broken: reset it to use it again"
        : "was reset while the task waited";
    return new BrokenBarrierError(`wait on ${this[INSPECT]()}, which ${why}`);
  }

  /** @internal */
  [INSPECT](): string {
    return `Barrier { state: '${this.#state}', waiting: ${this.#inside.size}, parties: ${this.#parties} }`;
  }
}
