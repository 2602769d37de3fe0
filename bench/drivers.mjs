// Databases: what `ambit/postgres` and `ambit/mysql` do, and what the drivers that they stand on do by themselves; beside
// them, two other drivers.
//
// 64 callers share 10 connections of a private server, and what comes is counted. CPU time of this process comes first: the
// servers run on the same cores, and wall time tells of them too. Targets are for the drivers that Ambit stands on, at
// least 0.9 times their throughput. mysql2 is told to lose no digits, as Ambit tells it.
import { createPool as createMysqlPool } from "../dist/mysql/index.js";
import { createPool as createPostgresPool } from "../dist/postgres/index.js";
import { startMariadb, startPostgres } from "../scripts/databaseServers.mjs";
import { ambitDoes } from "./driversAmbit.mjs";
import { mariadbDoes, mysql2Does, mysql2InText } from "./driversMysql.mjs";
import { pgDoes, postgresDoes } from "./driversPostgres.mjs";
import { figuresOf, inTurn } from "./inTurn.mjs";
import { timed } from "./timed.mjs";

/** One call gives how many rows came or were made; `i` tells it from the others. @typedef {(i: number) => Promise<number>} Does */
/** What each can be asked for, and its end. @typedef {{ one: Does, byKey: Does, parts: Does, hundred: Does, insert: Does, transaction: Does, stream: Does, bulk: Does, end: () => Promise<unknown> }} Doing */
/** @typedef {Exclude<keyof Doing, "end">} Piece */
/** Who lacks a piece is left out of it. @typedef {{ name: string, does: Partial<Doing>, bare?: boolean }} Contender */

const CALLERS = 64;
const CONNECTIONS = 10;
const OFTEN = { rounds: 7, warmUps: 3 };
const TARGET = { 20: 1.11, 26: 1.11 };

/** How often a round does each piece, and how many rows one gives. @type {Record<Piece, { what: string, calls: number, rows: number }>} */
const PIECES = {
  one: { what: "SELECT 1", calls: 1000, rows: 1 },
  byKey: { what: "one row by its key, prepared", calls: 1000, rows: 1 },
  parts: { what: "a statement put together of parts", calls: 800, rows: 2 },
  hundred: { what: "100 rows", calls: 500, rows: 100 },
  insert: { what: "INSERT", calls: 800, rows: 1 },
  transaction: { what: "a transaction of two statements", calls: 300, rows: 2 },
  stream: { what: "a stream of 5,000 rows", calls: 5, rows: 5000 },
  bulk: { what: "5,000 rows inserted at once", calls: 2, rows: 5000 },
};

const TABLES = [
  "create table items (id int primary key, word varchar(40), seen int)",
  "create table added (id int, word varchar(40))",
  "create table many (id int, word varchar(40))",
];

/** @param {Does} does @param {number} calls @returns {() => Promise<number>} */
function together(does, calls) {
  return async () => {
    let sum = 0;
    let next = 0;
    const caller = async () => {
      while (next < calls) {
        const rows = await does(next++);
        sum += rows;
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    return sum;
  };
}

/** @param {string} name @param {Does} does @param {Piece} piece @returns {import("./inTurn.mjs").Program} */
function program(name, does, piece) {
  const { calls, rows } = PIECES[piece];
  const work = timed(together(does, calls), calls * rows);
  const run = async () => {
    const before = process.cpuUsage();
    const milliseconds = await work();
    const { user, system } = process.cpuUsage(before);
    return { wall: milliseconds / 1000, cpu: (user + system) / 1e6 };
  };
  return { name, run };
}

/** @param {string} server @param {readonly Contender[]} contenders */
async function measureServer(server, contenders) {
  const figures = [];
  for (const piece of /** @type {Piece[]} */ (Object.keys(PIECES))) {
    const programs = contenders.flatMap(({ name, does: { [piece]: does } }) =>
      does === undefined ? [] : [program(name, does, piece)],
    );
    const costs = await inTurn(programs, OFTEN);
    const ours = costs.get("ambit") ?? [];
    const what = `${server}: ${PIECES[piece].what}`;
    for (const { name, bare } of contenders.slice(1)) {
      const theirs = costs.get(name);
      if (theirs === undefined) continue;
      const targets = bare === true ? { cpu: TARGET, wall: TARGET } : {};
      figures.push(...figuresOf(what, ours, name, theirs, targets));
    }
  }
  for (const { does } of contenders) await does.end?.();
  return figures;
}

/** @param {import("../dist/sql/pool.js").Pool} pool */
async function prepared(pool) {
  const does = ambitDoes(pool);
  await does.setUp(TABLES);
  return does;
}

/** @type {[]} */
export const comparisons = [];

async function measurePostgres() {
  const server = await startPostgres();
  try {
    const pool = createPostgresPool({ url: server.url, max: CONNECTIONS });
    return await measureServer("PostgreSQL", [
      { name: "ambit", does: await prepared(pool) },
      { name: "pg", does: pgDoes(server.url, CONNECTIONS), bare: true },
      { name: "postgres", does: postgresDoes(server.url, CONNECTIONS) },
    ]);
  } finally {
    await server.stop();
  }
}

async function measureMariadb() {
  const server = await startMariadb();
  try {
    const pool = createMysqlPool({ url: server.url, max: CONNECTIONS });
    return await measureServer("MariaDB", [
      { name: "ambit", does: await prepared(pool) },
      { name: "mysql2", does: mysql2Does(server.url, CONNECTIONS), bare: true },
      { name: "mysql2, values in the text", does: mysql2InText(server.url, CONNECTIONS) },
      { name: "mariadb", does: mariadbDoes(server.url, CONNECTIONS) },
    ]);
  } finally {
    await server.stop();
  }
}

/** @returns {Promise<import("./inTurn.mjs").Figure[]>} */
export async function measure() {
  return [...(await measurePostgres()), ...(await measureMariadb())];
}
