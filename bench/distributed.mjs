// Calls on a worker in another process, over a Redis of its own: in chunks and one by one, beside plain BullMQ.
//
// Everybody runs the same function with the same concurrency, waits for every result and checks it. BullMQ's results are
// awaited as its documents say (`job.waitUntilFinished`), or counted from its events. The server, the worker and the
// program share two cores.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { Queue, QueueEvents } from "bullmq";
import { createTask, run, sleep } from "../dist/index.js";
import { DistributedExecutor } from "../dist/distributed/index.js";
import { startRedis } from "../scripts/databaseServers.mjs";
import { median } from "./compare.mjs";
import { forever, square } from "./distributedTasks.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./compare.mjs").Figure} Figure */

const CALLS = 5000;
const CHUNK = 100;
const CONCURRENCY = 64;
const CANCELS = 31;

const items = Array.from({ length: CALLS }, (_, n) => n);
const SUM = items.reduce((sum, n) => sum + n * n, 0);

const server = await startRedis();
const { hostname, port } = new URL(server.url);
const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };

/** @param {string} side */
async function startWorker(side) {
  const file = new URL("distributedWorker.mjs", import.meta.url);
  const child = fork(file, [side, server.url, String(CONCURRENCY)]);
  await once(child, "message");
  return child;
}

const workers = [await startWorker("ambit"), await startWorker("bullmq")];
const queue = new Queue("plain", { connection });
const events = new QueueEvents("plain", { connection });
await events.waitUntilReady();
// As many as wait.
for (const each of [queue, events]) each.setMaxListeners(0);
// Those of a whole run: `waitUntilFinished` looks for its job.
const kept = { removeOnComplete: 3 * CALLS };

const executor = new DistributedExecutor({ redis: server.url, queue: "ambit" });

async function inChunks() {
  let sum = 0;
  for await (const result of executor.map(square, items, { chunkSize: CHUNK })) sum += result;
  return sum;
}

async function oneByOne() {
  const calls = items.map((n) => executor.submit(square, n));
  let sum = 0;
  for (const call of calls) sum += await call;
  return sum;
}

async function added() {
  const results = await Promise.all(
    items.map(async (n) => {
      const job = await queue.add("square", n, kept);
      return await job.waitUntilFinished(events);
    }),
  );
  return results.reduce((sum, n) => sum + n, 0);
}

let lots = 0;

/** The events bring each job's result; those of an earlier lot may still come. */
async function addedInBulk() {
  const lot = `lot${++lots}-`;
  let sum = 0;
  let count = 0;
  /** @type {() => void} */
  let finish = () => {};
  const over = new Promise((resolve) => (finish = () => resolve(undefined)));
  const completed = (/** @type {{ jobId: string, returnvalue: string }} */ event) => {
    if (!event.jobId.startsWith(lot)) return;
    sum += Number(event.returnvalue);
    if (++count === CALLS) finish();
  };
  events.on("completed", completed);
  const jobOf = (/** @type {number} */ n) => ({
    name: "square",
    data: n,
    opts: { ...kept, jobId: `${lot}${n}` },
  });
  await queue.addBulk(items.map(jobOf));
  await over;
  events.off("completed", completed);
  return sum;
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: `${CALLS.toLocaleString("en")} calls by map, chunks of ${CHUNK}`,
    result: SUM,
    ambit: inChunks,
    rounds: 5,
    rivals: [
      { name: "BullMQ, add", target: { 26: 0.1 }, work: added },
      { name: "BullMQ, addBulk", work: addedInBulk },
    ],
  },
  {
    what: `${CALLS.toLocaleString("en")} calls by submit`,
    result: SUM,
    ambit: oneByOne,
    rounds: 5,
    rivals: [
      { name: "BullMQ, add", work: added },
      { name: "BullMQ, addBulk", work: addedInBulk },
    ],
  },
];

/** How long it takes from a cancel until the function on the worker has ended and its caller knows. */
async function cancelTimes() {
  const times = [];
  for (let n = 0; n < CANCELS; n++) {
    const call = createTask(async () => executor.submit(forever));
    while ((await executor.queueStatistics()).active === 0) await sleep(5);
    await sleep(20);
    const begin = performance.now();
    call.cancel();
    await call.then(
      () => {},
      () => {},
    );
    times.push(performance.now() - begin);
  }
  return median(times);
}

/** @returns {Promise<Figure[]>} */
export async function measure() {
  const value = await run(cancelTimes);
  await executor.shutdown();
  await queue.close();
  await events.close();
  for (const worker of workers) worker.disconnect();
  await server.stop();
  const what = "cancel of a running call, until its end is known";
  return [{ what, against: "", unit: "ms", value, target: { 20: 50, 26: 50 } }];
}

export function peers() {
  const { version } = createRequire(import.meta.url)("bullmq/package.json");
  return { bullmq: version };
}
