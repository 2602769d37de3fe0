// Locks and semaphores: a thousand callers who each want a permit, hold it over one switch, and release it.
//
// All rivals run in one process, as the plain async functions that they are made for.
import { Mutex, Semaphore as MutexSemaphore } from "async-mutex";
import { Sema } from "async-sema";
import pLimit from "p-limit";
import { Lock, Semaphore } from "../dist/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */

const CONTENDERS = 1000;
const TIMES = 10;
const PERMITS = 10;
const SETTLED = Promise.resolve();

/** A thousand callers at the same time, again and again. @param {() => Promise<number>} caller @returns {Work} */
function contending(caller) {
  return async () => {
    let sum = 0;
    for (let i = 0; i < TIMES; i++) {
      const callers = [];
      for (let k = 0; k < CONTENDERS; k++) callers.push(caller());
      for (const one of await Promise.all(callers)) sum += one;
    }
    return sum;
  };
}

/** @param {{ acquire(): Promise<unknown>, release(): void }} lock @returns {Work} */
function holding(lock) {
  return contending(async () => {
    await lock.acquire();
    await SETTLED;
    lock.release();
    return 1;
  });
}

const mutexSemaphore = new MutexSemaphore(PERMITS);

const holdingMutexSemaphore = contending(async () => {
  const [, release] = await mutexSemaphore.acquire();
  await SETTLED;
  release();
  return 1;
});

const mutex = new Mutex();

const holdingMutex = contending(async () => {
  const release = await mutex.acquire();
  await SETTLED;
  release();
  return 1;
});

const limit = pLimit(PERMITS);

async function limited() {
  await SETTLED;
  return 1;
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "Semaphore(10), 1000 contenders",
    result: CONTENDERS * TIMES,
    ambit: holding(new Semaphore(PERMITS)),
    rivals: [
      { name: "async-sema", target: { 26: 0.7 }, work: holding(new Sema(PERMITS)) },
      { name: "async-mutex", target: { 26: 0.5 }, work: holdingMutexSemaphore },
      { name: "p-limit", target: { 26: 0.1 }, work: contending(() => limit(limited)) },
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
