/*
 * Nobody there: no worker, workers that vanish, a Redis that refuses; and a program that has nothing to wait for.
 *
 * In real time: what is tested are other processes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DistributedConnectionError, NoWorkersError } from "ambit/distributed";
import { Redis } from "ioredis";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { ended } from "../../src/distributed/connections.ts";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import { endWorker, endWorkers, executorOf, freshQueue, startWorker } from "./workers.ts";

/** Runs idle.mjs to its end, and gives what it printed; a process that stays is killed, and says so by its signal. */
async function program(options: object): Promise<{ out: string; ended: unknown }> {
  const file = join(import.meta.dirname, "idle.mjs");
  const child = spawn(process.execPath, [file, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { out, ended: signal ?? code };
}

describe.skipIf(redisMissing() !== null)("nobody there", () => {
  const served = serveRedis();
  afterAll(endWorkers);

  test("a call that finds no worker fails after `workerTimeout`, and is taken out of the queue", async () => {
    const executor = executorOf(served, freshQueue(), { workerTimeout: 200 });
    const call = executor.submit(tasks.square, 2);
    await expect(call).rejects.toThrow(NoWorkersError);
    await expect(call).rejects.toThrow(
      /'test\.square': no worker took calls of the queue '\w+' for 200 ms/,
    );
    await expect.poll(async () => (await executor.queueStatistics()).waiting).toBe(0);
  });

  test("calls whose only worker vanishes fail after `workerTimeout`; with another one they go on", async () => {
    const queue = freshQueue();
    const options = {
      redis: served.server.url,
      queue,
      executor: "inline",
      concurrency: 2,
    } as const;
    const worker = await startWorker(options);
    const executor = executorOf(served, queue, { workerTimeout: 400, pollInterval: 100 });
    const calls = [1, 2, 3].map(() => executor.submit(tasks.slow, 60_000, ""));
    await expect.poll(async () => (await executor.queueStatistics()).active).toBe(2);
    await endWorker(worker);
    for (const call of calls) await expect(call).rejects.toThrow(NoWorkersError);
    await startWorker(options);
    expect(await executor.submit(tasks.square, 4)).toBe(16);
  });

  test("a Redis that refuses is told of at once, with its words", async () => {
    const admin = new Redis(served.server.url);
    onTestFinished(() => ended(admin));
    await admin.config("SET", "requirepass", "right");
    onTestFinished(async () => void (await admin.config("SET", "requirepass", "")));
    for (const [user, words] of [
      [":wrong@", "WRONGPASS"],
      ["", "NOAUTH"],
    ] as const) {
      const redis = served.server.url.replace("//", `//${user}`);
      const executor = executorOf(served, freshQueue(), { redis });
      const call = executor.submit(tasks.square, 2);
      await expect(call).rejects.toThrow(DistributedConnectionError);
      await expect(call).rejects.toThrow(`'test.square' could not be handed to Redis: ${words}`);
      await expect(executor.queueStatistics()).rejects.toThrow(`Redis refuses: ${words}`);
    }
  });

  test("the statistics of a queue that cannot be reached fail after `lossTimeout`", async () => {
    const redis = "redis://127.0.0.1:1";
    const executor = executorOf(served, freshQueue(), { redis, lossTimeout: 100 });
    await expect(executor.queueStatistics()).rejects.toThrow(
      "Redis could not be reached for 100 ms",
    );
  });

  test.each([
    ["that never called anything", {}],
    ["whose calls have ended", { calls: 3 }],
    ["that only asked for statistics", { statistics: true }],
    ["that has no Redis", { redis: "redis://127.0.0.1:1" }],
    ["that shuts it down in the end, too", { shutdown: true }],
    ["that shuts it down without Redis", { shutdown: true, redis: "redis://127.0.0.1:1" }],
  ])("ends by itself: a program %s", async (_, options) => {
    const queue = freshQueue();
    const redis = served.server.url;
    if ("calls" in options) await startWorker({ redis, queue, executor: "inline" });
    const { out, ended } = await program({ redis, queue, ...options });
    expect({ out, ended }).toEqual({ out: "main is over\n", ended: 0 });
  });

  test("a program with a call under way does not end before it", async () => {
    const queue = freshQueue();
    const redis = served.server.url;
    await startWorker({ redis, queue, executor: "inline" });
    const { out, ended } = await program({ redis, queue, pending: true });
    expect({ out, ended }).toEqual({ out: "main is over\nslept\n", ended: 0 });
  });
});
