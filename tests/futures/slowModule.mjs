// A module that takes its time to load, for calls that are cancelled meanwhile.
import { setTimeout as delay } from "node:timers/promises";

await delay(50);

/** @param {Int32Array} counter */
export async function countLater(counter) {
  Atomics.add(counter, 0, 1);
}
