// The language's own constructs, in a process that has never loaded Ambit.
import { BATCHES, MANY } from "./sizes.mjs";

const SETTLED = Promise.resolve();

/** Awaits a settled promise, again and again. */
export async function awaits() {
  let count = 0;
  for (; count < MANY; count++) await SETTLED;
  return count;
}

/** The same for longer: a process that has just been asleep is slow at first. */
export async function manyAwaits() {
  let count = 0;
  for (; count < MANY * BATCHES; count++) await SETTLED;
  return count;
}
