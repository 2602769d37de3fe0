// What the pools of `executors.mjs` run, in the shapes that they want it in.
import { createHash } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";

/** @param {number} a @param {number} b */
export function add(a, b) {
  return a + b;
}

/** The first byte of a hash. @param {Uint8Array} bytes */
export function sha(bytes) {
  return createHash("sha256").update(bytes).digest()[0] ?? 0;
}

/** @param {Uint8Array} bytes */
export function lengthOf(bytes) {
  return bytes.byteLength;
}

/** With one argument for all, as piscina, tinypool and poolifier hand it over. @param {{ a: number, b: number }} both */
export function addBoth({ a, b }) {
  return a + b;
}

/** Notes that it ran. @param {string} log @param {number} id */
export function noteRun(log, id) {
  appendFileSync(log, `${id}\n`);
  return id;
}

/** Never ends, and never looks. @param {string} begun */
export function spin(begun) {
  writeFileSync(begun, "");
  for (;;) Math.sqrt(2);
}

/** Never ends, never looks, and leaves no file. */
export function spinForEver() {
  for (;;) Math.sqrt(2);
}

/** Computes for a while. @param {number} x @param {number} ms */
export function busy(x, ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return x;
}

/** Waits for a while. @param {number} x @param {number} ms @returns {Promise<number>} */
export function nap(x, ms) {
  return new Promise((resolve) => void setTimeout(resolve, ms, x));
}
