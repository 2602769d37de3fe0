/*
 * A pool of connections: what both databases' pools are.
 *
 * Strategy: a statement borrows a connection for as long as it runs. The pool closes itself when the run ends that it was
 * made in; made outside of any, it is closed by whoever made it.
 */
import { INSPECT } from "../core/inspection.ts";
import { onRunnerEnd } from "../core/run.ts";
import { Connection } from "./connection.ts";
import type { Dialect } from "./dialect.ts";
import type { Link } from "./link.ts";
import { LinkPool } from "./linkPool.ts";
import type { PoolDriver } from "./poolDriver.ts";
import type { PoolStatistics } from "./poolStatistics.ts";
import type { PoolSettings } from "./poolOptions.ts";
import { expectBody, Queries } from "./queries.ts";
import {
  type Transaction,
  type TransactionOptions,
  transact,
  transactionOn,
} from "./transaction.ts";

/**
 * A pool of connections to one database, served first come, first served.
 *
 * **Cancellation:** who waits for a connection leaves the queue; who has one gives it back.
 */
export abstract class Pool extends Queries implements AsyncDisposable {
  /** @internal */
  readonly settings: PoolSettings;
  /** @internal */
  readonly dialect: Dialect;
  /** @internal */
  readonly inTransaction = false;
  /** @internal */
  readonly links: LinkPool<Link>;
  readonly #forget: () => void;

  /** @internal */
  constructor(driver: PoolDriver<Link>, dialect: Dialect, settings: PoolSettings) {
    super();
    this.settings = settings;
    this.dialect = dialect;
    this.links = new LinkPool(driver, settings);
    // Its tasks have ended: what is still in use nobody will give back.
    this.#forget = onRunnerEnd(() => this.links.close(0));
  }

  /**
   * Runs the body in a transaction: what it did is committed when it returns, and undone when it throws or is cancelled.
   * Statements go through the transaction that the body is given; its `transaction` nests.
   *
   * **Cancellation:** stops the statement that runs, rolls back, then passes on. A COMMIT that was sent is waited for,
   * and the cancel comes at the next wait.
   *
   * @throws what the body throws
   * @throws {@link TransactionConflictError} when another transaction was in the way, `attempts` times
   * @throws {@link TransactionAbortedError} when a statement was cut short, or on PostgreSQL failed, and the error was caught
   * @throws {@link CommitUnknownError} when the connection broke during the COMMIT
   *
   * @example
   * ```ts
   * import { createPool, sql } from "ambit/postgres";
   *
   * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
   * await pool.execute(sql`create table accounts as select id, 100 as cents from generate_series(1, 2) id`);
   * await pool.transaction(
   *   async (transaction) => {
   *     await transaction.execute(sql`update accounts set cents = cents - 5 where id = 1`);
   *     await transaction.execute(sql`update accounts set cents = cents + 5 where id = 2`);
   *   },
   *   { attempts: 5 },
   * );
   * await pool.query(sql`select cents from accounts order by id`); // => [{ cents: 95 }, { cents: 105 }]
   * ```
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
        this.takeBack(link);
      }
    });
  }

  /**
   * A connection of one's own, after waiting for it: `await using connection = await pool.acquire()`.
   *
   * **Cancellation:** leaves the queue; nothing is taken.
   *
   * @throws {@link PoolTimeoutError} when none was free within `acquireTimeout`
   * @throws {@link DatabaseConnectionError} when none could be opened
   * @throws {@link PoolClosedError} when the pool is closed
   *
   * @example
   * ```ts
   * import { createPool, sql } from "ambit/postgres";
   *
   * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
   * await using connection = await pool.acquire();
   * await connection.execute(sql`create temporary table seen (id int)`);
   * await connection.execute(sql`insert into seen values (${1}), (${2})`);
   * await connection.queryValue(sql`select count(*)::int from seen`); // => 2
   * ```
   */
  async acquire(): Promise<Connection> {
    return this.wrap(this.links.takeNow() ?? (await this.links.acquire()));
  }

  /** @internal */
  protected wrap(link: Link): Connection {
    return new Connection(this.links, link);
  }

  /**
   * Closes the pool: who waits for a connection is refused, those in use are waited for, for `closeTimeout` at the
   * longest, all are closed.
   *
   * **Cancellation:** the waiting ends; the pool is closed all the same, and connections follow as they come back.
   */
  async close(): Promise<void> {
    this.#forget();
    await this.links.close(this.settings.closeTimeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The numbers of the moment, frozen. */
  statistics(): PoolStatistics {
    return this.links.statistics();
  }

  /** @internal */
  lendNow(): Link | null {
    return this.links.takeNow();
  }

  /** @internal */
  lend(): Promise<Link> {
    return this.links.acquire();
  }

  /** @internal */
  takeBack(link: Link): void {
    this.links.giveBack(link);
  }

  /** @internal */
  [INSPECT](): string {
    const { size, idle, inUse, waiting } = this.statistics();
    const numbers = `size: ${size}, idle: ${idle}, inUse: ${inUse}, waiting: ${waiting}`;
    return `${this.constructor.name} { ${numbers} }`;
  }
}
