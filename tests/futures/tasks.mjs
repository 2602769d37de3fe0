// What the tests of executors run on other threads: exported functions of a module of their own. A thread on Node.js 20
// cannot load TypeScript, so they use the compiled Ambit.
import { threadId, workerData } from "node:worker_threads";
import { writeFileSync } from "node:fs";
import {
  ambientSignal,
  ContextVar,
  currentTask,
  getRunningLoop,
  setTaskFactory,
  sleep,
} from "../../dist/index.js";
import { cancelRequested, transfer } from "../../dist/futures/index.js";

/** @param {number} a @param {number} b */
export const add = (a, b) => a + b;

/** @param {number} x */
export const square = (x) => x * x;

/** @param {number} x */
export const abs = (x) => Math.abs(x);

/** @param {number} a @param {number} b */
export const divmod = (a, b) => [Math.floor(a / b), a % b];

/** @param {Uint8Array} bytes */
export const lengthOf = (bytes) => bytes.byteLength;

/** Bytes that are moved back; how many were left here is told by {@link leftHere}. @param {number} size */
export function makeBytes(size) {
  made = new Uint8Array(size).fill(7);
  return transfer(made);
}

/** @type {Uint8Array | undefined} */
let made;

export const leftHere = () => made?.byteLength;

const kept = new Uint8Array(5);

/** Moves back what is gone the second time. */
export const sameBytes = () => transfer(kept);

export const thread = () => threadId;

export const threadName = () => workerData.name;

/** @param {number} ms @param {unknown} [result] */
export async function napping(ms, result) {
  await sleep(ms);
  return result;
}

/** Blocks the thread. @param {number} ms */
export function blocking(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return ms;
}

/** @param {Int32Array} gate Waits until its first number is not 0. */
export function atGate(gate) {
  Atomics.wait(gate, 0, 0, 10_000);
  return Atomics.load(gate, 0);
}

/** @param {Int32Array} counter */
export const count = (counter) => Atomics.add(counter, 0, 1);

/** @param {number} x */
export function failing(x) {
  throw Object.assign(new RangeError(`no ${x}`, { cause: new TypeError("deep") }), {
    code: "E_NO",
  });
}

export class OwnError extends Error {
  /** @override */
  name = "OwnError";
}

/** Fails at once, or when it is asked to stop. @param {boolean} soon */
export function failingSoon(soon) {
  if (soon) throw new RangeError("soon");
  while (!cancelRequested());
  throw new RangeError("late");
}

export function failingOwn() {
  throw new OwnError("own");
}

export const returnsFunction = () => ({ deep: [() => 1] });

/** @param {Int32Array} seen Notes in it what the end of the call looked like. */
export async function untilCancelled(seen) {
  const signal = ambientSignal();
  Atomics.store(seen, 0, 1);
  Atomics.notify(seen, 0);
  try {
    await sleep(60_000);
  } finally {
    await sleep(1);
    Atomics.store(seen, 0, signal.aborted ? 2 : 3);
  }
}

/** @param {Int32Array} seen */
export function spinning(seen) {
  Atomics.store(seen, 0, 1);
  while (!cancelRequested());
  return "stopped by the flag";
}

/** @param {Int32Array} seen */
export function spinningForEver(seen) {
  Atomics.store(seen, 0, 1);
  for (;;) Atomics.add(seen, 1, 1);
}

export const leaving = () => process.exit(3);

const user = new ContextVar("user", { defaultValue: "nobody" });
export const whoIsIt = () => user.get();

export const taskName = () => currentTask()?.name;

let initialized = "no";
/** @param {string} word */
export function initialize(word) {
  initialized = word;
}
export const seesInitialized = () => initialized;

export function failingInitializer() {
  throw new Error("the initializer failed");
}

/** @param {string} path @param {string} text */
export function write(path, text) {
  writeFileSync(path, text);
}

/** @param {number} a @param {number} b @param {{ fail?: boolean, cancel?: boolean }} [how] */
export async function addLater(a, b, how = {}) {
  await sleep(1);
  if (how.fail) throw new Error("Fail!");
  if (how.cancel) {
    currentTask()?.cancel();
    await sleep(0);
  }
  return a + b;
}

export function breakTaskFactory() {
  setTaskFactory(getRunningLoop(), () => {
    throw new TypeError("no tasks here");
  });
}

/** @param {Int32Array} counter @param {boolean} [leave] Whether to end the thread, too. */
export function countOrLeave(counter, leave = false) {
  Atomics.add(counter, 0, 1);
  if (leave) process.exit(4);
}

const pause = new Int32Array(new SharedArrayBuffer(4));
/** Counts that it ran, takes a while, and ends its thread for some. @param {Int32Array} runs @param {number} id @param {number} ms @param {boolean} leave */
export function countRun(runs, id, ms, leave) {
  Atomics.add(runs, id, 1);
  Atomics.wait(pause, 0, 0, ms);
  if (leave) process.exit(4);
  return id;
}
