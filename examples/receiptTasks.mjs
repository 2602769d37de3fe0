// What tracedRequest.ts has a worker do, on whatever machine: the program imports it, and so does the worker.
import { sleep } from "ambit";
import { task } from "ambit/distributed";
import { span } from "ambit/tracing";

/** Talks to a mail server, as it were; its two steps have spans of their own. */
export const sendReceipt = task(
  "receipt.send",
  async (/** @type {string} */ to, /** @type {string} */ receipt) => {
    await span("connect", () => sleep(4));
    await span("deliver", () => sleep(9));
    return { to, length: receipt.length };
  },
);
