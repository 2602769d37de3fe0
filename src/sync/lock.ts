/*
 * Lock: one holder at a time.
 *
 * Strategy: `release` hands the lock to who has waited longest, in the same step, so nobody can barge in between; a
 * cancel finds a wait that does not have the lock, or a task that does. Who holds it is remembered for reports only:
 * like asyncio's, the lock is not bound to its holder, and not re-entrant.
 */
import { expectFunction } from "../core/arguments.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Task } from "../core/task.ts";
import { HOLDERS } from "../core/targets.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { LockNotHeldError } from "./errors.ts";
import { type Guard, guardFor, type Hold, taskOf } from "./guard.ts";
import { lineUp, scopeOf } from "./lineUp.ts";

/** What `lock.statistics()` tells. */
export interface LockStatistics {
  readonly locked: boolean;
  /** The task that holds it; null when it is free, or held by code outside any task. */
  readonly holder: Task<unknown> | null;
  /** How many wait for it. */
  readonly waiting: number;
}

/**
 * Mutual exclusion (`asyncio.Lock`): one holder at a time, served first come, first served.
 *
 * Not re-entrant: who acquires it twice waits for itself. Prints as `Lock { locked: true, waiting: 2 }`.
 *
 * **Cancellation:** a cancelled `acquire` does not have the lock and leaves the line. A lock that was handed over is
 * never lost: the cancel comes at the next wait, and `using` or `finally` releases.
 *
 * @example
 * ```ts
 * import { gather, Lock, sleep } from "ambit";
 *
 * const lock = new Lock();
 * let balance = 0;
 * const deposit = async () => {
 *   using _ = await lock.acquire();
 *   const before = balance;
 *   await sleep(1);
 *   balance = before + 1;
 * };
 * await gather([deposit, deposit, deposit]);
 * balance; // => 3
 * ```
 */
export class Lock implements Selectable<Guard> {
  /** @internal */
  readonly waiters: WaitQueue<Guard> = new WaitQueue();
  #hold: Hold | null = null;
  #last: Hold | null = null;

  /** True while somebody holds it. */
  locked(): boolean {
    return this.#hold !== null;
  }

  /**
   * Takes the lock, after waiting for it if it is held.
   *
   * **Cancellation:** leaves the line, without the lock. Not waiting, it is no point of cancellation.
   *
   * @returns a guard, for `using`; who calls `release()` instead needs none
   */
  acquire(): Promise<Guard> {
    if (this.#hold !== null) return suspend<Guard, Lock>(lineUp, this, "Lock.acquire");
    return this.#lend(ambientScope()).promise;
  }

  /** Takes the lock if it is free; null if it is not. */
  tryAcquire(): Guard | null {
    return this.#hold === null ? this.#lend(ambientScope()) : null;
  }

  /**
   * Releases the lock, whoever holds it, and hands it to who has waited longest.
   * @throws {@link LockNotHeldError} when nobody holds it
   */
  release(): void {
    this.#expectHeld("release").end();
    this.#handOver();
  }

  /**
   * Runs the body with the lock, and releases it whatever happens.
   *
   * **Cancellation:** while it waits for the lock, the body does not run.
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

  /** The state of the moment, frozen. */
  statistics(): LockStatistics {
    const holder = this.#hold === null ? null : taskOf(this.#hold.holder);
    return Object.freeze({ locked: this.locked(), holder, waiting: this.waiters.size });
  }

  #lend(scope: Scope): Hold {
    const hold = guardFor(this.#last, this, scope);
    this.#hold = this.#last = hold;
    return hold.lend();
  }

  /** @internal */
  takeBack(_hold: Hold): void {
    this.#handOver();
  }

  #handOver(): void {
    this.#hold = null;
    const next = this.waiters.shift();
    if (next === null) return;
    // Never the guard of whoever has just released, and may call it again.
    this.#last = null;
    next.resolve(this.#lend(scopeOf(next)));
  }

  #expectHeld(operation: string): Hold {
    if (this.#hold !== null) return this.#hold;
    throw new LockNotHeldError(
      `${operation} on ${this[INSPECT]()}, which nobody holds: acquire it first`,
    );
  }

  /** Releases the lock for the time of a wait; what it returns is for {@link Lock.resume}. @internal */
  pause(): Hold {
    const hold = this.#expectHeld("wait");
    hold.reusable = false;
    hold.end();
    this.#handOver();
    return hold;
  }

  /** The lock is held again, and by the guard that it was paused with. @internal */
  resume(hold: Hold): void {
    this.#hold?.end();
    this.#hold = hold.lend();
  }

  /** @internal */
  [HOLDERS](): readonly (Task<unknown> | null)[] {
    return this.#hold === null ? [] : [taskOf(this.#hold.holder)];
  }

  /** @internal */
  [INSPECT](): string {
    return `Lock { locked: ${this.locked()}, waiting: ${this.waiters.size} }`;
  }
}
