/*
 * ReadWriteLock: many readers or one writer.
 *
 * Strategy: fair. There is one line for both, first come, first served; readers that stand next to each other go in
 * together. A reader that comes while a writer waits stands behind it, so a stream of readers cannot starve a writer;
 * and since writers do not pass readers, a stream of writers cannot starve a reader, which a lock that prefers writers
 * would allow. The price is some parallelism: a reader may wait though only readers are inside.
 * Limits: not re-entrant, and reading cannot become writing: a task that waits to write while it reads waits for itself,
 * and so does one that waits to read a second time behind a writer that waits for it.
 */
import { expectFunction } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { Task } from "../core/task.ts";
import { HOLDERS } from "../core/targets.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { LockNotHeldError } from "./errors.ts";
import { type Guard, guardFor, type Hold, taskOf } from "./guard.ts";
import { Holds } from "./holds.ts";
import { scopeOf } from "./lineUp.ts";

/** What `lock.statistics()` of a ReadWriteLock tells. */
export interface ReadWriteLockStatistics {
  /** How many hold it for reading. */
  readonly readers: number;
  /** Whether somebody holds it for writing. */
  readonly writing: boolean;
  /** How many wait for it. */
  readonly waiting: number;
}

type Purpose = "read" | "write";

/**
 * A lock that many may hold for reading, or one for writing; fair: first come, first served, readers in a row together.
 *
 * Neither readers nor writers starve. Not re-entrant. Prints as `ReadWriteLock { readers: 2, writing: false, waiting: 1 }`.
 *
 * **Cancellation:** a cancelled acquire does not have the lock and leaves the line, and lets in who waited only for it. A
 * lock that was handed over is never lost: the cancel comes at the next wait, and `using` or `finally` releases.
 *
 * @example
 * ```ts
 * import { gather, ReadWriteLock, sleep } from "ambit";
 *
 * const lock = new ReadWriteLock();
 * const log: string[] = [];
 * const read = () => lock.runRead(() => sleep(1).then(() => log.push("read")));
 * const write = () => lock.runWrite(() => log.push("write"));
 * await gather([read, read, write, read]);
 * log; // => ["read", "read", "write", "read"]
 * ```
 */
export class ReadWriteLock {
  readonly #waiters = new WaitQueue<Guard>();
  readonly #readHolds = new Holds();
  #readers = 0;
  #writer: Hold | null = null;
  #lastWriter: Hold | null = null;

  /** True when `acquireRead` would wait. */
  readLocked(): boolean {
    return this.#writer !== null || this.#waiters.size > 0;
  }

  /** True when `acquireWrite` would wait. */
  writeLocked(): boolean {
    return this.readLocked() || this.#readers > 0;
  }

  /**
   * Takes the lock for reading; waits while somebody writes, or waits before.
   *
   * **Cancellation:** leaves the line, without the lock. Not waiting, it is no point of cancellation.
   *
   * @returns a guard, for `using`; who calls `releaseRead()` instead needs none
   */
  acquireRead(): Promise<Guard> {
    if (!this.readLocked()) return this.#lendRead(ambientScope()).promise;
    return suspend<Guard, ReadWriteLock>(lineUpToRead, this, "ReadWriteLock.acquireRead");
  }

  /**
   * Takes the lock for writing; waits while anybody has it, or waits before.
   *
   * **Cancellation:** leaves the line, without the lock. Not waiting, it is no point of cancellation.
   *
   * @returns a guard, for `using`; who calls `releaseWrite()` instead needs none
   */
  acquireWrite(): Promise<Guard> {
    if (!this.writeLocked()) return this.#lendWrite(ambientScope()).promise;
    return suspend<Guard, ReadWriteLock>(lineUpToWrite, this, "ReadWriteLock.acquireWrite");
  }

  /**
   * Ends one reading, whoever reads.
   * @throws {@link LockNotHeldError} when nobody holds it for reading
   */
  releaseRead(): void {
    this.#expectReaders();
    this.#readHolds.removeOne();
    this.#endRead();
  }

