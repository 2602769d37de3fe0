// Functions that a pool runs, with spans of their own.
import { toThread } from "../../dist/futures/index.js";
import { sleep } from "../../dist/index.js";
import {
  currentSpanContext,
  span,
  startTracing,
  ZipkinReporter,
} from "../../dist/tracing/index.js";

/** @param {number} n */
export function double(n) {
  return span("double", (double) => {
    double.setAttribute("n", n);
    return span("below", () => 2 * n);
  });
}

export function fails() {
  return span("fails", () => {
    throw new RangeError("too far");
  });
}

export function parentOfMine() {
  return currentSpanContext();
}

/** @param {number} ms */
export function delay(ms) {
  return sleep(ms);
}

/** An initializer: this worker sends its spans itself. */
export function traceTo(/** @type {string} */ url) {
  startTracing({ serviceName: "worker", reporters: [new ZipkinReporter({ url })] });
}

/** In another thread than this one. */
export function parentElsewhere() {
  return toThread(parentOfMine);
}
