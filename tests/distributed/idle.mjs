/*
 * A program that makes an executor and does not shut it down, unless told to: `node idle.mjs '{"redis": …, "queue": …, "calls": 3}'`.
 */
import { DistributedExecutor } from "ambit/distributed";
import { slow, square } from "./tasks.mjs";

const { redis, queue, calls, statistics, pending, shutdown } = JSON.parse(
  /** @type {string} */ (process.argv[2]),
);
const executor = new DistributedExecutor({ redis, queue });
for (let n = 0; n < (calls ?? 0); n++) await executor.submit(square, n);
if (statistics) await executor.queueStatistics();
if (pending) void executor.submit(slow, 300, "").then((value) => console.log(value));
if (shutdown) await executor.shutdown();
console.log("main is over");
