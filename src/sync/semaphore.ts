/*
 * Semaphore: a number of permits.
 *
 * Strategy: somebody waits only while no permit is free, and a permit that is released goes to who has waited longest in
 * the same step. So the count is exact at every moment: nobody barges in, and no permit is granted twice or lost.
 */
import { expectFunction, expectLimit } from "../core/arguments.ts";
import { feeding, noteFeed } from "../core/feeding.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Task } from "../core/task.ts";
import { HOLDERS } from "../core/targets.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import type { Guard, Hold } from "./guard.ts";
import { Holds } from "./holds.ts";
import { lineUp, scopeOf } from "./lineUp.ts";

/** What `semaphore.statistics()` tells. */
export interface SemaphoreStatistics {
  /** How many permits are free. */
  readonly value: number;
  /** How many wait for one. */
  readonly waiting: number;
}

/**
 * A number of permits, each taken by one at a time (`asyncio.Semaphore`); served first come, first served.
 *
 * A permit has no owner: any task may release it, and releasing more than was acquired adds permits. Prints as
 * `Semaphore { value: 0, waiting: 2 }`.
 *
 * **Cancellation:** a cancelled `acquire` has no permit and leaves the line. A permit that was handed over is never
 * lost: the cancel comes at the next wait, and `using` or `finally` releases.
 *
 * @example
 * ```ts
 * import { gather, Semaphore, sleep } from "ambit";
 *
 * const twoAtATime = new Semaphore(2);
 * let running = 0;
 * const job = async () => {
 *   using _ = await twoAtATime.acquire();
 *   running++;
 *   await sleep(1);
 *   return running--;
 * };
 * await gather([job, job, job]); // => [2, 1, 1]
 * ```
 */
export class Semaphore implements Selectable<Guard> {
  /** @internal */
  readonly waiters: WaitQueue<Guard> = new WaitQueue();
  readonly #holds = new Holds();
  #value: number;

  /**
   * @param value how many permits there are at first, an integer of at least 0, or Infinity; 1 when left out
   * @throws RangeError for any other number
   */
  constructor(value = 1) {
    expectLimit("value", value, 0);
    this.#value = value;
  }

  /** True when `acquire` would wait. */
  locked(): boolean {
    return this.#value === 0;
  }

  /**
   * Takes a permit, after waiting for one if none is free.
   *
   * **Cancellation:** leaves the line, without a permit. Not waiting, it is no point of cancellation.
   *
   * @returns a guard, for `using`; who calls `release()` instead needs none
   */
  acquire(): Promise<Guard> {
    if (this.#value === 0) return suspend<Guard, Semaphore>(lineUp, this, "Semaphore.acquire");
    return this.#take().promise;
  }

  /** Takes a permit if one is free; null if none is. */
  tryAcquire(): Guard | null {
    return this.#value === 0 ? null : this.#take();
  }

  #take(): Hold {
    this.#value--;
    return this.#holds.lend(this, ambientScope());
  }

  /** Releases a permit: hands it to who has waited longest. */
  release(): void {
    this.expectRoom(this.#value);
    this.#holds.removeOne();
    if (feeding.noted) noteFeed(this, "release");
    this.#handOver();
  }

  /**
   * Runs the body with a permit, and releases it whatever happens.
   *
   * **Cancellation:** while it waits for a permit, the body does not run.
   *
   * @throws what the body throws
   */
  async run<T>(body: () => T | PromiseLike<T>): Promise<T> {
    expectFunction("body", body);
    const guard = this.tryAcquire() ?? (await this.acquire());
    try {
      return await body();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /** As a clause of `select`: `acquire`. */
  asClause(): Clause<Guard> {
    return new Clause(
      () => !this.locked(),
      () => this.acquire(),
    );
  }

  /** The numbers of the moment, frozen. */
  statistics(): SemaphoreStatistics {
    return Object.freeze({ value: this.#value, waiting: this.waiters.size });
  }

  /** @internal */
  takeBack(hold: Hold): void {
    this.expectRoom(this.#value);
    this.#holds.remove(hold);
    if (feeding.noted) noteFeed(this, "release");
    this.#handOver();
  }

  #handOver(): void {
    const next = this.waiters.shift();
    if (next === null) this.#value++;
    else next.resolve(this.#holds.lendAnew(this, scopeOf(next)));
  }

  /** Where a release may be refused, see `BoundedSemaphore`. @internal */
  expectRoom(_value: number): void {}

  /** @internal */
  [HOLDERS](): readonly (Task<unknown> | null)[] {
    return this.#holds.holders();
  }

  /** @internal */
  [INSPECT](): string {
    return `${this.constructor.name} { value: ${this.#value}, waiting: ${this.waiters.size} }`;
  }
}
