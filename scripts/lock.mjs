// A lock between processes: one set-up at a time in one checkout.
//
// The lock is a file with its owner's process id, created exclusively. Whoever waits looks again
// every 100 ms. A lock whose owner is gone (a kill, a crash) is removed by the next process; one
// kept by a process on another machine, over a shared folder, is recognised by its age, since a
// live owner touches it every second.
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { exitOnSignals } from "./command.mjs";

const STALE_AFTER_MS = 30_000;

/**
 * Runs `work` while this process holds the lock `file`; calls `onWait` once if another process
 * holds it first.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {() => void} onWait
 * @returns {Promise<T>}
 */
export async function withLock(file, work, onWait) {
  let waited = false;
  while (!tryAcquire(file)) {
    if (!waited) onWait();
    waited = true;
    await delay(100);
  }
  const heartbeat = setInterval(() => touch(file), 1000);
  const release = () => rmSync(file, { force: true });
  const stopListening = exitOnSignals();
  process.once("exit", release); // when a signal ends the process in the middle of the work
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    stopListening();
    process.off("exit", release);
    release();
  }
}

/** @param {string} file */
function tryAcquire(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    if (isStale(file)) rmSync(file, { force: true });
    return false;
  }
}

/** @param {string} file */
function isStale(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    const owner = Number(readFileSync(file, "utf8"));
    return age > STALE_AFTER_MS || (owner > 0 && !isAlive(owner));
  } catch {
    return false; // released in this very moment
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} file */
function touch(file) {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // removed by hand: the work goes on, and there is nothing left to keep fresh
  }
}
