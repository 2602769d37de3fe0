/*
 * A worker in a process of its own: `node worker.mjs '{"redis": …}'` prints `ready`, and closes at the end of its input.
 */
import { DistributedWorker } from "ambit/distributed";
import { ProcessPoolExecutor } from "ambit/futures";

await import("./tasks.mjs");
const {
  grace = Infinity,
  processes = false,
  ...options
} = JSON.parse(/** @type {string} */ (process.argv[2]));
if (processes) options.executor = new ProcessPoolExecutor({ maxWorkers: 1 });
const worker = new DistributedWorker(options);
await worker.ready();
process.stdout.write("ready\n");
process.stdin.resume().on("end", () => void worker.close(grace));
