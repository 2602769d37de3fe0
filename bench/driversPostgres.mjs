// The same of pg (with pg-query-stream and pg-copy-streams, its own way to streams) and postgres by themselves.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Pool } from "pg";
import copy from "pg-copy-streams";
import QueryStream from "pg-query-stream";
import postgres from "postgres";
import { BULK, STREAMED } from "./driversAmbit.mjs";

const BY_KEY = "select id, word from items where id = $1";
const PARTS = 'select id, word from "items" where id in ($1, $2)';
const HUNDRED = "select id, word from items where id < $1";
const INSERT = "insert into added values ($1, $2)";
const SEE = "update items set seen = seen + 1 where id = $1";
const COPY = "copy many (id, word) from stdin";
const BATCH = 500;

/** What COPY reads, in pieces; tabs, line ends and backslashes have to be written otherwise. */
function* copyText() {
  for (let at = 0; at < BULK.length; at += BATCH) {
    let text = "";
    for (const { id, word } of BULK.slice(at, at + BATCH)) {
      text += `${id}\t${word.replaceAll(/[\\\t\n\r]/g, (found) => `\\${found}`)}\n`;
    }
    yield text;
  }
}

/** @param {string} url @param {number} connections @returns {import("./drivers.mjs").Doing} */
export function pgDoes(url, connections) {
  const pool = new Pool({ connectionString: url, max: connections });
  // Its connections hear of the server's end after `end()` has settled.
  pool.on("error", () => {});
  /** @param {Pool | import("pg").PoolClient} at @param {string} text @param {unknown[]} values */
  const query = (at, text, values) => at.query({ name: `bench ${text}`, text, values });
  return {
    one: async () => (await query(pool, "select 1 as one", [])).rows.length,
    byKey: async (i) => (await query(pool, BY_KEY, [i])).rows.length,
    parts: async (i) => (await query(pool, PARTS, [i, i + 1])).rows.length,
    hundred: async () => (await query(pool, HUNDRED, [100])).rows.length,
    insert: async (i) => (await query(pool, INSERT, [i, "word"])).rowCount ?? 0,
    async transaction(i) {
      const client = await pool.connect();
      try {
        await client.query("begin");
        const { rows } = await query(client, BY_KEY, [i]);
        const { rowCount } = await query(client, SEE, [i]);
        await client.query("commit");
        return rows.length + (rowCount ?? 0);
      } finally {
        client.release();
      }
    },
    async stream() {
      let count = 0;
      const client = await pool.connect();
      try {
        const rows = client.query(new QueryStream(HUNDRED, [STREAMED], { batchSize: BATCH }));
        for await (const { id } of rows) if (Number(id) >= 0) count++;
        return count;
      } finally {
        client.release();
      }
    },
    async bulk() {
      const client = await pool.connect();
      try {
        const into = client.query(copy.from(COPY));
        await pipeline(Readable.from(copyText()), into);
        return into.rowCount;
      } finally {
        client.release();
      }
    },
    end: () => pool.end(),
  };
}

/** @param {string} url @param {number} connections @returns {import("./drivers.mjs").Doing} */
export function postgresDoes(url, connections) {
  const sql = postgres(url, { max: connections, onnotice: () => {} });
  return {
    one: async () => (await sql`select 1 as one`).length,
    byKey: async (i) => (await sql`select id, word from items where id = ${i}`).length,
    parts: async (i) =>
      (await sql`select id, word from ${sql("items")} where id in ${sql([i, i + 1])}`).length,
    hundred: async () => (await sql`select id, word from items where id < ${100}`).length,
    insert: async (i) => (await sql`insert into added values (${i}, ${"word"})`).count,
    transaction: async (i) =>
      await sql.begin(async (transaction) => {
        const rows = await transaction`select id, word from items where id = ${i}`;
        const change = await transaction`update items set seen = seen + 1 where id = ${i}`;
        return rows.length + change.count;
      }),
    async stream() {
      let count = 0;
      const rows = sql`select id, word from items where id < ${STREAMED}`.cursor(BATCH);
      for await (const batch of rows) for (const { id } of batch) if (Number(id) >= 0) count++;
      return count;
    },
    async bulk() {
      const into = await sql`copy many (id, word) from stdin`.writable();
      await pipeline(Readable.from(copyText()), into);
      return BULK.length;
    },
    end: () => sql.end(),
  };
}
