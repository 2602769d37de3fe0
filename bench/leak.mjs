// Begins and ends many of one kind, and prints what is left, as JSON: `node --expose-gc leak.mjs waits 1000000`.
import { strict as assert } from "node:assert";
import { getEventListeners } from "node:events";
import { isCancelled, createTask, run, sleep, timeout, TimeoutError } from "../dist/index.js";

const MANY = Number(process.argv[3]);
const AT_ONCE = 1000;
const FOR_EVER = 2 ** 30;

Error.stackTraceLimit = 0; // nobody reads them here, and they cost more than the rest

let listeners = 0;

/** Sees to it that each was ended, and by a cancellation. @param {import("../dist/index.js").Task<void>[]} tasks */
async function allCancelled(tasks) {
  for (const task of tasks) {
    try {
      await task;
      assert.fail("was not cancelled");
    } catch (error) {
      assert(isCancelled(error));
    }
  }
}

/** @param {{ signal?: AbortSignal }} options */
function begin(options = {}) {
  return Array.from({ length: AT_ONCE }, () => createTask(() => sleep(FOR_EVER), options));
}

async function waits() {
  const tasks = begin();
  await sleep(0);
  for (const task of tasks) task.cancel();
  await allCancelled(tasks);
}

async function timeouts() {
  const bodies = Array.from({ length: AT_ONCE }, () => timeout(1, () => sleep(FOR_EVER)));
  for (const { reason } of /** @type {PromiseRejectedResult[]} */ (
    await Promise.allSettled(bodies)
  )) {
    assert(reason instanceof TimeoutError);
  }
}

async function signals() {
  const controller = new AbortController();
  const tasks = begin({ signal: controller.signal });
  await sleep(0);
  controller.abort();
  await allCancelled(tasks);
  listeners += getEventListeners(controller.signal, "abort").length;
}

const lasting = new AbortController();

async function survivors() {
  const tasks = Array.from({ length: AT_ONCE }, () =>
    createTask(() => sleep(0), { signal: lasting.signal }),
  );
  for (const task of tasks) await task;
  listeners += getEventListeners(lasting.signal, "abort").length;
}

async function heap() {
  await sleep(5);
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const work = { waits, timeouts, signals, survivors }[process.argv[2] ?? ""];
assert(work !== undefined, "expected waits, timeouts, signals or survivors");
await run(async () => {
  // What is made once (compiled code, tables that grow) is there before the first look.
  for (let i = 0; i < 50; i++) await work();
  const before = await heap();
  for (let i = 0; i < MANY / AT_ONCE; i++) await work();
  const bytes = ((await heap()) - before) / MANY;
  console.log(JSON.stringify({ bytes, listeners }));
});
