// Pools under fire, in figures: how often calls ran whose processes were killed, how soon a hot loop ends, whether the
// neighbours of cancelled calls are right, what a million calls leave in memory.
//
// Not compared with anything. After a build: `node bench/executor-probes.mjs [probe …]`, all of them by default: kills, hot,
// cancels, memory. CALLS is how many calls the memory is looked at for, SECONDS how long calls are cancelled at random.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessPoolExecutor, ThreadPoolExecutor } from "../dist/futures/index.js";
import { isCancelled, wait } from "../dist/index.js";
import { add, busy, nap, noteRun, spin, spinForEver } from "./executorTasks.mjs";

const CALLS = Number(process.env["CALLS"] ?? 1_000_000);
const SECONDS = Number(process.env["SECONDS"] ?? 60);
const LANES = 32;
const BATCHES = 50;
const BATCH = 200;
const folder = mkdtempSync(join(tmpdir(), "ambit-probes-"));

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => void setTimeout(resolve, ms));

/** Calls of which one process is killed at some moment: how many ran not at all, once, more often. */
async function kills() {
  const runs = { never: 0, once: 0, more: 0 };
  const ends = { result: 0, lost: 0, other: 0 };
  const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
  for (let batch = 0; batch < BATCHES; batch++) {
    const log = join(folder, `batch${batch}`);
    for (let at = 0; at < 4; at++) await pool.submit(noteRun, `${log}.before`, at);
    const calls = Array.from({ length: BATCH }, (_, id) => pool.submit(noteRun, log, id));
    const all = wait(calls);
    await pause(Math.random() * 6);
    const { processes } = pool.statistics();
    const victim = processes[Math.floor(Math.random() * processes.length)];
    if (victim !== undefined) process.kill(victim.pid, "SIGKILL");
    await all;
    const lines = existsSync(log) ? readFileSync(log, "utf8").split("\n") : [];
    for (const [id, call] of calls.entries()) {
      const times = lines.filter((line) => line === String(id)).length;
      runs[times === 0 ? "never" : times === 1 ? "once" : "more"]++;
      const error = /** @type {Error | undefined} */ (call.exception());
      ends[error === undefined ? "result" : error.name === "WorkerLostError" ? "lost" : "other"]++;
    }
  }
  await pool.shutdown();
  return { batches: BATCHES, calls: BATCHES * BATCH, runs, ends };
}

/** From the cancel of a loop that never looks to the end of its call, in milliseconds; the grace period is 100. */
async function hot() {
  const pool = new ProcessPoolExecutor({ maxWorkers: 1, grace: 100 });
  const took = [];
  for (let round = 0; round < 10; round++) {
    const begun = join(folder, `spin${round}`);
    const call = pool.submit(spin, begun);
    while (!existsSync(begun)) await pause(1);
    const began = performance.now();
    call.cancel();
    await Promise.allSettled([call]);
    took.push(Math.round(performance.now() - began));
  }
  await pool.shutdown();
  return took.toSorted((a, b) => a - b);
}

/** @typedef {ThreadPoolExecutor | ProcessPoolExecutor} Pool */

/** One call of a random kind. @param {Pool} pool @param {number} x @returns {{ call: ReturnType<Pool["submit"]>, endless: boolean }} */
function randomCall(pool, x) {
  const kind = Math.random();
  if (kind < 0.02) return { call: pool.submit(spinForEver), endless: true };
  if (kind < 0.2) return { call: pool.submit(busy, x, Math.random() * 5), endless: false };
  if (kind < 0.5) return { call: pool.submit(nap, x, Math.random() * 10), endless: false };
  return { call: pool.submit(add, x, 0), endless: false };
}

/**
 * Calls of every kind for a while, half of them cancelled at some moment, and now and then one that only ends with its worker:
 * whether the others all have their own results.
 * @param {Pool} pool @param {() => readonly string[]} names of the workers that there are
 */
async function cancels(pool, names) {
  const ends = { right: 0, cancelled: 0, wrong: 0 };
  const workers = new Set();
  const until = performance.now() + SECONDS * 1000;
  let begun = 0;
  const lane = async () => {
    while (performance.now() < until) {
      const x = begun++;
      const { call, endless } = randomCall(pool, x);
      const isToEnd = endless || Math.random() < 0.5;
      const timer = isToEnd ? setTimeout(() => call.cancel(), Math.random() * 20) : undefined;
      const [end] = await Promise.allSettled([call]);
      clearTimeout(timer);
      for (const name of names()) workers.add(name);
      if (end.status === "fulfilled") ends[end.value === x ? "right" : "wrong"]++;
      else ends[isToEnd && isCancelled(end.reason) ? "cancelled" : "wrong"]++;
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await pool.shutdown();
  return { seconds: SECONDS, calls: begun, ...ends, workers: workers.size };
}

/** @param {number | string} pid */
function residentMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** @param {Pool} pool @param {() => number[]} pids */
async function memory(pool, pids) {
  const round = async (/** @type {number} */ calls) => {
    for (let left = calls; left > 0; left -= 5000)
      await Promise.all(
        Array.from({ length: Math.min(left, 5000) }, (_, i) => pool.submit(add, i, 1)),
      );
  };
  const resident = () => [residentMiB("self"), ...pids().map(residentMiB)];
  await round(CALLS / 10);
  const before = resident();
  const began = performance.now();
  await round(CALLS);
  const seconds = (performance.now() - began) / 1000;
  const after = resident();
  await pool.shutdown();
  return { calls: CALLS, perSecond: Math.round(CALLS / seconds), before, after };
}

const probes = {
  kills: async () => console.log("kill -9:", await kills()),
  hot: async () => console.log("cancel of a hot loop, ms:", (await hot()).join(" ")),
  cancels: async () => {
    const threads = new ThreadPoolExecutor({ maxWorkers: 2, grace: 20 });
    const threadNames = () => threads.statistics().threads;
    console.log("random cancels, threads:", await cancels(threads, threadNames));
    const processes = new ProcessPoolExecutor({ maxWorkers: 2, grace: 20 });
    const processNames = () => processes.statistics().processes.map(({ name }) => name);
    console.log("random cancels, processes:", await cancels(processes, processNames));
  },
  memory: async () => {
    const threads = new ThreadPoolExecutor({ maxWorkers: 2 });
    console.log("threads, RSS in MiB:", await memory(threads, () => []));
    const processes = new ProcessPoolExecutor({ maxWorkers: 2 });
    const pids = () => processes.statistics().processes.map(({ pid }) => pid);
    console.log("processes, RSS in MiB:", await memory(processes, pids));
  },
};

const wanted = process.argv.slice(2);
try {
  console.log(process.version);
  for (const [name, probe] of Object.entries(probes))
    if (wanted.length === 0 || wanted.includes(name)) await probe();
} finally {
  rmSync(folder, { recursive: true });
}
