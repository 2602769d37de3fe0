/*
 * A connection that somebody has for himself: for what belongs to one session, such as temporary tables and locks.
 *
 * Strategy: statements wait in line, one at a time. On the way back it is made what it was, or replaced.
 */
import { protect } from "../core/shield.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Guard } from "../sync/guard.ts";
import { Lock } from "../sync/lock.ts";
import type { Dialect } from "./dialect.ts";
import { TransactionStateError } from "./errors.ts";
import { LeakWatch } from "./leaks.ts";
import type { Link } from "./link.ts";
import type { LinkPool } from "./linkPool.ts";
import type { PoolSettings } from "./poolOptions.ts";
import { expectBody, Queries } from "./queries.ts";
import {
  type Transaction,
  type TransactionOptions,
  transact,
  transactionOn,
} from "./transaction.ts";

/**
 * One connection of a pool, until it is released: `await using connection = await pool.acquire()`.
 *
 * It belongs to the task that acquired it: when that has ended, a connection that was not released is destroyed and
 * reported. Prints as `Connection { peer: 'postgres at 127.0.0.1:5432', released: false }`.
 */
export class Connection extends Queries implements AsyncDisposable {
  /** @internal */
  readonly settings: PoolSettings;
  /** @internal */
  readonly dialect: Dialect;
  /** @internal */
  readonly inTransaction = false;
  readonly #pool: LinkPool<Link>;
  readonly #watch: LeakWatch;
  readonly #line = new Lock();
  #link: Link | null;
  #guard: Guard | null = null;

  /** @internal */
  constructor(pool: LinkPool<Link>, link: Link) {
    super();
    this.#pool = pool;
    this.#link = link;
    this.settings = pool.settings;
    this.dialect = link.dialect;
    this.#watch = new LeakWatch(this, `a connection to ${link.peer}`, () => {
      pool.leaked++;
      link.destroy("it was not released");
      pool.giveBack(link);
    });
  }

  /**
   * Runs the body in a transaction of this connection. See `pool.transaction`.
   * @throws what the body throws
   */
  async transaction<T>(
    body: (transaction: Transaction) => T | PromiseLike<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    expectBody(body);
    return await transact(options, async (begin) => {
      const link = this.lendNow() ?? (await this.lend());
      try {
        return await transactionOn(link, this.settings, begin, body);
      } finally {
        this.takeBack();
      }
    });
  }

  /**
   * Gives it back, after an end to an open transaction and to what was set on it. Releasing it again does nothing.
   *
   * **Cancellation:** waits until it is done, `killTimeout` at the longest.
   */
  async release(): Promise<void> {
    const link = this.#link;
    if (link === null) return;
    this.#link = null;
    this.#watch.end();
    try {
      if (link.busy) await protect(() => this.#line.acquire());
      await link.tidy(() => link.reset());
    } finally {
      this.#pool.giveBack(link);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** @internal */
  lendNow(): Link | null {
    const link = this.#expectHeld();
    const guard = this.#line.tryAcquire();
    if (guard === null) return null;
    this.#guard = guard;
    return link;
  }

  /** @internal */
  async lend(): Promise<Link> {
    this.#guard = await this.#line.acquire();
    try {
      return this.#expectHeld();
    } catch (error) {
      this.takeBack();
      throw error;
    }
  }

  /** @internal */
  takeBack(): void {
    const guard = this.#guard;
    this.#guard = null;
    guard?.release();
  }

  /** The link, for what the databases add. @internal */
  get link(): Link {
    return this.#expectHeld();
  }

  #expectHeld(): Link {
    if (this.#link === null)
      throw new TransactionStateError("the connection was released: acquire another one");
    return this.#link;
  }

  /** @internal */
  [INSPECT](): string {
    const peer = this.#link?.peer ?? "";
    return `Connection { peer: '${peer}', released: ${this.#link === null} }`;
  }
}
