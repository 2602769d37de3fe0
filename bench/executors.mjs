// Pools of two threads: calls that cost nothing, many at once and 64 in flight, and calls that work or carry much.
//
// Each pool is started before, has two threads throughout and its own defaults otherwise; every call has a promise of its
// own, and the sum of what they gave is checked.
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { FixedThreadPool } from "poolifier";
import { Tinypool } from "tinypool";
import workerpool from "workerpool";
import { ThreadPoolExecutor } from "../dist/futures/index.js";
import { add, lengthOf, sha } from "./executorTasks.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */
/** @typedef {{ add(a: number, b: number): PromiseLike<number>, sha(bytes: Uint8Array): PromiseLike<number>, lengthOf(bytes: Uint8Array): PromiseLike<number>, end(): unknown }} Pool */

const CALLS = 50_000;
const IN_FLIGHT = 64;
const LARGE_CALLS = 64;
const MIB = new Uint8Array(1024 * 1024).fill(7);
const THREADS = 2;

/** @param {string} name */
const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @type {Record<string, () => Pool>} */
const pools = {
  ambit: () => {
    const pool = new ThreadPoolExecutor({ maxWorkers: THREADS });
    return {
      add: (a, b) => pool.submit(add, a, b),
      sha: (bytes) => pool.submit(sha, bytes),
      lengthOf: (bytes) => pool.submit(lengthOf, bytes),
      end: () => pool.shutdown(),
    };
  },
  piscina: () => oneArgument(Piscina),
  tinypool: () => oneArgument(Tinypool),
  poolifier: () => {
    const pool = new FixedThreadPool(THREADS, file("executorPoolifierWorker.mjs"));
    /** @type {(data: unknown, name: string) => Promise<any>} */
    const execute = (data, name) => pool.execute(data, name);
    return {
      add: (a, b) => execute({ a, b }, "addBoth"),
      sha: (bytes) => execute(bytes, "sha"),
      lengthOf: (bytes) => execute(bytes, "lengthOf"),
      end: () => pool.destroy(),
    };
  },
  workerpool: () => {
    const pool = workerpool.pool(file("executorWorkerpoolWorker.mjs"), {
      minWorkers: THREADS,
      maxWorkers: THREADS,
      workerType: "thread",
    });
    /** @type {(name: string, ...args: unknown[]) => Promise<any>} */
    const exec = (name, ...args) => Promise.resolve(pool.exec(name, args));
    return {
      add: (a, b) => exec("add", a, b),
      sha: (bytes) => exec("sha", bytes),
      lengthOf: (bytes) => exec("lengthOf", bytes),
      end: () => pool.terminate(),
    };
  },
};

/** @param {new (options: any) => { run(data: any, options: any): Promise<any>, destroy(): unknown }} Class @returns {Pool} */
function oneArgument(Class) {
  const filename = file("executorTasks.mjs");
  const pool = new Class({ filename, minThreads: THREADS, maxThreads: THREADS });
  return {
    add: (a, b) => pool.run({ a, b }, { name: "addBoth" }),
    sha: (bytes) => pool.run(bytes, { name: "sha" }),
    lengthOf: (bytes) => pool.run(bytes, { name: "lengthOf" }),
    end: () => pool.destroy(),
  };
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** All of them at once. @param {Pool} pool @returns {Work} */
function burst(pool) {
  return async () =>
    sum(await Promise.all(Array.from({ length: CALLS }, (_, i) => pool.add(i, 1))));
}

/** So many at a time. @param {number} calls @param {number} lanes @param {(i: number) => PromiseLike<number>} call @returns {Work} */
function inFlight(calls, lanes, call) {
  return async () => {
    let begun = 0;
    let all = 0;
    const lane = async () => {
      while (begun < calls) {
        const value = await call(begun++);
        all += value;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return all;
  };
}

/** @param {string} what @param {number} result @param {(pool: Pool) => Work} work @param {Record<string, Record<string, number>>} targets @param {Record<string, Pool>} open @returns {Comparison} */
function against(what, result, work, targets, open) {
  const { ambit, ...others } = open;
  const rivals = Object.entries(others).map(([name, pool]) => ({
    name,
    work: work(pool),
    target: targets[name] ?? {},
  }));
  return { what, result, ambit: work(/** @type {Pool} */ (ambit)), rivals };
}

const open = Object.fromEntries(Object.entries(pools).map(([name, make]) => [name, make()]));
const SUM = (CALLS * (CALLS + 1)) / 2;
const HASH = sha(MIB);

/** @type {Comparison[]} */
export const comparisons = [
  against(
    `${CALLS} tiny calls at once`,
    SUM,
    burst,
    { piscina: { 26: 0.1 }, poolifier: { 26: 0.2 } },
    open,
  ),
  against(
    `${CALLS} tiny calls, ${IN_FLIGHT} in flight`,
    SUM,
    (pool) => inFlight(CALLS, IN_FLIGHT, (i) => pool.add(i, 1)),
    {},
    open,
  ),
  against(
    "SHA-256 of 1 MiB, 4 in flight",
    LARGE_CALLS * HASH,
    (pool) => inFlight(LARGE_CALLS, 4, () => pool.sha(MIB)),
    { piscina: { 26: 1 } },
    open,
  ),
  against(
    "1 MiB copied, 4 in flight",
    LARGE_CALLS * MIB.byteLength,
    (pool) => inFlight(LARGE_CALLS, 4, () => pool.lengthOf(MIB)),
    {},
    open,
  ),
];

/** From nothing to two results, in milliseconds: the best of five. */
async function startUp() {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const begin = performance.now();
    const pool = new ThreadPoolExecutor({ maxWorkers: THREADS });
    await Promise.all([pool.submit(add, 1, 2), pool.submit(add, 3, 4)]);
    best = Math.min(best, performance.now() - begin);
    await pool.shutdown();
  }
  return best;
}

/** @returns {Promise<import("./compare.mjs").Figure[]>} */
export async function measure() {
  await Promise.all(Object.values(open).map((pool) => pool.end()));
  const value = await startUp();
  const what = "a pool's start and its first two results";
  return [{ what, against: "limit", unit: "ms", value, target: { 20: 60, 26: 60 } }];
}
