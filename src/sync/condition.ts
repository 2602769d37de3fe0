/*
 * Condition: tasks that hold a lock wait, without it, until another tells them that what they wait for may be true.
 *
 * Strategy: `wait` lets the lock go, suspends, and takes the lock again, whatever ended the suspension: the caller holds
 * it when `wait` returns and when it throws. A wait is notified or cancelled, never both; but a task that was notified
 * may be cancelled while it waits for the lock:
 *
 *     await condition.wait();      // notified, then cancelled before it has the lock
 *
 * Then it throws, and passes the notification on, since it will not act on it.
 */
import { expectFunction, expectLimit, wrongType } from "../core/arguments.ts";
import { feeding, noteFeed } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { LockNotHeldError } from "./errors.ts";
import type { Guard } from "./guard.ts";
import { lineUp } from "./lineUp.ts";
import { Lock } from "./lock.ts";

/** What `condition.statistics()` tells. */
export interface ConditionStatistics {
  /** Whether somebody holds its lock. */
  readonly locked: boolean;
  /** How many wait to be notified; who waits for the lock is the lock's to tell. */
  readonly waiting: number;
}

/**
 * A lock, and a line of those who wait for something to change under it (`asyncio.Condition`).
 *
 * Notified tasks are woken first come, first served. Prints as `Condition { locked: false, waiting: 2 }`.
 *
 * **Cancellation:** a cancelled `wait` takes the lock again before it throws, so that `using` and `finally` release a
 * lock that is held. A notification is never lost: a cancelled task passes it on.
 *
 * @example
 * ```ts
 * import { Condition, createTask } from "ambit";
 *
 * const condition = new Condition();
 * const basket: string[] = [];
 * const eater = createTask(() =>
 *   condition.run(async () => {
 *     await condition.waitFor(() => basket.length > 0);
 *     return basket.pop();
 *   }));
 * await condition.run(() => (basket.push("apple"), condition.notify()));
 * await eater; // => "apple"
 * ```
 */
export class Condition {
  /** @internal */
  readonly waiters: WaitQueue = new WaitQueue();
  readonly #lock: Lock;

  /**
   * @param lock shared with others that change the same things; a new one when left out
   * @throws TypeError when `lock` is not a Lock
   */
  constructor(lock: Lock = new Lock()) {
    if (!(lock instanceof Lock)) throw wrongType("lock", "a Lock", lock);
    this.#lock = lock;
  }

  /** True while somebody holds the lock. */
  locked(): boolean {
    return this.#lock.locked();
  }

  /**
   * Takes the lock, see {@link Lock.acquire}.
   *
   * **Cancellation:** leaves the line, without the lock. Not waiting, it is no point of cancellation.
   */
  acquire(): Promise<Guard> {
    return this.#lock.acquire();
  }

  /** Takes the lock if it is free; null if it is not. */
  tryAcquire(): Guard | null {
    return this.#lock.tryAcquire();
  }

  /**
   * Releases the lock.
   * @throws {@link LockNotHeldError} when nobody holds it
   */
  release(): void {
    this.#lock.release();
  }

  /**
   * Runs the body with the lock, and releases it whatever happens.
   *
   * **Cancellation:** while it waits for the lock, the body does not run.
   *
   * @throws what the body throws
   */
  run<T>(body: () => T | PromiseLike<T>): Promise<T> {
    return this.#lock.run(body);
  }

  /**
   * Releases the lock, waits to be notified, takes the lock again.
   *
   * **Cancellation:** throws once it has the lock again, however often it is cancelled meanwhile; then the newest
   * CancelledError is thrown. A notification that it had received goes to the next.
   *
   * @throws {@link LockNotHeldError} when nobody holds the lock
   */
  async wait(): Promise<void> {
    this.#expectHeld("wait");
    const hold = this.#lock.pause();
    const interrupted = await caught(suspend<void, Condition>(lineUp, this, "Condition.wait"));
    const again = await this.#takeLock();
    this.#lock.resume(hold);
    if (interrupted === null && again !== null) this.#wake(1);
    const newest = again ?? interrupted;
    if (newest !== null) throw newest;
  }

  /** Takes the lock in spite of cancels; returns the newest. */
  async #takeLock(): Promise<Error | null> {
    let newest: Error | null = null;
    // In a scope that has ended every wait is refused, again and again; a protected one is not.
    while (!ambientScope().ended) {
      const error = await caught(this.#lock.acquire());
      if (error === null) return newest;
      newest = error;
    }
    await protect(() => this.#lock.acquire());
    return newest;
  }

  /**
   * Waits until the predicate is true, looking again after each notification; returns what it returned.
   *
   * **Cancellation:** as of {@link Condition.wait}.
   *
   * @param predicate called with the lock held; must not be async
   * @throws {@link LockNotHeldError} when nobody holds the lock and the predicate is not true
   * @throws what the predicate throws
   */
  async waitFor<T>(predicate: () => T): Promise<T> {
    expectFunction("predicate", predicate);
    let result = expectNoPromise(predicate());
    while (!result) {
      await this.wait();
      result = expectNoPromise(predicate());
    }
    return result;
  }

  /**
   * Wakes those who have waited longest; each goes on when it has the lock.
   *
   * @param count how many, an integer of at least 0, or Infinity; 1 when left out
   * @throws {@link LockNotHeldError} when nobody holds the lock
   */
  notify(count = 1): void {
    expectLimit("count", count, 0);
    this.#expectHeld("notify");
    if (feeding.noted) noteFeed(this, "notify");
    this.#wake(count);
  }

  /**
   * Wakes all that wait.
   * @throws {@link LockNotHeldError} when nobody holds the lock
   */
  notifyAll(): void {
    this.#expectHeld("notifyAll");
    if (feeding.noted) noteFeed(this, "notify");
    this.#wake(Infinity);
  }

  #wake(count: number): void {
    for (let left = Math.min(count, this.waiters.size); left > 0; left--)
      this.waiters.shift()?.resolve();
  }

  #expectHeld(operation: string): void {
    if (this.locked()) return;
    throw new LockNotHeldError(
      `${operation} on ${this[INSPECT]()}, whose lock nobody holds: acquire it first`,
    );
  }

  /** The state of the moment, frozen. */
  statistics(): ConditionStatistics {
    return Object.freeze({ locked: this.locked(), waiting: this.waiters.size });
  }

  /** @internal */
  [INSPECT](): string {
    return `Condition { locked: ${this.locked()}, waiting: ${this.waiters.size} }`;
  }
}

/** What the promise rejects with, or null. */
async function caught(promise: Promise<unknown>): Promise<Error | null> {
  try {
    await promise;
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** A promise is always truthy: an async predicate would never wait. */
function expectNoPromise<T>(result: T): T {
  if (result instanceof Promise)
    throw wrongType("predicate", "a function that returns no promise", result);
  return result;
}
