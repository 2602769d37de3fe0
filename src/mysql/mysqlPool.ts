/*
 * The pool of ambit/mysql.
 */
import { expectInteger, wrongType } from "../core/arguments.ts";
import { Pool } from "../sql/pool.ts";
import { poolSettings } from "../sql/poolOptions.ts";
import { MysqlDriver, type MysqlOptions } from "./mysqlDriver.ts";
import { MYSQL } from "./mysqlLink.ts";

/** A pool of connections to MySQL or MariaDB, as {@link createPool} makes it. */
export class MysqlPool extends Pool {
  /** @internal */
  constructor(options: MysqlOptions) {
    const settings = poolSettings(options);
    super(new MysqlDriver(options, settings), MYSQL, settings);
  }
}

/**
 * Makes a pool of connections to MySQL or MariaDB (`aiomysql.create_pool`). Nothing is opened until the first statement;
 * then one connection more than statements need is, over which they can be stopped.
 *
 * Made in a task, it closes itself when the run ends; otherwise `await using`, or `close()`, ends it.
 *
 * @throws TypeError or RangeError for an option that is none
 *
 * @example
 * ```ts
 * import { createPool, sql } from "ambit/mysql";
 *
 * await using pool = createPool({ url: process.env["MYSQL_URL"] ?? "mysql://app:secret@localhost/shop" });
 * const name = "Ada";
 * const greetings = await pool.query(sql`select ${name} as name, 'hello' as text`);
 * greetings; // => [{ name: "Ada", text: "hello" }]
 * ```
 */
export function createPool(options: MysqlOptions = {}): MysqlPool {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const { preparedStatements = 256 } = options;
  expectInteger("options.preparedStatements", preparedStatements, 1);
  return new MysqlPool(options);
}
