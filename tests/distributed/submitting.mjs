/*
 * A program that makes calls at once, and prints what came of each and after how many milliseconds:
 * `node submitting.mjs '{"options": …, "calls": [[{"delay": 500}, "square", 3]]}'`.
 */
import { performance } from "node:perf_hooks";
import { DistributedExecutor } from "ambit/distributed";
import * as tasks from "./tasks.mjs";

const { options, calls } = JSON.parse(/** @type {string} */ (process.argv[2]));
const executor = new DistributedExecutor(options);
await executor.submit(tasks.add, 0, 0);
const start = performance.now();
const outcomes = calls.map(
  async (/** @type {[object, string, ...unknown[]]} */ [how, task, ...args]) => {
    const fn = /** @type {any} */ (tasks)[task];
    const value = await executor.with(how).submit(fn, ...args);
    return { value, ms: performance.now() - start };
  },
);
console.log(JSON.stringify(await Promise.all(outcomes)));
await executor.shutdown();
