/*
 * CapacityLimiter: tokens that know who has them (trio's).
 *
 * Strategy: like a semaphore, but each token belongs to a borrower, a task unless told otherwise. So a second acquire by
 * the same borrower, which could wait for itself, is found at once, and the number of tokens can change while they are
 * lent: made smaller, no token is given out until enough are back.
 */
import { expectFunction, expectLimit } from "../core/arguments.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { currentTask } from "../core/currentTask.ts";
import { HOLDERS } from "../core/targets.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { alreadyBorrowing, type Borrower, expectBorrower, notBorrowing } from "./borrower.ts";
import { type Guard, guardFor, type Hold } from "./guard.ts";

/** What `limiter.statistics()` tells. */
export interface CapacityLimiterStatistics {
  readonly totalTokens: number;
  readonly borrowedTokens: number;
  /** Who has a token, oldest first; null for code outside any task. */
  readonly borrowers: readonly (object | null)[];
  /** How many wait for one. */
  readonly waiting: number;
}

/**
 * A number of tokens, each lent to one borrower at a time (`trio.CapacityLimiter`); served first come, first served.
 *
 * A borrower, normally the calling task, has at most one. Prints as `CapacityLimiter { borrowed: 2, total: 2, waiting: 1 }`.
 *
 * **Cancellation:** a cancelled `acquire` has no token and leaves the line. A token that was lent is never lost: the
 * cancel comes at the next wait, and `using` or `finally` gives it back.
 *
 * @example
 * ```ts
 * import { CapacityLimiter, gather, sleep } from "ambit";
 *
 * const limiter = new CapacityLimiter(2);
 * let most = 0;
 * const job = () =>
 *   limiter.run(async () => {
 *     most = Math.max(most, limiter.borrowedTokens);
 *     await sleep(1);
 *   });
 * await gather([job, job, job]);
 * most; // => 2
 * ```
 */
export class CapacityLimiter implements Selectable<Guard> {
  readonly #waiters = new WaitQueue<Guard>();
  readonly #borrowers = new Map<Borrower, Hold<Borrower>>();
  readonly #waiting = new Set<Borrower>();
  #total: number;
  #last: Hold<Borrower> | null = null;

  /**
   * @param totalTokens how many tokens there are, an integer of at least 0, or Infinity
   * @throws RangeError for any other number
   */
  constructor(totalTokens: number) {
    expectLimit("totalTokens", totalTokens, 0);
    this.#total = totalTokens;
  }

  /** How many tokens there are: an integer of at least 0, or Infinity. Made larger, who waits is served at once. */
  get totalTokens(): number {
    return this.#total;
  }

  set totalTokens(total: number) {
    expectLimit("totalTokens", total, 0);
    this.#total = total;
    this.#serve();
  }

  /** How many tokens are lent. */
  get borrowedTokens(): number {
    return this.#borrowers.size;
  }

  /** How many tokens are left; negative while more are lent than there are, after `totalTokens` was made smaller. */
  get availableTokens(): number {
    return this.#total - this.#borrowers.size;
  }

  /**
   * Takes a token for the calling task, after waiting for one if none is left.
   *
   * **Cancellation:** leaves the line, without a token. Not waiting, it is no point of cancellation.
   *
   * @returns a guard, for `using`; who calls `release()` instead needs none
   * @throws {@link AlreadyBorrowingError} when the task has a token, or waits for one
   */
  acquire(): Promise<Guard> {
    return this.#acquire(currentTask());
  }

  /**
   * Takes a token for any object: one task may take several, or one object stand for work that moves between tasks.
   *
   * **Cancellation:** leaves the line, without a token. Not waiting, it is no point of cancellation.
   *
   * @throws {@link AlreadyBorrowingError} when the borrower has a token, or waits for one
   * @throws TypeError when `borrower` is not an object
   */
  acquireOnBehalfOf(borrower: object): Promise<Guard> {
    expectBorrower(borrower);
    return this.#acquire(borrower);
  }

  /**
   * Takes a token for the calling task if one is left; null if none is.
   * @throws {@link AlreadyBorrowingError} when the task has a token, or waits for one
   */
  tryAcquire(): Guard | null {
    return this.#tryAcquire(currentTask());
  }

