// Locks and semaphores: a thousand callers at the same time, each of whom takes a permit again and again.
//
// A permit is held over the switch that `acquire` itself is; waiting for more would only add to both sides what neither
// can help. All rivals run in one process, with the plain async functions that they are made for.
import { Mutex, Semaphore as MutexSemaphore } from "async-mutex";
import { Sema } from "async-sema";
import pLimit from "p-limit";
import { Lock, Semaphore } from "../dist/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */

const CONTENDERS = 1000;
const TIMES = 20;
const PERMITS = 10;

/** @param {() => Promise<number>} caller @returns {Work} */
function contending(caller) {
  return async () => {
    const callers = [];
    for (let i = 0; i < CONTENDERS; i++) callers.push(caller());
    let sum = 0;
    for (const each of callers) sum += await each;
    return sum;
  };
}

/** @param {{ acquire(): Promise<unknown>, release(): void }} lock @returns {Work} */
function holding(lock) {
  return contending(async () => {
    let held = 0;
    while (held < TIMES) {
      await lock.acquire();
      held++;
      lock.release();
    }
    return held;
  });
}

const mutexSemaphore = new MutexSemaphore(PERMITS);

const holdingMutexSemaphore = contending(async () => {
  let held = 0;
  while (held < TIMES) {
    const [, release] = await mutexSemaphore.acquire();
    held++;
    release();
  }
  return held;
});

const mutex = new Mutex();

const holdingMutex = contending(async () => {
  let held = 0;
  while (held < TIMES) {
    const release = await mutex.acquire();
    held++;
    release();
  }
  return held;
});

const limit = pLimit(PERMITS);
const one = async () => 1;

const limited = contending(async () => {
  let held = 0;
  while (held < TIMES) held += await limit(one);
  return held;
});

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "Semaphore(10), 1000 contenders",
    result: CONTENDERS * TIMES,
    ambit: holding(new Semaphore(PERMITS)),
    rivals: [
      { name: "async-sema", target: { 26: 0.7 }, work: holding(new Sema(PERMITS)) },
      { name: "async-mutex", target: { 26: 0.5 }, work: holdingMutexSemaphore },
      { name: "p-limit", target: { 26: 0.1 }, work: limited },
    ],
  },
  {
    what: "Lock, 1000 contenders",
    result: CONTENDERS * TIMES,
    ambit: holding(new Lock()),
    rivals: [
      { name: "async-mutex", work: holdingMutex },
      { name: "async-sema", work: holding(new Sema(1)) },
    ],
  },
];
