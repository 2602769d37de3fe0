// A worker in a process of its own, for bench/distributed.mjs: `node distributedWorker.mjs ambit|bullmq URL CONCURRENCY`.
// It says when it takes calls, and ends with its parent.
import { Worker } from "bullmq";
import { run, sleep } from "../dist/index.js";
import { DistributedWorker } from "../dist/distributed/index.js";

await import("./distributedTasks.mjs");
const [, , side, url = "", concurrency = "64"] = process.argv;

async function ambit() {
  const worker = new DistributedWorker({
    redis: url,
    queue: "ambit",
    executor: "inline",
    concurrency: Number(concurrency),
  });
  await worker.ready();
  process.send?.("ready");
  await sleep(3_600_000);
}

async function bullmq() {
  const { hostname, port } = new URL(url);
  const worker = new Worker("plain", async ({ data }) => data * data, {
    connection: { host: hostname, port: Number(port), maxRetriesPerRequest: null },
    concurrency: Number(concurrency),
  });
  await worker.waitUntilReady();
  process.send?.("ready");
}

process.on("disconnect", () => process.exit());
if (side === "ambit") await run(ambit);
else await bullmq();
