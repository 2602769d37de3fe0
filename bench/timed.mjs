// One run of a piece of work: how long it took, once it is known that it did it.
import { strict as assert } from "node:assert";

/** Does the work once; gives a result that is checked. @typedef {() => number | Promise<number>} Work */
/** Runs the work once and gives the milliseconds it took. @typedef {() => Promise<number>} Run */

/**
 * Clears away what another rival left behind. The young generation only: a full collection drops compiled code that
 * depends on what it collects, and a run would begin by compiling anew.
 */
function clearYoung() {
  const collect = /** @type {((how: { type: "minor" }) => void) | undefined} */ (globalThis.gc);
  collect?.({ type: "minor" });
}

/** @param {Work} work @param {number} expected @returns {Run} */
export function timed(work, expected) {
  return async () => {
    clearYoung();
    const start = performance.now();
    const result = await work();
    const took = performance.now() - start;
    assert.equal(result, expected);
    return took;
  };
}