  /**
   * Takes a token for any object if one is left; null if none is.
   * @throws {@link AlreadyBorrowingError} when the borrower has a token, or waits for one
   * @throws TypeError when `borrower` is not an object
   */
  tryAcquireOnBehalfOf(borrower: object): Guard | null {
    expectBorrower(borrower);
    return this.#tryAcquire(borrower);
  }

  #tryAcquire(borrower: Borrower): Guard | null {
    if (this.#isBorrowing(borrower)) throw alreadyBorrowing(this[INSPECT](), borrower);
    return this.availableTokens > 0 ? this.#lend(borrower) : null;
  }

  #isBorrowing(borrower: Borrower): boolean {
    return this.#borrowers.has(borrower) || this.#waiting.has(borrower);
  }

  #acquire(borrower: Borrower): Promise<Guard> {
    if (this.#isBorrowing(borrower))
      return Promise.reject(alreadyBorrowing(this[INSPECT](), borrower));
    if (this.availableTokens > 0) return this.#lend(borrower).promise;
    return suspend<Guard, CapacityLimiter>(
      (wait) => this.#lineUp(wait, borrower),
      this,
      "CapacityLimiter.acquire",
    );
  }

  #lineUp(wait: Wait<Guard>, borrower: Borrower): Cleanup<Guard, CapacityLimiter> {
    wait.token = borrower;
    this.#waiting.add(borrower);
    this.#waiters.push(wait);
    return CapacityLimiter.#leave;
  }

  static #leave(wait: Wait<Guard>, limiter: CapacityLimiter): void {
    limiter.#waiting.delete(wait.token as Borrower);
    limiter.#waiters.remove(wait);
  }

  /**
   * Gives back the token of the calling task.
   * @throws {@link NotBorrowingError} when it has none
   */
  release(): void {
    this.#release(currentTask());
  }

  /**
   * Gives back the token of a borrower.
   * @throws {@link NotBorrowingError} when it has none
   * @throws TypeError when `borrower` is not an object
   */
  releaseOnBehalfOf(borrower: object): void {
    expectBorrower(borrower);
    this.#release(borrower);
  }

  #release(borrower: Borrower): void {
    const hold = this.#borrowers.get(borrower);
    if (hold === undefined) throw notBorrowing(this[INSPECT](), borrower);
    hold.end();
    this.takeBack(hold);
  }

  /**
   * Runs the body with a token of the calling task, and gives it back whatever happens.
   *
   * **Cancellation:** while it waits for a token, the body does not run.
   *
   * @throws what the body throws
   * @throws {@link AlreadyBorrowingError} when the task has a token, or waits for one
   */
  async run<T>(body: () => T | PromiseLike<T>): Promise<T> {
    expectFunction("body", body);
    const guard = await this.acquire();
    try {
      return await body();
    } finally {
      guard[Symbol.dispose]();
    }
  }

  /** As a clause of `select`: `acquire`, for the calling task. */
  asClause(): Clause<Guard> {
    return new Clause(
      () => this.availableTokens > 0 || this.#isBorrowing(currentTask()),
      () => this.acquire(),
    );
  }

  /** The numbers of the moment, frozen. */
  statistics(): CapacityLimiterStatistics {
    return Object.freeze({
      totalTokens: this.#total,
      borrowedTokens: this.#borrowers.size,
      borrowers: Object.freeze([...this.#borrowers.keys()]),
      waiting: this.#waiters.size,
    });
  }

  #lend(borrower: Borrower): Hold<Borrower> {
    const hold = guardFor(this.#last, this, borrower);
    this.#last = hold;
    this.#borrowers.set(borrower, hold);
    return hold.lend();
  }

  /** @internal */
  takeBack(hold: Hold<Borrower>): void {
    this.#borrowers.delete(hold.holder);
    this.#serve();
  }

  #serve(): void {
    while (this.availableTokens > 0 && this.#waiters.size > 0) {
      const next = this.#waiters.shift() as Wait<Guard>;
      const borrower = next.token as Borrower;
      this.#waiting.delete(borrower);
      next.resolve(this.#lend(borrower));
    }
  }

  /** @internal */
  [HOLDERS](): readonly Borrower[] {
    return [...this.#borrowers.keys()];
  }

  /** @internal */
  [INSPECT](): string {
    return `CapacityLimiter { borrowed: ${this.#borrowers.size}, total: ${this.#total}, waiting: ${this.#waiters.size} }`;
  }
}
