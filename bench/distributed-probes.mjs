// A hundred thousand calls on three worker processes, of which one is killed on the way: whether every result is right, and what
// they leave in the memory of the program and of Redis.
//
// Not compared with anything. After a build: `node --expose-gc bench/distributed-probes.mjs`; CALLS makes them fewer. Redis is one of its
// own on loopback; server, workers and program share the machine.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { DistributedExecutor } from "../dist/distributed/index.js";
import { mapConcurrent, run, sleep } from "../dist/index.js";
import { startRedis } from "../scripts/databaseServers.mjs";
import { square } from "./distributedTasks.mjs";

const CALLS = Number(process.env["CALLS"] ?? 100_000);
const WORKERS = 3;
const CONCURRENCY = "64";
/** Calls under way at a time. */
const AHEAD = 1000;
const CHUNK = 100;
/** Milliseconds for which Redis keeps an outcome. */
const KEPT = 20_000;

const server = await startRedis();
const look = new Redis(server.url);

async function startWorker() {
  const file = new URL("distributedWorker.mjs", import.meta.url);
  const child = fork(file, ["ambit", server.url, CONCURRENCY]);
  await once(child, "message");
  return child;
}

const MIB = 1024 * 1024;

async function memory() {
  globalThis.gc?.();
  const told = /used_memory:(\d+)/.exec(await look.info("memory"))?.[1];
  return {
    heap: Number((process.memoryUsage().heapUsed / MIB).toFixed(1)),
    redis: Number((Number(told) / MIB).toFixed(1)),
    keys: await look.dbsize(),
  };
}

/** @typedef {{ right: number, wrong: number }} Tally */

/** @param {Tally} tally @param {number} n @param {number} result */
function note(tally, n, result) {
  if (result === n * n) tally.right++;
  else tally.wrong++;
}

function* numbers() {
  for (let n = 0; n < CALLS; n++) yield n;
}

/** @param {DistributedExecutor} executor @param {(done: number) => void} told */
async function oneByOne(executor, told) {
  const tally = { right: 0, wrong: 0 };
  const call = async (/** @type {number} */ n) =>
    /** @type {const} */ ([n, await executor.submit(square, n)]);
  for await (const [n, result] of mapConcurrent(numbers(), call, {
    limit: AHEAD,
    ordered: false,
  })) {
    note(tally, n, result);
    told(tally.right + tally.wrong);
  }
  return tally;
}

/** @param {DistributedExecutor} executor */
async function inChunks(executor) {
  const tally = { right: 0, wrong: 0 };
  let n = 0;
  const results = executor.map(square, numbers(), { chunkSize: CHUNK, bufferSize: AHEAD });
  for await (const result of results) note(tally, n++, result);
  return tally;
}

/** @param {string} what @param {() => Promise<Tally>} work */
async function measured(what, work) {
  const before = performance.now();
  const tally = await work();
  const seconds = (performance.now() - before) / 1000;
  console.log(`${what}:`, {
    ...tally,
    seconds: Number(seconds.toFixed(1)),
    perSecond: Math.round(CALLS / seconds),
  });
}

await run(async () => {
  const workers = await Promise.all(Array.from({ length: WORKERS }, startWorker));
  const executor = new DistributedExecutor({
    redis: server.url,
    queue: "ambit",
    keepResults: KEPT,
  });
  for (let n = 0; n < 1000; n++) await executor.submit(square, n);
  console.log(process.version, "MiB before:", await memory());
  await measured("one by one", () => oneByOne(executor, () => {}));
  await measured("in chunks", () => inChunks(executor));
  let killed = false;
  await measured("one by one, a worker killed halfway", () =>
    oneByOne(executor, (done) => {
      if (killed || done < CALLS / 2) return;
      killed = true;
      workers[0]?.kill("SIGKILL");
    }),
  );
  await sleep(KEPT);
  // What is old is dropped as others end.
  for (let n = 0; n < 1000; n++) await executor.submit(square, n);
  console.log("MiB after:", await memory());
  await executor.shutdown();
  for (const worker of workers) worker.kill();
});
await look.quit();
await server.stop();
