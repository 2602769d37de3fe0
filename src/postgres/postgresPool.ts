/*
 * The pool of ambit/postgres.
 */
import { expectInteger, wrongType } from "../core/arguments.ts";
import { Pool } from "../sql/pool.ts";
import { poolSettings } from "../sql/poolOptions.ts";
import { sql } from "../sql/statement.ts";
import { PostgresDriver, type PostgresOptions } from "./postgresDriver.ts";
import { Notifications } from "./notifications.ts";
import { POSTGRES, type PostgresLink } from "./postgresLink.ts";

/** A pool of connections to PostgreSQL, as {@link createPool} makes it. */
export class PostgresPool extends Pool {
  /** @internal */
  constructor(options: PostgresOptions) {
    const settings = poolSettings(options);
    super(new PostgresDriver(options, settings), POSTGRES, settings);
  }

  /**
   * Listens to channels: gives what is sent to them from now on. It keeps a connection of the pool until it is ended, by
   * leaving the loop or `await using`.
   *
   * @throws {@link DatabaseError} when it can't
   *
   * @example
   * ```ts
   * import { createPool } from "ambit/postgres";
   *
   * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
   * await using news = await pool.listen("orders");
   * await pool.notify("orders", "17");
   * for await (const { channel, payload } of news) {
   *   console.log(channel, payload); // => orders 17
   *   break;
   * }
   * ```
   */
  async listen(...channels: readonly string[]): Promise<Notifications> {
    if (channels.length === 0) throw wrongType("channels", "at least one name", channels);
    const link = (this.lendNow() ?? (await this.lend())) as PostgresLink;
    const notifications = new Notifications(this.links, link);
    try {
      await notifications.listen(channels);
      return notifications;
    } catch (error) {
      await notifications.return();
      throw error;
    }
  }

  /**
   * Sends a notification to who listens to a channel. In a transaction, `pg_notify` sends it with the COMMIT.
   * @param payload a text of less than 8000 bytes
   */
  async notify(channel: string, payload = ""): Promise<void> {
    await this.execute(sql`select pg_notify(${channel}, ${payload})`);
  }
}

/**
 * Makes a pool of connections to PostgreSQL (`asyncpg.create_pool`). Nothing is opened until the first statement.
 *
 * Made in a task, it closes itself when the run ends; otherwise `await using`, or `close()`, ends it.
 *
 * @throws TypeError or RangeError for an option that is none
 *
 * @example
 * ```ts
 * import { createPool, sql } from "ambit/postgres";
 *
 * await using pool = createPool({ url: process.env["POSTGRES_URL"] ?? "postgres://localhost/shop" });
 * const name = "Ada";
 * const greetings = await pool.query(sql`select ${name}::text as name, 'hello' as text`);
 * greetings; // => [{ name: "Ada", text: "hello" }]
 * ```
 */
export function createPool(options: PostgresOptions = {}): PostgresPool {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const { preparedStatements = 256 } = options;
  expectInteger("options.preparedStatements", preparedStatements, 0);
  return new PostgresPool(options);
}
