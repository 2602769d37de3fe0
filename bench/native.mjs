// The language's own constructs, in a process that has never loaded Ambit.
import { MANY } from "./sizes.mjs";

const SETTLED = Promise.resolve();

/** Awaits a settled promise, again and again. */
export async function awaits() {
  let count = 0;
  for (; count < MANY; count++) await SETTLED;
  return count;
}
