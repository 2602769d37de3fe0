/*
 * A pool of worker threads, as many as requests may be in flight. A thread is a whole JavaScript
 * engine, some megabytes and tens of milliseconds to start, so there is a limit to them; that is
 * the price of this way, and what the comparison shows.
 */
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

import { cancellable } from "ambit";

import { StorageError } from "../storage/storageError.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import type { Engine } from "./engine.ts";
import type { FlagWorkerData, FlagWorkerMessage } from "./flagWorker.ts";

const mostThreads = 32;

export const threads: Engine = {
  name: "threads",

  concurrency: ({ maxRequests, codes }) => Math.min(maxRequests, mostThreads, codes.length),

  async download(plan, report) {
    const next = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from({ length: this.concurrency(plan) }, () => start(plan, next));
    const ended = workers.map((worker) => endOf(worker, report));
    try {
      await cancellable(Promise.all(ended));
    } finally {
      for (const worker of workers) worker.postMessage("stop");
      // Not one thread is at work any more when the engine has ended.
      await Promise.allSettled(ended);
    }
  },
};

/** Threads load compiled code, also when this file runs as TypeScript; `imports` says where. */
function start(plan: Plan, next: Int32Array): Worker {
  const entry = createRequire(import.meta.url).resolve("#flag-worker");
  return new Worker(entry, { workerData: { plan, next } satisfies FlagWorkerData });
}

/** Resolves when the thread has ended, rejects when it ended badly; never before it has ended. */
function endOf(worker: Worker, report: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    worker.on("message", (message: FlagWorkerMessage) => {
      if ("outcome" in message) report(message.outcome);
      else failure = new StorageError(message.refused, { fatal: true });
    });
    worker.on("error", (error) => (failure = error));
    worker.on("exit", () => (failure === undefined ? resolve() : reject(failure)));
  });
}
