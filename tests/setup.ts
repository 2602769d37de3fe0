/**
 * What every test file leaves behind: nothing. After its last test no task of Ambit's may be
 * pending, and no signal listener, timer, socket, server, child process or worker may be there that
 * was not there before. (An unhandled rejection fails the run by itself.)
 *
 * Handles close a turn or two after they are asked to, so the check looks again for a while before
 * it complains.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import type { Worker } from "node:worker_threads";
import { allTasks } from "ambit";
import { afterAll, expect } from "vitest";

const PATIENCE_MS = 1000;
const LISTENERS = ["SIGINT", "SIGTERM", "unhandledRejection", "uncaughtException", "warning"];
/** As Node names them. Pipes are left out: the test runner talks over some of its own. */
const HANDLES = [
  "Timeout",
  "Immediate",
  "TCPServerWrap",
  "TCPSocketWrap",
  "UDPWrap",
  "ProcessWrap",
];

/** Node lists no workers among its active resources, but it tells when one is made. */
const workers = new Set<Worker>();
function onWorker(message: unknown): void {
  const { worker } = message as { worker: Worker };
  workers.add(worker);
  worker.once("exit", () => workers.delete(worker));
}
subscribe("worker_threads", onWorker);

/** Files share a process: what an earlier one left is that one's failure, not the next one's. */
const before = { counts: counts(), tasks: new Set(allTasks()) };
/** The runner may be about to report the file before; that timer is its own. */
before.counts["Timeout"] = Math.max(0, (before.counts["Timeout"] ?? 0) - 1);

afterAll(async () => {
  unsubscribe("worker_threads", onWorker);
  // The runner itself has just set a timer of 100 ms, to report the last test: the first look
  // allows for it.
  if (leftovers({ timers: 1 }).length === 0) return;
  const deadline = performance.now() + PATIENCE_MS;
  while (leftovers().length > 0 && performance.now() < deadline) await delay(20);
  expect(leftovers(), "left behind by this file").toEqual([]);
});

/** What is there now and was not before the file's tests. */
function leftovers({ timers } = { timers: 0 }): string[] {
  const now = counts();
  now["Timeout"] = (now["Timeout"] ?? 0) - timers;
  const handles = Object.keys(now).filter((name) => (now[name] ?? 0) > (before.counts[name] ?? 0));
  const tasks = allTasks().filter((task) => !before.tasks.has(task));
  return [...tasks.map((task) => inspect(task)), ...handles];
}

function counts(): Record<string, number> {
  const active = process.getActiveResourcesInfo();
  const handles = HANDLES.map((name) => [name, active.filter((each) => each === name).length]);
  const listeners = LISTENERS.map((name) => [`${name} listener`, process.listenerCount(name)]);
  const entries = [...handles, ...listeners, ["Worker", workers.size]];
  return Object.fromEntries(entries) as Record<string, number>;
}
