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
  const what = "a million tasks asleep";
  const against = "timers/promises";
  return [
    {
      what: `${what}: heap of each`,
      against: "",
      unit: "B",
      value: ambit.heap,
      target: { 20: 1000, 26: 1000 },
    },
    { what: `${what}: heap`, against, unit: "x", value: ambit.heap / native.heap, target: {} },
    {
      what: `${what}: processor time`,
      against,
      unit: "x",
      value: ambit.cpu / native.cpu,
      target: { 26: 1 },
    },
  ];
}

/** @param {string} rival @returns {Promise<Night>} */
async function night(rival, ms = FIRST_TRIAL) {
  const result = /** @type {Night} */ (await runChild("sleeper.mjs", rival, String(ms)));
  return result.allAsleep ? result : night(rival, ms * 2);
}
