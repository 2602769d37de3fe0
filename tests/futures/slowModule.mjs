// A module that takes its time to load, for calls that are cancelled meanwhile: as long as the gate of whoever made the
// thread is closed.
import { setTimeout as delay } from "node:timers/promises";
import { getEnvironmentData } from "node:worker_threads";

const gate = /** @type {Int32Array | undefined} */ (getEnvironmentData("slowModule.gate"));
const closed = () => gate !== undefined && Atomics.load(gate, 0) === 0;
while (closed()) await delay(1);

/** @param {Int32Array} counter */
export async function countLater(counter) {
  Atomics.add(counter, 0, 1);
}
