/*
 * The tasks of distributed.test.ts: the test names them in its own process, and each worker in its own.
 */
import { sleep } from "ambit";
import { currentCall, DistributedExecutor, reportProgress, task } from "ambit/distributed";
import { inject, span } from "ambit/tracing";

export const add = task("cross.add", (/** @type {number} */ a, /** @type {number} */ b) =>
  span("add up", () => a + b),
);
export const fail = task("cross.fail", () => {
  throw new RangeError("too far");
});
/** Fails the first time. */
export const flaky = task("cross.flaky", () => {
  if (currentCall()?.attempt === 1) throw new Error("not yet");
});
/** Says when it has begun. */
export const slow = task("cross.slow", (/** @type {number} */ ms) => {
  reportProgress("begun");
  return sleep(ms);
});
export const headers = task("cross.headers", () => inject());
/** Has another queue add. */
export const relay = task(
  "cross.relay",
  async (/** @type {{ redis: string, queue: string }} */ options) => {
    const executor = new DistributedExecutor(options);
    try {
      return await executor.submit(add, 1, 2);
    } finally {
      await executor.shutdown();
    }
  },
);
