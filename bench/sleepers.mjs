// A million tasks asleep: bytes each while they sleep, processor time from the first to the last.
//
// Each rival has a process of its own. How long they sleep is found by trial, so that none wakes before all are asleep.
// One night of each is enough: the memory is the same each time, and processor time knows no waiting for a processor.
import { runChild } from "./child.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** `heap` in bytes a sleeper, `cpu` in microseconds for all. @typedef {{ allAsleep: boolean, heap: number, cpu: number }} Night */

const FIRST_TRIAL = 6000;

/** @returns {Promise<Figure[]>} */
export async function measureSleepers() {
  const ambit = await night("ambit");
  const native = await night("native");
  const { heap } = await weigh("plain");
  const what = "a million tasks asleep";
  const each = { against: "", unit: "B", target: { 20: 1000, 26: 1000 } };
  const ratio = { against: "timers/promises", unit: "x" };
  return [
    { ...each, what: `${what}: heap of each`, value: heap },
    { ...each, what: `${what} in async functions: heap of each`, value: ambit.heap },
    {
      ...ratio,
      what: `${what} in async functions: heap`,
      value: ambit.heap / native.heap,
      target: {},
    },
    {
      ...ratio,
      what: `${what} in async functions: CPU`,
      value: ambit.cpu / native.cpu,
      target: { 26: 1 },
    },
  ];
}

/** A whole night. @param {string} rival @returns {Promise<Night>} */
async function night(rival, ms = FIRST_TRIAL) {
  const result = /** @type {Night} */ (await runChild("sleeper.mjs", rival, String(ms)));
  return result.allAsleep ? result : night(rival, ms * 2);
}

/** A look at the sleepers only; none of them wakes. @param {string} rival @returns {Promise<Night>} */
async function weigh(rival) {
  return /** @type {Night} */ (await runChild("sleeper.mjs", rival, "Infinity"));
}
