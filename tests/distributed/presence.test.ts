/*
 * Which workers are there, and networks that are gone without a word: the other end notices by itself, and so does this one.
 *
 * In real time: what is tested are other processes, and how long they take.
 */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type DistributedExecutor,
  DistributedConnectionError,
  NoWorkersError,
} from "ambit/distributed";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import {
  endWorker,
  endWorkers,
  executorOf,
  freshQueue,
  startWorker,
  temporaryFolder,
  wireTo,
} from "./workers.ts";

vi.setConfig({ testTimeout: 90_000 });

/** For how long a worker counts as being there that says nothing. */
const LIFE = 6000;
/** After how long an end notices that the other is gone. */
const NOTICED = 11_000;
/** After how long a worker looks for calls of which no word has come to it. */
const UNWOKEN = 5000;
/** How late a thing may come where nothing is the matter: the machine has other things to do, too. */
const SLACK = 15_000;

/** Waits until so many workers are there; gives how long that took, in milliseconds. */
async function untilWorkers(executor: DistributedExecutor, count: number): Promise<number> {
  const start = performance.now();
  await expect
    .poll(async () => (await executor.queueStatistics()).workers, { timeout: 40_000 })
    .toBe(count);
  return performance.now() - start;
}

describe.skipIf(redisMissing() !== null)("presence of workers", () => {
  const served = serveRedis();
  afterEach(endWorkers);
  afterAll(endWorkers);

  test("a worker is there while it takes calls; not when it has ended, nor when it has stood still or been killed for long", async () => {
    const queue = freshQueue();
    const options = { redis: served.server.url, queue, executor: "inline" } as const;
    const executor = executorOf(served, queue);
    const [one, other] = [await startWorker(options), await startWorker(options)];
    expect((await executor.queueStatistics()).workers).toBe(2);
    const exit = once(one, "exit");
    one.stdin?.end();
    await exit;
    expect((await executor.queueStatistics()).workers).toBe(1);
    other.kill("SIGSTOP");
    expect(await untilWorkers(executor, 0)).toBeLessThan(LIFE + SLACK);
    other.kill("SIGCONT");
    await untilWorkers(executor, 1);
    await endWorker(other);
    expect(await untilWorkers(executor, 0)).toBeLessThan(LIFE + SLACK);
  });

  test("a worker stays while a call runs on it that takes long", async () => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, concurrency: 1 });
    const executor = executorOf(served, queue, { workerTimeout: 3000 });
    expect(await executor.submit(tasks.spin, LIFE + 5000)).toBe(false);
  });

  test("a worker that the network has swallowed is not there; it notices, and is there again", async () => {
    const queue = freshQueue();
    const wire = await wireTo(served);
    const redis = `redis://127.0.0.1:${wire.port}`;
    await startWorker({ redis, queue, executor: "inline", lockDuration: 2000 });
    const executor = executorOf(served, queue, { workerTimeout: 300 });
    const call = executor.submit(tasks.slow, 60_000, "");
    await expect.poll(async () => (await executor.queueStatistics()).active).toBe(1);
    wire.swallow();
    const start = performance.now();
    const { begun } = wire;
    await expect(call).rejects.toThrow(NoWorkersError);
    expect(performance.now() - start).toBeLessThan(LIFE + 300 + SLACK);
    await expect.poll(() => wire.begun, { timeout: 40_000 }).toBeGreaterThanOrEqual(begun + 2);
    expect(performance.now() - start).toBeLessThan(NOTICED + SLACK);
    wire.mend();
    expect(await untilWorkers(executor, 1)).toBeLessThan(NOTICED + SLACK);
    expect(await executor.submit(tasks.square, 3)).toBe(9);
  });

  test("what ran on a worker that the network has swallowed is run by another", async () => {
    const queue = freshQueue();
    const wire = await wireTo(served);
    const options = { queue, executor: "inline", lockDuration: 1000 } as const;
    await startWorker({ ...options, redis: `redis://127.0.0.1:${wire.port}` });
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "runs");
    const call = executor.submit(tasks.note, file, 7, 1500);
    await expect.poll(() => existsSync(file)).toBe(true);
    wire.swallow();
    const start = performance.now();
    await startWorker({ ...options, redis: served.server.url });
    expect(await call).toBe(7);
    // The lock, two looks at it, the call itself; and the word that wakes may have gone to who is swallowed.
    expect(performance.now() - start).toBeLessThan(1000 + 1000 + 1500 + UNWOKEN + SLACK);
    expect(readFileSync(file, "utf8")).toBe("7\n7\n");
  });

  test("a program that the network has swallowed is told so: by its calls, and when it asks", async () => {
    const queue = freshQueue();
    const wire = await wireTo(served);
    await startWorker({ redis: served.server.url, queue, executor: "inline" });
    const redis = `redis://127.0.0.1:${wire.port}`;
    const executor = executorOf(served, queue, { redis, lossTimeout: 1000 });
    expect(await executor.submit(tasks.square, 3)).toBe(9);
    const call = executor.submit(tasks.slow, 60_000, "");
    await expect.poll(async () => (await executor.queueStatistics()).active).toBe(1);
    wire.swallow();
    const start = performance.now();
    await expect(executor.queueStatistics()).rejects.toThrow(DistributedConnectionError);
    expect(performance.now() - start).toBeLessThan(1000 + SLACK);
    await expect(call).rejects.toThrow(DistributedConnectionError);
    expect(performance.now() - start).toBeLessThan(NOTICED + 1000 + SLACK);
    wire.mend();
    await expect
      .poll(
        () =>
          executor.queueStatistics().then(
            ({ workers }) => workers,
            () => 0,
          ),
        { timeout: 40_000 },
      )
      .toBe(1);
    expect(await executor.submit(tasks.square, 4)).toBe(16);
    wire.swallow();
    const end = performance.now();
    await executor.shutdown();
    expect(performance.now() - end).toBeLessThan(SLACK);
  });
});
