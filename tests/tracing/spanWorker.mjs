// Functions that a pool runs, with spans of their own.
import { currentSpanContext, span } from "../../dist/tracing/index.js";

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
