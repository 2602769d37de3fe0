// Pools under fire, in figures: how often calls ran whose processes were killed, how soon a hot loop ends, what a
// million calls leave in memory.
//
// Not compared with anything. `node bench/executor-probes.mjs [calls]`, after a build.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessPoolExecutor, ThreadPoolExecutor } from "../dist/futures/index.js";
import { wait } from "../dist/index.js";
import { add, noteRun, spin } from "./executorTasks.mjs";

const CALLS = Number(process.argv[2] ?? 1_000_000);
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
async function cancels() {
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

/** @param {number | string} pid */
function residentMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** @param {ThreadPoolExecutor | ProcessPoolExecutor} pool @param {() => number[]} pids */
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

try {
  console.log(process.version);
  console.log("kill -9:", await kills());
  console.log("cancel of a hot loop, ms:", (await cancels()).join(" "));
  const threads = new ThreadPoolExecutor({ maxWorkers: 2 });
  console.log("threads, RSS in MiB:", await memory(threads, () => []));
  const processes = new ProcessPoolExecutor({ maxWorkers: 2 });
  const pids = () => processes.statistics().processes.map(({ pid }) => pid);
  console.log("processes, RSS in MiB:", await memory(processes, pids));
} finally {
  rmSync(folder, { recursive: true });
}
