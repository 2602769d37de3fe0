// The same of mysql2 and mariadb by themselves, as their manuals do it.
import { createPool as createMariadbPool } from "mariadb";
import mysql2 from "mysql2/promise";
import { BULK, STREAMED } from "./driversAmbit.mjs";

const ONE = "select 1 as one";
const BY_KEY = "select id, word from items where id = ?";
const PARTS = "select id, word from `items` where id in (?, ?)";
const HUNDRED = "select id, word from items where id < ?";
const INSERT = "insert into added values (?, ?)";
const SEE = "update items set seen = seen + 1 where id = ?";
const LISTS = BULK.map(({ id, word }) => [id, word]);
/** How many rows a prepared statement inserts. */
const ROWS = 256;

/** @param {string} url @param {number} connections */
function mysql2Pool(url, connections) {
  return mysql2.createPool({
    uri: url,
    connectionLimit: connections,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  });
}

/** @param {string} url @param {number} connections @returns {Partial<import("./drivers.mjs").Doing>} */
export function mysql2InText(url, connections) {
  const pool = mysql2Pool(url, connections);
  return {
    async bulk() {
      const text = "insert into many (id, word) values ?";
      return /** @type {any} */ ((await pool.query(text, [LISTS]))[0]).affectedRows;
    },
    end: () => pool.end(),
  };
}

/** @param {string} url @param {number} connections @returns {import("./drivers.mjs").Doing} */
export function mysql2Does(url, connections) {
  const pool = mysql2Pool(url, connections);
  /** @param {{ execute: Function }} at @param {string} text @param {unknown[]} values @returns {Promise<any>} */
  const execute = async (at, text, values) => (await at.execute(text, values))[0];
  return {
    one: async () => /** @type {any} */ ((await pool.query(ONE))[0]).length,
    byKey: async (i) => (await execute(pool, BY_KEY, [i])).length,
    parts: async (i) => (await execute(pool, PARTS, [i, i + 1])).length,
    hundred: async () => (await execute(pool, HUNDRED, [100])).length,
    insert: async (i) => (await execute(pool, INSERT, [i, "word"])).affectedRows,
    async transaction(i) {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        const rows = await execute(connection, BY_KEY, [i]);
        const { affectedRows } = await execute(connection, SEE, [i]);
        await connection.commit();
        return rows.length + affectedRows;
      } finally {
        connection.release();
      }
    },
    async stream() {
      let count = 0;
      const connection = await pool.getConnection();
      try {
        const { connection: raw } = /** @type {any} */ (connection);
        const rows = raw.execute(HUNDRED, [STREAMED]).stream();
        for await (const { id } of rows) if (Number(id) >= 0) count++;
        return count;
      } finally {
        connection.release();
      }
    },
    async bulk() {
      let count = 0;
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        for (let at = 0; at < LISTS.length; at += ROWS) {
          const rows = LISTS.slice(at, at + ROWS);
          const text = `insert into many (id, word) values ${rows.map(() => "(?, ?)").join(", ")}`;
          count += (await execute(connection, text, rows.flat())).affectedRows;
        }
        await connection.commit();
        return count;
      } finally {
        connection.release();
      }
    },
    end: () => pool.end(),
  };
}

/** @param {string} url @param {number} connections @returns {import("./drivers.mjs").Doing} */
export function mariadbDoes(url, connections) {
  const { hostname, port, username, password, pathname } = new URL(url);
  const pool = createMariadbPool({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    connectionLimit: connections,
    dateStrings: true,
  });
  return {
    one: async () => (await pool.query(ONE)).length,
    byKey: async (i) => (await pool.execute(BY_KEY, [i])).length,
    parts: async (i) => (await pool.execute(PARTS, [i, i + 1])).length,
    hundred: async () => (await pool.execute(HUNDRED, [100])).length,
    insert: async (i) => (await pool.execute(INSERT, [i, "word"])).affectedRows,
    async transaction(i) {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        const rows = await connection.execute(BY_KEY, [i]);
        const { affectedRows } = await connection.execute(SEE, [i]);
        await connection.commit();
        return rows.length + affectedRows;
      } finally {
        await connection.release();
      }
    },
    async stream() {
      let count = 0;
      const connection = await pool.getConnection();
      try {
        const rows = connection.queryStream(HUNDRED, [STREAMED]);
        for await (const { id } of rows) if (Number(id) >= 0) count++;
        return count;
      } finally {
        await connection.release();
      }
    },
    async bulk() {
      const text = "insert into many (id, word) values (?, ?)";
      const result = /** @type {any} */ (await pool.batch(text, LISTS));
      return result.affectedRows;
    },
    end: () => pool.end(),
  };
}
