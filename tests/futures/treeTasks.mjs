// What runs in workers for `workerTree.test.ts` and `workerReports.test.ts`.
import { appendFileSync } from "node:fs";
import { createTask, formatCallGraph, getRunningLoop, sleep } from "../../dist/index.js";
import {
  cancelRequested,
  currentCall,
  task,
  ThreadPoolExecutor,
} from "../../dist/futures/index.js";

/** Waits, with a task of its own that waits, too. */
export async function napping() {
  const child = createTask(() => sleep(60_000), { name: "child of the call" });
  try {
    await sleep(60_000);
  } finally {
    child.cancel();
    await Promise.allSettled([child]);
  }
}

/** Computes until it is asked to stop. @param {string} begun a file that tells that it runs */
export function computing(begun) {
  appendFileSync(begun, "begun\n");
  while (!cancelRequested());
}

/** Awaits a call in a pool of its own. */
export async function delegating() {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "inner" });
  try {
    await pool.submit(task(import.meta.url, "napping", napping));
  } finally {
    await pool.shutdown();
  }
}

export const graph = () => formatCallGraph();

export async function graphLater() {
  await sleep(0);
  return formatCallGraph();
}

/** The call, as seen before and after a wait, in a task below, and by a task that it leaves behind. */
export async function seen() {
  const before = currentCall();
  await sleep(0);
  const below = await createTask(() => currentCall());
  return [before, currentCall(), below];
}

/** @type {unknown[]} */
const later = [];
/** Leaves a task that looks for its call while others run. */
export function leaving() {
  createTask(async () => {
    await sleep(0);
    later.push(currentCall());
  });
}
export async function seenLater() {
  while (later.length === 0) await sleep(1);
  return later;
}

/** What the exception handler is told of a callback that throws, and what the default one prints. */
export async function reports() {
  const loop = getRunningLoop();
  /** @type {(string | undefined)[]} */
  const told = [];
  loop.setExceptionHandler(({ message, origin }) => told.push(message, origin));
  try {
    await createTask(async () => {
      loop.callExceptionHandler({ message: "in a task below" });
      await sleep(0);
    });
    const { write } = process.stderr;
    process.stderr.write = (text) => told.push(String(text)) > 0;
    loop.setExceptionHandler(null);
    loop.callExceptionHandler({ message: "printed" });
    process.stderr.write = write;
  } finally {
    loop.setExceptionHandler(null);
  }
  return told;
}

/** In debug mode: holds the loop for long, and gives what is said about that. */
export async function holdsTheLoop() {
  const loop = getRunningLoop();
  /** @type {(string | undefined)[]} */
  const told = [];
  loop.debug = true;
  loop.slowCallbackDuration = 1;
  loop.setExceptionHandler(({ message, origin }) => told.push(message, origin));
  try {
    await createTask(() => {
      const until = performance.now() + 5;
      while (performance.now() < until);
    });
    await sleep(0);
  } finally {
    loop.debug = false;
    loop.setExceptionHandler(null);
  }
  return told;
}
