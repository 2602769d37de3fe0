// What a pool runs for workers.test.ts: functions with no word of tracing in them.
import { toThread } from "../../dist/futures/index.js";
import { ClientSession } from "../../dist/http/index.js";
import { createTask, sleep } from "../../dist/index.js";
import { createRedis } from "../../dist/redis/index.js";
import { startTracing } from "../../dist/tracing/index.js";

/** The answer's text. @param {string} url */
export async function get(url) {
  const session = new ClientSession();
  try {
    const response = await session.get(url);
    return await response.text();
  } finally {
    await session.close();
  }
}

/** Also where nobody waits for it. @param {number} ms */
export async function named(ms) {
  await createTask(() => sleep(ms), { name: "nap" });
  await createTask(() => sleep(ms));
}

/** @param {string} url */
export async function ping(url) {
  const redis = createRedis(url);
  try {
    return await redis.get("nothing");
  } finally {
    await redis[Symbol.asyncDispose]();
  }
}

/** Another thread does. @param {string} url */
export function getElsewhere(url) {
  return toThread(get, url);
}

/** An initializer: this worker traces by itself, and tells nobody. */
export function traceAlone() {
  startTracing({ serviceName: "worker" });
}
