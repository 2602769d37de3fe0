// The thread of spinnerThread.ts: keeps a processor busy for some milliseconds, then answers.
import { parentPort, workerData } from "node:worker_threads";

const end = performance.now() + workerData.ms;
let rounds = 0;
while (performance.now() < end) rounds++;
parentPort?.postMessage(rounds > 0 ? 42 : Number.NaN);
