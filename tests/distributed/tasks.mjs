/*
 * The tasks of these tests: the test names them in its own process, and each worker in its own.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { cancelRequested } from "ambit/futures";
import { ContextVar, sleep } from "ambit";
import { currentCall, reportProgress, task } from "ambit/distributed";

export class OutOfPaper extends Error {
  /** @param {number} sheets */
  constructor(sheets) {
    super("out of paper", { cause: new RangeError("the tray is empty") });
    this.name = "OutOfPaper";
    this.sheets = sheets;
  }
}

export const add = task("test.add", (/** @type {number} */ a, /** @type {number} */ b) => a + b);
export const square = task("test.square", (/** @type {number} */ n) => n * n);
export const echo = task("test.echo", (/** @type {unknown} */ value) => value);
export const bytes = task("test.bytes", (/** @type {number} */ size) => new Uint8Array(size));
export const print = task("test.print", (/** @type {number} */ sheets) => {
  throw new OutOfPaper(sheets);
});
export const call = task("test.call", () => currentCall());
export const versioned = task("test.versioned", () => "old", { version: "1" });

/** Waits, and tells in a file how it ended. */
export const slow = task(
  "test.slow",
  async (/** @type {number} */ ms, /** @type {string} */ file) => {
    if (file) writeFileSync(file, "running");
    try {
      await sleep(ms);
      return "slept";
    } finally {
      if (file) appendFileSync(file, " over");
    }
  },
);

/** Computes until it is told to stop. */
export const spin = task("test.spin", (/** @type {number} */ ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end && !cancelRequested());
  return cancelRequested();
});

/** Writes a line for each time that it runs. */
export const note = task(
  "test.note",
  async (/** @type {string} */ file, /** @type {number} */ n, /** @type {number} */ ms) => {
    appendFileSync(file, `${n}\n`);
    if (ms > 0) await sleep(ms);
    return n;
  },
);

/** Fails the first times. */
export const flaky = task("test.flaky", (/** @type {number} */ failures) => {
  const attempt = currentCall()?.attempt ?? 0;
  if (attempt <= failures) throw new Error(`attempt ${attempt} failed`);
  return attempt;
});

export const steps = task("test.steps", async (/** @type {number} */ count) => {
  for (let step = 1; step <= count; step++) {
    reportProgress({ step });
    await sleep(20);
  }
  return "done";
});

/** @type {ContextVar<string>} */
export const user = new ContextVar("user", { defaultValue: "nobody" });
export const whoIsIt = task("test.user", () => user.get());
