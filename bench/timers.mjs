// Time: turns of the event loop, a million tasks asleep, and what a million cancelled waits leave behind.
import { createTask, sleep } from "../dist/index.js";
import { measureLeaks } from "./leaks.mjs";
import { BATCH, YIELDS } from "./sizes.mjs";
import { measureSleepers } from "./sleepers.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */

const nextTurn = () =>
  new Promise((/** @type {(value: void) => void} */ resolve) => setImmediate(resolve));

/** @param {() => Promise<void>} pass */
function yielder(pass) {
  return async () => {
    let count = 0;
    for (; count < YIELDS; count++) await pass();
    return count;
  };
}

/** @param {() => PromiseLike<number>} begin @returns {Work} */
function thousand(begin) {
  return async () => {
    const begun = [];
    for (let i = 0; i < BATCH; i++) begun.push(begin());
    let sum = 0;
    for (const each of begun) sum += await each;
    return sum;
  };
}

const sleeper = yielder(() => sleep(0));

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "sleep(0) in 1000 tasks",
    result: BATCH * YIELDS,
    ambit: thousand(() => createTask(sleeper)),
    rivals: [
      { name: "promise of setImmediate", work: thousand(yielder(nextTurn)) },
      { name: "CPython asyncio", target: { 26: 150 / 2300 }, apart: ["asyncio", "yields"] },
    ],
  },
];

export async function measure() {
  return [...(await measureSleepers()), ...(await measureLeaks())];
}