  /**
   * Ends the writing, whoever writes.
   * @throws {@link LockNotHeldError} when nobody holds it for writing
   */
  releaseWrite(): void {
    if (this.#writer === null) throw this.#notHeld("releaseWrite", "writing");
    this.#writer.end();
    this.#endWrite();
  }

  /**
   * Runs the body with the lock for reading, and releases it whatever happens.
   *
   * **Cancellation:** while it waits for the lock, the body does not run.
   *
   * @throws what the body throws
   */
  async runRead<T>(body: () => T | PromiseLike<T>): Promise<T> {
    expectFunction("body", body);
    return runWith(await this.acquireRead(), body);
  }

  /**
   * Runs the body with the lock for writing, and releases it whatever happens.
   *
   * **Cancellation:** while it waits for the lock, the body does not run.
   *
   * @throws what the body throws
   */
  async runWrite<T>(body: () => T | PromiseLike<T>): Promise<T> {
    expectFunction("body", body);
    return runWith(await this.acquireWrite(), body);
  }

  /** The numbers of the moment, frozen. */
  statistics(): ReadWriteLockStatistics {
    return Object.freeze({
      readers: this.#readers,
      writing: this.#writer !== null,
      waiting: this.#waiters.size,
    });
  }

  /** @internal */
  join(wait: Wait<Guard>, purpose: Purpose): void {
    wait.token = purpose;
    this.#waiters.push(wait);
  }

  /** @internal */
  leave(wait: Wait<Guard>): void {
    this.#waiters.remove(wait);
    this.#letIn();
  }

  #letIn(): void {
    for (let next = this.#next(); next !== null; next = this.#next()) {
      this.#waiters.remove(next);
      next.resolve(this.#grant(next.token as Purpose, scopeOf(next)));
    }
  }

  /** The first of the line, if it may go in now. */
  #next(): Wait<Guard> | null {
    const { first } = this.#waiters;
    if (first === null || this.#writer !== null) return null;
    return first.token === "read" || this.#readers === 0 ? first : null;
  }

  /** Lends to a scope that waited: never the guard of whoever has just released, and may call it again. */
  #grant(purpose: Purpose, scope: Scope): Hold {
    if (purpose === "read") {
      this.#readers++;
      return this.#readHolds.lendAnew(this, scope);
    }
    this.#lastWriter = null;
    return this.#lendWrite(scope);
  }

  #lendRead(scope: Scope): Hold {
    this.#readers++;
    return this.#readHolds.lend(this, scope);
  }

  #lendWrite(scope: Scope): Hold {
    const hold = guardFor(this.#lastWriter, this, scope);
    this.#writer = this.#lastWriter = hold;
    return hold.lend();
  }

  /** @internal */
  takeBack(hold: Hold): void {
    if (hold === this.#writer) return this.#endWrite();
    this.#expectReaders();
    this.#readHolds.remove(hold);
    this.#endRead();
  }

  #endRead(): void {
    this.#readers--;
    this.#letIn();
  }

  #endWrite(): void {
    this.#writer = null;
    this.#letIn();
  }

  #expectReaders(): void {
    if (this.#readers === 0) throw this.#notHeld("releaseRead", "reading");
  }

  #notHeld(operation: string, purpose: string): LockNotHeldError {
    return new LockNotHeldError(
      `${operation} on ${this[INSPECT]()}, which nobody holds for ${purpose}: acquire it first`,
    );
  }

  /** @internal */
  [HOLDERS](): readonly (Task<unknown> | null)[] {
    return this.#writer === null ? this.#readHolds.holders() : [taskOf(this.#writer.holder)];
  }

  /** @internal */
  [INSPECT](): string {
    const { readers, writing, waiting } = this.statistics();
    return `ReadWriteLock { readers: ${readers}, writing: ${writing}, waiting: ${waiting} }`;
  }
}

function lineUpToRead(wait: Wait<Guard>, lock: ReadWriteLock): Cleanup<Guard, ReadWriteLock> {
  lock.join(wait, "read");
  return leave;
}

function lineUpToWrite(wait: Wait<Guard>, lock: ReadWriteLock): Cleanup<Guard, ReadWriteLock> {
  lock.join(wait, "write");
  return leave;
}

function leave(wait: Wait<Guard>, lock: ReadWriteLock): void {
  lock.leave(wait);
}

async function runWith<T>(guard: Guard, body: () => T | PromiseLike<T>): Promise<T> {
  try {
    return await body();
  } finally {
    guard[Symbol.dispose]();
  }
}
