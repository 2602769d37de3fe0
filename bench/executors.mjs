// Pools of two threads: calls that cost nothing, many at once and 64 in flight, and calls that work or carry much. And
// pools of two processes: fewer of the same.
//
// Each pool is started before, has two workers throughout and its own defaults otherwise; every call has a promise of its
// own, and the sum of what they gave is checked.
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { FixedClusterPool, FixedThreadPool } from "poolifier";
import { Tinypool } from "tinypool";
import workerpool from "workerpool";
import { ProcessPoolExecutor, ThreadPoolExecutor } from "../dist/futures/index.js";
import { add, lengthOf, sha } from "./executorTasks.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */
/** @typedef {{ add(a: number, b: number): PromiseLike<number>, sha(bytes: Uint8Array): PromiseLike<number>, lengthOf(bytes: Uint8Array): PromiseLike<number>, end(): unknown }} Pool */

const CALLS = 50_000;
const IN_FLIGHT = 64;
const LARGE_CALLS = 64;
const MIB = new Uint8Array(1024 * 1024).fill(7);
const PROCESS_CALLS = 10_000;
const WORKERS = 2;

/** @param {string} name */
const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @type {Record<string, () => Pool>} */
const pools = {
  ambit: () => ours(new ThreadPoolExecutor({ maxWorkers: WORKERS })),
  piscina: () => oneArgument(Piscina),
  tinypool: () => oneArgument(Tinypool),
  poolifier: () => ofPoolifier(new FixedThreadPool(WORKERS, file("executorPoolifierWorker.mjs"))),
  workerpool: () => ofWorkerpool("thread"),
};

/** @type {Record<string, () => Pool>} */
const processPools = {
  ambit: () => ours(new ProcessPoolExecutor({ maxWorkers: WORKERS })),
  poolifier: () => ofPoolifier(new FixedClusterPool(WORKERS, file("executorPoolifierProcess.cjs"))),
  workerpool: () => ofWorkerpool("process"),
};

/** @param {ThreadPoolExecutor | ProcessPoolExecutor} pool @returns {Pool} */
function ours(pool) {
  return {
    add: (a, b) => pool.submit(add, a, b),
    sha: (bytes) => pool.submit(sha, bytes),
    lengthOf: (bytes) => pool.submit(lengthOf, bytes),
    end: () => pool.shutdown(),
  };
}

/** @param {{ execute(data: any, name: string): Promise<any>, destroy(): unknown }} pool @returns {Pool} */
function ofPoolifier(pool) {
  return {
    add: (a, b) => pool.execute({ a, b }, "addBoth"),
    sha: (bytes) => pool.execute(bytes, "sha"),
    lengthOf: (bytes) => pool.execute(bytes, "lengthOf"),
    end: () => pool.destroy(),
  };
}

/** @param {"thread" | "process"} workerType @returns {Pool} */
function ofWorkerpool(workerType) {
  const pool = workerpool.pool(file("executorWorkerpoolWorker.mjs"), {
    minWorkers: WORKERS,
    maxWorkers: WORKERS,
    workerType,
  });
  /** @type {(name: string, ...args: unknown[]) => Promise<any>} */
  const exec = (name, ...args) => Promise.resolve(pool.exec(name, args));
  return {
    add: (a, b) => exec("add", a, b),
    sha: (bytes) => exec("sha", bytes),
    lengthOf: (bytes) => exec("lengthOf", bytes),
    end: () => pool.terminate(),
  };
}

/** @param {new (options: any) => { run(data: any, options: any): Promise<any>, destroy(): unknown }} Class @returns {Pool} */
function oneArgument(Class) {
  const filename = file("executorTasks.mjs");
  const pool = new Class({ filename, minThreads: WORKERS, maxThreads: WORKERS });
  return {
    add: (a, b) => pool.run({ a, b }, { name: "addBoth" }),
    sha: (bytes) => pool.run(bytes, { name: "sha" }),
    lengthOf: (bytes) => pool.run(bytes, { name: "lengthOf" }),
    end: () => pool.destroy(),
  };
}

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** All of them at once. @param {Pool} pool @param {number} calls @returns {Work} */
function burst(pool, calls = CALLS) {
  return async () =>
    sum(await Promise.all(Array.from({ length: calls }, (_, i) => pool.add(i, 1))));
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

/** @param {Record<string, () => Pool>} makers */
const opened = (makers) =>
  Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, make()]));

const open = opened(pools);
const processes = opened(processPools);
const SUM = (CALLS * (CALLS + 1)) / 2;
const PROCESS_SUM = (PROCESS_CALLS * (PROCESS_CALLS + 1)) / 2;
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
  against(
    `processes: ${PROCESS_CALLS} tiny calls at once`,
    PROCESS_SUM,
    (pool) => burst(pool, PROCESS_CALLS),
    {},
    processes,
  ),
  against(
    `processes: ${PROCESS_CALLS} tiny calls, ${IN_FLIGHT} in flight`,
    PROCESS_SUM,
    (pool) => inFlight(PROCESS_CALLS, IN_FLIGHT, (i) => pool.add(i, 1)),
    {},
    processes,
  ),
];

/** From nothing to two results, in milliseconds: the best of five. */
async function startUp() {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const begin = performance.now();
    const pool = new ThreadPoolExecutor({ maxWorkers: WORKERS });
    await Promise.all([pool.submit(add, 1, 2), pool.submit(add, 3, 4)]);
    best = Math.min(best, performance.now() - begin);
    await pool.shutdown();
  }
  return best;
}

/** @returns {Promise<import("./compare.mjs").Figure[]>} */
export async function measure() {
  await Promise.all([open, processes].flatMap(Object.values).map((pool) => pool.end()));
  const value = await startUp();
  const what = "a pool's start and its first two results";
  return [{ what, against: "limit", unit: "ms", value, target: { 20: 60, 26: 60 } }];
}
