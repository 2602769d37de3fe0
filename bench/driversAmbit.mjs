// What is asked of databases in `drivers.mjs`, through Ambit.
import { sql } from "../dist/mysql/index.js";

export const STREAMED = 5000;
const KEYS = 5000;

/** The rows of a bulk insert. */
export const BULK = Array.from({ length: 5000 }, (_, id) => ({ id, word: `word ${id}` }));

/** @param {import("../dist/sql/pool.js").Pool} pool */
export function ambitDoes(pool) {
  return {
    /** @param {readonly string[]} tables */
    async setUp(tables) {
      for (const text of tables) await pool.execute(sql.raw(text));
      const rows = Array.from({ length: KEYS }, (_, id) => ({ id, word: `word ${id}`, seen: 0 }));
      await pool.insertMany("items", rows);
    },
    one: async () => (await pool.query(sql`select 1 as one`)).length,
    byKey: async (/** @type {number} */ i) =>
      (await pool.query(sql`select id, word from items where id = ${i}`)).length,
    parts: async (/** @type {number} */ i) => {
      const table = sql.identifier("items");
      const keys = sql.list([i, i + 1]);
      return (await pool.query(sql`select id, word from ${table} where id in ${keys}`)).length;
    },
    hundred: async () =>
      (await pool.query(sql`select id, word from items where id < ${100}`)).length,
    insert: async (/** @type {number} */ i) =>
      (await pool.execute(sql`insert into added values (${i}, ${"word"})`)).affectedRows,
    transaction: (/** @type {number} */ i) =>
      pool.transaction(async (transaction) => {
        const rows = await transaction.query(sql`select id, word from items where id = ${i}`);
        const change = sql`update items set seen = seen + 1 where id = ${i}`;
        return rows.length + (await transaction.execute(change)).affectedRows;
      }),
    async stream() {
      let count = 0;
      const rows = pool.stream(sql`select id, word from items where id < ${STREAMED}`);
      for await (const { id } of rows) if (Number(id) >= 0) count++;
      return count;
    },
    bulk: () => pool.insertMany("many", BULK),
    end: () => pool.close(),
  };
}
