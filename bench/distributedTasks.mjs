// The functions that bench/distributed.mjs has run elsewhere: the program and its worker both load them.
import { sleep } from "../dist/index.js";
import { task } from "../dist/distributed/index.js";

export const square = task("bench.square", (/** @type {number} */ n) => n * n);

/** Runs until it is cancelled. */
export const forever = task("bench.forever", () => sleep(3_600_000));
