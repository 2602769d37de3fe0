// Calls that wait for other calls while their thread stands still: what `blocking.test.ts` has threads run.
import { setTimeout as pause } from "node:timers/promises";
import { isMainThread, threadId } from "node:worker_threads";
import {
  cancelRequested,
  ConcurrentFuture,
  ProcessPoolExecutor,
  task,
  ThreadPoolExecutor,
} from "../../dist/futures/index.js";

const here = import.meta.url;

export const add = task(here, "add", (/** @type {number} */ a, /** @type {number} */ b) => a + b);
export const fail = task(here, "fail", (/** @type {string} */ why) => {
  throw new RangeError(why, { cause: new TypeError("inside") });
});
export const exit = task(here, "exit", () => process.exit(3));
export const exhaust = task(here, "exhaust", () => {
  const kept = [];
  for (;;) kept.push(Array.from({ length: 1e5 }, () => ({})));
});
export const later = task(here, "later", async (/** @type {number} */ ms) => {
  await pause(ms);
  return "later";
});
export const spin = task(here, "spin", () => {
  while (!cancelRequested());
  return "asked";
});

let prepared = 0;
export const begin = task(here, "begin", (/** @type {number} */ start) => {
  prepared = start;
});
export const started = task(here, "started", () => prepared);

/** One pool for each thread that runs these. @type {ThreadPoolExecutor | undefined} */
let pool;
const inner = () => (pool ??= new ThreadPoolExecutor({ maxWorkers: 2 }));

export const sum = task(here, "sum", (/** @type {number} */ count) => {
  const calls = Array.from({ length: count }, (_, index) => inner().submit(add, index, 1));
  return calls.reduce((total, call) => total + call.result(10_000), 0);
});

/** @param {() => unknown} body */
function thrownBy(body) {
  try {
    return { value: body() };
  } catch (error) {
    const { name, message, cause } = /** @type {Error} */ (error);
    return { name, message, cause: /** @type {Error | undefined} */ (cause)?.message };
  }
}

export const failing = task(here, "failing", () => {
  const call = inner().submit(fail, "no");
  const looked = /** @type {Error} */ (call.exception(10_000)).message;
  return { looked, thrown: thrownBy(() => call.result(10_000)) };
});

export const impatient = task(here, "impatient", async () => {
  const call = inner().submit(later, 200);
  const early = thrownBy(() => call.result(20));
  return { early, then: await call, none: call.exception(0) };
});

export const losing = task(here, "losing", async (/** @type {"exit" | "exhaust"} */ how) => {
  const resourceLimits = { maxOldGenerationSizeMb: 24 };
  const own = new ThreadPoolExecutor({ maxWorkers: 1, resourceLimits });
  const call = own.submit(how === "exit" ? exit : exhaust);
  const next = own.submit(add, 1, 2);
  const seen = { thrown: thrownBy(() => call.result(Infinity)), next: next.result(Infinity) };
  await own.shutdown();
  return seen;
});

/** @type {ConcurrentFuture<string> | undefined} */
let held;

export const standing = task(here, "standing", () => {
  held = inner().submit(spin);
  return held.result(Infinity);
});

export const afterwards = task(here, "afterwards", async () => {
  const ended = await held;
  return { threadId, ended };
});

export const withInitializer = task(here, "withInitializer", async () => {
  const own = new ThreadPoolExecutor({ maxWorkers: 1, initializer: begin, initArgs: [7] });
  const seen = own.submit(started).result(10_000);
  await own.shutdown();
  return seen;
});

/** Known by no name. */
export function bare() {
  return isMainThread;
}

export const refused = task(here, "refused", async () => {
  const processes = new ProcessPoolExecutor({ maxWorkers: 1 });
  const call = processes.submit(add, 1, 2);
  const words = [
    thrownBy(() => new ConcurrentFuture().result(10)),
    thrownBy(() => inner().submit(bare).result(10)),
    thrownBy(() => call.result(10)),
    thrownBy(() => inner().submit(add, 1, 2).result(Number.NaN)),
    thrownBy(() => inner().submit(add, 1, 2).result()),
  ];
  const then = await call;
  await processes.shutdown();
  return { words: words.map(({ name, message }) => `${name}: ${message}`), then };
});
