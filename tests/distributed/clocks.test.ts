/*
 * Machines whose clocks are wrong by an hour, or jump while they run: what is due, and what is kept, is judged by Redis's clock.
 *
 * In real time: what is tested are other processes, and Redis's clock. Their own clocks are made wrong by `wrongClock.mjs`.
 */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getRunningLoop } from "ambit";
import { type CallOptions, DistributedWorker } from "ambit/distributed";
import { Redis } from "ioredis";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { ended } from "../../src/distributed/connections.ts";
import { RedisClock } from "../../src/distributed/redisClock.ts";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import {
  endWorker,
  endWorkers,
  executorOf,
  freshQueue,
  startProgram,
  startWorker,
  temporaryFolder,
  type WrongClock,
} from "./workers.ts";

const HOUR = 3_600_000;
/** Options, the task, and its arguments. */
type Call = readonly [CallOptions, keyof typeof tasks, ...unknown[]];

/** How late a call may come where nothing is the matter, in milliseconds: the machine has other things to do, too. */
const SLACK = 15_000;

describe.skipIf(redisMissing() !== null)("clocks that are wrong", () => {
  const served = serveRedis();
  afterEach(endWorkers);
  afterAll(endWorkers);

  function worker(queue: string, clock: WrongClock = {}): ReturnType<typeof startWorker> {
    const redis = served.server.url;
    return startWorker({ redis, queue, executor: "inline", concurrency: 4 }, clock);
  }

  /** What a program with that clock gets from each call, and after how many milliseconds. */
  async function submitted(
    queue: string,
    clock: WrongClock,
    ...calls: readonly Call[]
  ): Promise<{ value: unknown; ms: number }[]> {
    const options = { redis: served.server.url, queue };
    const child = startProgram("submitting.mjs", { options, calls }, clock);
    let out = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    await once(child, "close");
    return JSON.parse(out) as { value: unknown; ms: number }[];
  }

  test.each([
    ["a submitter that is ahead", HOUR, 0],
    ["a submitter that is behind", -HOUR, 0],
    ["a worker that is ahead", 0, HOUR],
    ["a worker that is behind", 0, -HOUR],
    ["a submitter ahead and a worker behind", HOUR, -HOUR],
  ])("a delayed call, and a retry, come at their time: %s", async (_, submitter, worker_) => {
    const queue = freshQueue();
    await worker(queue, { wrong: worker_ });
    const outcomes = await submitted(
      queue,
      { wrong: submitter },
      [{ delay: 900 }, "square", 3],
      [{ attempts: 3, backoff: 450 }, "flaky", 2],
    );
    expect(outcomes.map(({ value }) => value)).toEqual([9, 3]);
    for (const { ms } of outcomes) {
      expect(ms).toBeGreaterThanOrEqual(890);
      expect(ms).toBeLessThan(900 + SLACK);
    }
  });

  test("a retry comes at its time at a worker with another clock than the one that failed", async () => {
    const queue = freshQueue();
    const ahead = await worker(queue, { wrong: HOUR });
    const executor = executorOf(served, queue);
    const start = performance.now();
    const call = executor.with({ attempts: 2, backoff: 2500 }).submit(tasks.flaky, 1);
    await expect.poll(async () => (await executor.queueStatistics()).delayed).toBe(1);
    await endWorker(ahead);
    await worker(queue, { wrong: -HOUR });
    expect(await call).toBe(2);
    expect(performance.now() - start).toBeGreaterThanOrEqual(2490);
    expect(performance.now() - start).toBeLessThan(2500 + SLACK);
  });

  test("a worker that is ahead drops no outcomes that others may still fetch", async () => {
    const queue = freshQueue();
    const executor = executorOf(served, queue);
    const right = await worker(queue);
    const first = executor.with({ deduplicationKey: "first" });
    expect(await first.submit(tasks.add, 1, 1)).toBe(2);
    await endWorker(right);
    await worker(queue, { wrong: HOUR });
    for (let n = 0; n < 5; n++) await executor.submit(tasks.square, n);
    expect((await executor.queueStatistics()).completed).toBe(6);
    expect(await first.submit(tasks.add, 2, 2)).toBe(2);
  });

  test.each([
    ["ahead", HOUR],
    ["behind", -HOUR],
  ])("a rate limit lasts as long as was said, with a worker that is %s", async (_, wrong) => {
    const queue = freshQueue();
    const rateLimit = { max: 2, duration: 400 };
    await startWorker(
      { redis: served.server.url, queue, executor: "inline", rateLimit },
      { wrong },
    );
    const executor = executorOf(served, queue);
    const start = performance.now();
    const calls = [1, 2, 3, 4, 5].map((n) => executor.submit(tasks.square, n));
    expect(await Promise.all(calls)).toEqual([1, 4, 9, 16, 25]);
    // Two at once, two after the first pause, one after the second.
    expect(performance.now() - start).toBeGreaterThanOrEqual(690);
    expect(performance.now() - start).toBeLessThan(800 + SLACK);
  });

  test("many calls over workers of all clocks: each runs once, and comes in its order", async () => {
    const queue = freshQueue();
    for (const wrong of [0, HOUR, -HOUR]) await worker(queue, { wrong });
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "runs");
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    const calls = numbers.map((n) => executor.submit(tasks.note, file, n, 1));
    const squares: number[] = [];
    for await (const square of executor.map(tasks.square, numbers, { chunkSize: 10 }))
      squares.push(square);
    expect(squares).toEqual(numbers.map((n) => n * n));
    expect(await Promise.all(calls)).toEqual(numbers);
    const runs = readFileSync(file, "utf8").trim().split("\n").map(Number);
    expect(runs.toSorted((a, b) => a - b)).toEqual(numbers);
  });

  test.each([
    ["ahead", HOUR],
    ["back", -HOUR],
  ])("a clock that jumps %s costs no lock and no delay", async (_, jump) => {
    const queue = freshQueue();
    const options = { redis: served.server.url, queue, executor: "inline" } as const;
    const locked = { ...options, concurrency: 2, lockDuration: 600 };
    const jumping = await startWorker(locked, { jump });
    const executor = executorOf(served, queue);
    const file = join(temporaryFolder(), "runs");
    const long = executor.submit(tasks.note, file, 1, 2500);
    await expect.poll(() => existsSync(file)).toBe(true);
    const start = performance.now();
    const delayed = executor.with({ delay: 700 }).submit(tasks.square, 2);
    await expect.poll(async () => (await executor.queueStatistics()).delayed).toBe(1);
    jumping.kill("SIGUSR2");
    // Who takes what has lost its lock.
    const other = await startWorker({ ...locked, concurrency: 1 });
    expect(await delayed).toBe(4);
    expect(performance.now() - start).toBeGreaterThanOrEqual(690);
    expect(performance.now() - start).toBeLessThan(700 + SLACK);
    expect(await long).toBe(1);
    expect(readFileSync(file, "utf8")).toBe("1\n");
    await endWorker(other);
    const again = performance.now();
    expect(await executor.with({ delay: 300 }).submit(tasks.square, 3)).toBe(9);
    expect(performance.now() - again).toBeGreaterThanOrEqual(290);
  });

  test("every time that BullMQ sends to Redis, or its scripts keep there, is Redis's own", async () => {
    const queue = freshQueue();
    const redis = new Redis(served.server.url);
    const monitor = await redis.monitor();
    const seen = new Map<number, string>();
    monitor.on("monitor", (_: string, args: string[]) => {
      for (const each of args)
        if (/^\d{13}(\.\d+)?$/.test(each)) seen.set(Number(each), args.slice(0, 3).join(" "));
    });
    const ahead = { wrong: HOUR };
    const options = { redis: served.server.url, queue, executor: "inline" } as const;
    await startWorker({ ...options, concurrency: 2, lockDuration: 500 }, ahead);
    await submitted(
      queue,
      ahead,
      [{}, "square", 3],
      [{ priority: 2 }, "square", 3],
      [{ delay: 100 }, "square", 3],
      [{ attempts: 2, backoff: 100 }, "flaky", 1],
      [{ attempts: 2 }, "flaky", 1],
      [{}, "slow", 800, ""],
    );
    const executor = executorOf(served, queue);
    await expect(executor.submit(tasks.print, 3)).rejects.toThrow("out of paper");
    monitor.disconnect();
    await ended(redis);
    expect(seen.size).toBeGreaterThan(20);
    const wrong = [...seen].filter(([time]) => Math.abs(time - Date.now()) > HOUR / 2);
    expect(wrong.map(([, words]) => words)).toEqual([]);
  });

  test("where TIME is refused, the machine's own clock counts, and the worker says so once", async () => {
    const queue = freshQueue();
    const admin = new Redis(served.server.url);
    await admin.call("ACL", "SETUSER", "timeless", "on", "nopass", "~*", "&*", "+@all", "-time");
    const redis = served.server.url.replace("//", "//timeless:any@");
    const troubles: string[] = [];
    const onTrouble = (error: Error): unknown => troubles.push(error.message);
    const worker = new DistributedWorker({ redis, queue, executor: "inline", onTrouble });
    const executor = executorOf(served, queue, { redis });
    expect(await executor.with({ delay: 100 }).submit(tasks.square, 3)).toBe(9);
    expect(await executor.with({ attempts: 2, backoff: 50 }).submit(tasks.flaky, 1)).toBe(2);
    await worker.close();
    await admin.call("ACL", "DELUSER", "timeless");
    await ended(admin);
    expect(troubles).toEqual([expect.stringContaining("NOPERM")]);
  });

  test("an answer that took long does not spoil what is known of Redis's clock", async () => {
    const admin = new Redis(served.server.url);
    const redis = new Redis(served.server.url);
    const clock = new RedisClock(redis, getRunningLoop(), () => {}, 0);
    await once(redis, "ready");
    await clock.known();
    // Whoever asks is answered in the end: half the way is far from the truth.
    await admin.call("CLIENT", "PAUSE", "600", "ALL");
    await clock.known();
    const [seconds, microseconds] = await redis.time();
    const wrong = clock.now() - (Number(seconds) * 1000 + Number(microseconds) / 1000);
    await ended(redis);
    await ended(admin);
    expect(Math.abs(wrong)).toBeLessThan(150);
  });
});
