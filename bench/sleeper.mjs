// One night of a million sleepers: `node --expose-gc sleeper.mjs ambit|native MS`. Prints what it cost, as JSON.
//
// The processor time is that of going to sleep and of waking up, without the garbage collection asked for in between.
import { strict as assert } from "node:assert";
import { setImmediate as turn, setTimeout as nativeSleep } from "node:timers/promises";

const SLEEPERS = 1_000_000;
/** As many begin between two turns of the event loop. */
const AT_ONCE = 10_000;

let awake = 0;

/** @returns {Promise<(ms: number) => PromiseLike<number>>} */
async function ambit() {
  const { createTask, sleep } = await import("../dist/index.js");
  return (ms) =>
    createTask(async () => {
      await sleep(ms);
      return ++awake;
    });
}

/** @returns {Promise<(ms: number) => PromiseLike<number>>} */
async function native() {
  return async (ms) => {
    await nativeSleep(ms);
    return ++awake;
  };
}

/** @param {(ms: number) => PromiseLike<number>} begin @param {number} count @param {number} ms */
async function putToSleep(begin, count, ms) {
  /** @type {PromiseLike<number>[]} */
  const sleepers = [];
  for (let i = 0; i < count; i++) {
    sleepers.push(begin(ms));
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

const begin = await (process.argv[2] === "ambit" ? ambit() : native());
// The compiler has seen it before, and so have the tables that grow.
for (const each of await putToSleep(begin, AT_ONCE, 1)) await each;
awake = 0;
const before = memory();
const cpu = process.cpuUsage();
const sleepers = await putToSleep(begin, SLEEPERS, Number(process.argv[3]));
const cpuAsleep = process.cpuUsage(cpu);
const asleep = memory();
const allAsleep = awake === 0;
const cpuBefore = process.cpuUsage();
for (const each of sleepers) await each;
assert.equal(awake, SLEEPERS);
const cpuAwake = process.cpuUsage(cpuBefore);
console.log(
  JSON.stringify({
    allAsleep,
    heap: (asleep.heapUsed - before.heapUsed) / SLEEPERS,
    cpu: total(cpuAsleep) + total(cpuAwake),
  }),
);
