// One night of a million sleepers: `node --expose-gc sleeper.mjs ambit|plain|native MS`. Prints what it cost, as JSON.
//
// The processor time is that of going to sleep and of waking up, without the garbage collection asked for in between.
import { strict as assert } from "node:assert";
import { setImmediate as turn, setTimeout as nativeSleep } from "node:timers/promises";

const SLEEPERS = 1_000_000;
/** As many begin between two turns of the event loop. */
const AT_ONCE = 10_000;

/** With this or more, nobody is waited for. */
const LONG = 2 ** 31 - 1;

let awake = 0;

/** Begins a sleeper. @typedef {() => PromiseLike<unknown>} Begin */

/** What begins those who sleep `ms`; Ambit is in the process only where it is wanted. @param {number} ms @returns {Promise<Begin>} */
async function sleeperOf(ms) {
  if (process.argv[2] === "native") {
    return async () => {
      await nativeSleep(ms);
      awake++;
    };
  }
  const { createTask, sleep } = await import("../dist/index.js");
  const plain = () => sleep(ms);
  const inFunction = async () => {
    await sleep(ms);
    awake++;
  };
  const body = process.argv[2] === "plain" ? plain : inFunction;
  return () => createTask(body);
}

/** @param {Begin} begin @param {number} count */
async function putToSleep(begin, count) {
  /** @type {PromiseLike<unknown>[]} */
  const sleepers = [];
  for (let i = 0; i < count; i++) {
    sleepers.push(begin());
    if (i % AT_ONCE === 0) await turn();
  }
  await turn();
  return sleepers;
}

function memory() {
  globalThis.gc?.();
  return process.memoryUsage();
}

/** @param {NodeJS.CpuUsage} usage in microseconds */
function total({ user, system }) {
  return user + system;
}

const ms = Number(process.argv[3]);
// The compiler has seen it before, and so have the tables that grow.
for (const each of await putToSleep(await sleeperOf(1), AT_ONCE)) await each;
awake = 0;
const begin = await sleeperOf(Math.min(ms, LONG));
const before = memory();
const start = process.cpuUsage();
const sleepers = await putToSleep(begin, SLEEPERS);
let cpu = total(process.cpuUsage(start));
const heap = (memory().heapUsed - before.heapUsed) / SLEEPERS;
const allAsleep = awake === 0;
if (ms < LONG) {
  const morning = process.cpuUsage();
  for (const each of sleepers) await each;
  assert.equal(awake, SLEEPERS);
  cpu += total(process.cpuUsage(morning));
}
console.log(JSON.stringify({ allAsleep, heap, cpu }));
process.exit(); // there is nothing to wait for
