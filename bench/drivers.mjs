// Databases: statements through ambit/postgres and ambit/mysql, and through the pools of the drivers that they stand on.
//
// 64 callers share 10 connections of a private server. The drivers are used the way that Ambit uses them: statements with
// parameters are prepared, by name on PostgreSQL.
import { createRequire } from "node:module";
import { createPool as createMysqlPool, sql } from "../dist/mysql/index.js";
import { createPool as createPostgresPool } from "../dist/postgres/index.js";
import { startMariadb, startPostgres } from "../scripts/databaseServers.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** Runs one statement and tells how many rows came or were made. @typedef {(i: number) => Promise<number>} One */

const STATEMENTS = 1000;
const CALLERS = 64;
const CONNECTIONS = 10;
const ROWS = 100;
/** At least 0.9 times the driver's throughput. */
const TARGET = { 20: 1.11, 26: 1.11 };

const requireHere = createRequire(import.meta.url);
const postgres = await startPostgres();
const mariadb = await startMariadb();
const ours = {
  postgres: createPostgresPool({ url: postgres.url, max: CONNECTIONS }),
  mysql: createMysqlPool({ url: mariadb.url, max: CONNECTIONS }),
};
const bare = {
  postgres: new (requireHere("pg").Pool)({ connectionString: postgres.url, max: CONNECTIONS }),
  mysql: requireHere("mysql2/promise").createPool({
    uri: mariadb.url,
    connectionLimit: CONNECTIONS,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  }),
};

// Its connections hear of the server's end after `end()` has settled.
bare.postgres.on("error", () => {});

for (const pool of Object.values(ours)) {
  await pool.execute(sql`create table items (id int primary key, word varchar(40))`);
  await pool.execute(sql`create table added (id int, word varchar(40))`);
  const rows = Array.from({ length: 1000 }, (_, id) => ({ id, word: `word ${id}` }));
  await pool.insertMany("items", rows);
}

/** @param {One} one @returns {() => Promise<number>} */
function many(one) {
  return async () => {
    let sum = 0;
    let next = 0;
    const caller = async () => {
      while (next < STATEMENTS) {
        const got = await one(next++);
        sum += got;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return sum;
  };
}

/** @param {string} text @param {(i: number) => unknown[]} values @returns {One} */
function barePostgres(text, values) {
  const name = `bench ${text}`;
  return async (i) => {
    const result = await bare.postgres.query({ name, text, values: values(i) });
    return result.rowCount;
  };
}

/** @param {string} text @param {(i: number) => unknown[]} values @returns {One} */
function bareMysql(text, values) {
  return async (i) => {
    const parameters = values(i);
    const [result] =
      parameters.length === 0
        ? await bare.mysql.query(text)
        : await bare.mysql.execute(text, parameters);
    return Array.isArray(result) ? result.length : result.affectedRows;
  };
}

const WORKS = [
  {
    what: "SELECT 1",
    text: "select 1 as one",
    values: () => [],
    rows: 1,
    /** @param {import("../dist/sql/pool.js").Pool} pool @returns {One} */
    ambit: (pool) => async () => (await pool.query(sql`select 1 as one`)).length,
  },
  {
    what: "one row by its key",
    text: "select id, word from items where id = ?",
    values: (/** @type {number} */ i) => [i % 1000],
    rows: 1,
    /** @param {import("../dist/sql/pool.js").Pool} pool @returns {One} */
    ambit: (pool) => async (i) =>
      (await pool.query(sql`select id, word from items where id = ${i % 1000}`)).length,
  },
  {
    what: `${ROWS} rows`,
    text: "select id, word from items where id < ?",
    values: () => [ROWS],
    rows: ROWS,
    /** @param {import("../dist/sql/pool.js").Pool} pool @returns {One} */
    ambit: (pool) => async () =>
      (await pool.query(sql`select id, word from items where id < ${ROWS}`)).length,
  },
  {
    what: "INSERT",
    text: "insert into added values (?, ?)",
    values: (/** @type {number} */ i) => [i, "word"],
    rows: 1,
    /** @param {import("../dist/sql/pool.js").Pool} pool @returns {One} */
    ambit: (pool) => async (i) =>
      (await pool.execute(sql`insert into added values (${i}, ${"word"})`)).affectedRows,
  },
];

/** @param {string} text */
function numbered(text) {
  let number = 0;
  return text.replaceAll("?", () => `$${++number}`);
}

/** @type {Comparison[]} */
export const comparisons = WORKS.flatMap(({ what, text, values, rows, ambit }) => [
  {
    what: `PostgreSQL: ${what}, ${CALLERS} at a time`,
    result: STATEMENTS * rows,
    ambit: many(ambit(ours.postgres)),
    rivals: [{ name: "pg", target: TARGET, work: many(barePostgres(numbered(text), values)) }],
  },
  {
    what: `MariaDB: ${what}, ${CALLERS} at a time`,
    result: STATEMENTS * rows,
    ambit: many(ambit(ours.mysql)),
    rivals: [{ name: "mysql2", target: TARGET, work: many(bareMysql(text, values)) }],
  },
]);

/** Nothing more is measured: the pools and servers are closed. @returns {Promise<[]>} */
export async function measure() {
  await Promise.all([ours.postgres.close(), ours.mysql.close()]);
  await Promise.all([bare.postgres.end(), bare.mysql.end()]);
  await Promise.all([postgres.stop(), mariadb.stop()]);
  return [];
}
