/*
 * Cancels that reach calls in the queue and on a worker; and submitters that die.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createTask, isCancelled, timeout, TimeoutError } from "ambit";
import { afterAll, describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import {
  endWorker,
  endWorkers,
  executorOf,
  freshQueue,
  startWorker,
  temporaryFolder,
} from "./workers.ts";

/** Waits until the file says that. */
async function untilSays(file: string, words: string): Promise<void> {
  await expect
    .poll(() => (existsSync(file) ? readFileSync(file, "utf8") : ""), { timeout: 25_000 })
    .toBe(words);
}

describe.skipIf(redisMissing() !== null)("cancelled calls", () => {
  const served = serveRedis();
  afterAll(endWorkers);

  test("one that waits is taken out of the queue, and never runs", async () => {
    const queue = freshQueue();
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "ran");
    const call = executor.submit(tasks.note, file, 1, 0);
    await expect.poll(async () => (await executor.queueStatistics()).waiting).toBe(1);
    expect(call.cancel("changed my mind")).toBe(true);
    await expect(call).rejects.toThrow("changed my mind");
    expect(call.cancelled()).toBe(true);
    expect((await executor.queueStatistics()).waiting).toBe(0);
    await startWorker({ redis: served.server.url, queue, executor: "inline" });
    expect(await executor.submit(tasks.add, 1, 1)).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  test("one that runs is stopped there, and the awaiter resumes when it has ended", async () => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, concurrency: 1 });
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "state");
    const call = executor.submit(tasks.slow, 60_000, file);
    await untilSays(file, "running");
    expect([call.running(), call.cancel()]).toEqual([true, true]);
    const error: unknown = await call.then(null, (thrown: unknown) => thrown);
    expect(isCancelled(error)).toBe(true);
    expect(call.cancelled()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("running over");
  });

  test("a function that computes sees that it is asked to stop, and what it returns counts", async () => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, concurrency: 1 });
    const executor = executorOf(served, queue);
    const call = executor.submit(tasks.spin, 60_000);
    await expect.poll(async () => (await executor.queueStatistics()).active).toBe(1);
    call.cancel();
    const [outcome] = await Promise.allSettled([call]);
    // Asked before its thread had begun it, it has not run at all.
    const ended = outcome?.status === "fulfilled" ? outcome.value : isCancelled(outcome?.reason);
    expect(ended).toBe(true);
  });

  test("a timeout around the await cancels the call", async () => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, executor: "inline" });
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "state");
    const waiting = createTask(() =>
      timeout(1000, () => executor.submit(tasks.slow, 60_000, file)),
    );
    await expect(waiting).rejects.toThrow(TimeoutError);
    if (existsSync(file)) await untilSays(file, "running over");
    expect(await executor.submit(tasks.add, 1, 1)).toBe(2);
  });

  test("leaving a mapping cancels what is left of it", async () => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, executor: "inline", concurrency: 1 });
    const executor = executorOf(served, queue);
    for await (const square of executor.map(tasks.square, Array(500).fill(3), { chunkSize: 5 })) {
      expect(square).toBe(9);
      break;
    }
    await expect.poll(() => executor.underWay).toBe(0);
    await expect.poll(() => executor.queueStatistics()).toMatchObject({ waiting: 0, active: 0 });
  });

  test("a worker that does not answer holds a cancel up no longer than was said", async () => {
    const queue = freshQueue();
    const options = { redis: served.server.url, queue, executor: "inline" } as const;
    const worker = await startWorker(options);
    const executor = executorOf(served, queue, { cancelTimeout: 50 });
    const file = join(temporaryFolder(), "state");
    const call = executor.submit(tasks.slow, 60_000, file);
    await untilSays(file, "running");
    worker.kill("SIGSTOP");
    call.cancel();
    await expect(call).rejects.toThrow("cancelled");
  });

  test("the calls of a program that has died are cancelled, or left, as it chose", async () => {
    const folder = temporaryFolder();
    for (const orphans of ["cancel", "finish"] as const) {
      const queue = freshQueue();
      const redis = served.server.url;
      await startWorker({ redis, queue, executor: "inline", watchInterval: 100 });
      const file = join(folder, orphans);
      const ms = orphans === "cancel" ? 60_000 : 2000;
      const options = { redis, queue, orphans, lossTimeout: 1000 };
      const program = spawn(process.execPath, [
        join(import.meta.dirname, "program.mjs"),
        JSON.stringify({ options, file, ms }),
      ]);
      await untilSays(file, "running");
      await endWorker(program);
      await untilSays(file, "running over");
      expect(program.signalCode).toBe("SIGKILL");
    }
  });

  test("a program that ends well leaves nothing of itself in Redis but what is kept", async () => {
    const queue = freshQueue();
    const redis = served.server.url;
    await startWorker({ redis, queue, executor: "inline" });
    const file = join(temporaryFolder(), "state");
    const program = spawn(process.execPath, [
      join(import.meta.dirname, "program.mjs"),
      JSON.stringify({ options: { redis, queue }, file, ms: 1 }),
    ]);
    expect(await once(program, "exit")).toEqual([0, null]);
    expect(readFileSync(file, "utf8")).toBe("running over");
  });
});
