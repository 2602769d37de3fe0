/**
 * How threads come and go, and who waits for their end; what goes wrong in one is in `workerFaults.test.ts`. Real threads, so
 * real time.
 */
import { CancelledError, createTask, isCancelled, run, sleep } from "ambit";
import { ThreadPoolExecutor, type ThreadPoolOptions } from "ambit/futures";
import { expect, test } from "vitest";
import * as talk from "./talkTasks.mjs";
import * as tasks from "./tasks.mjs";

function withPool<T>(
  options: ThreadPoolOptions,
  body: (pool: ThreadPoolExecutor) => Promise<T>,
): Promise<T> {
  return run(async () => {
    await using pool = new ThreadPoolExecutor(options);
    return await body(pool);
  });
}

const numbers = () => new Int32Array(new SharedArrayBuffer(8));

test("an idle thread ends, and a later call starts another", async () => {
  await withPool({ maxWorkers: 2, idleTimeout: 5 }, async (pool) => {
    expect(await pool.submit(tasks.square, 3)).toBe(9);
    while (pool.statistics().threads.length > 0) await sleep(1);
    expect(await pool.submit(tasks.square, 4)).toBe(16);
  });
});

test("so many threads are started with the first call, and stay when they are idle", async () => {
  await withPool({ maxWorkers: 3, minWorkers: 2, idleTimeout: 5 }, async (pool) => {
    const calls = Array.from({ length: 3 }, () => pool.submit(talk.slowly, 1, 30));
    await Promise.all(calls);
    while (pool.statistics().threads.length > 2) await sleep(1);
    await sleep(20);
    expect(pool.statistics().threads).toHaveLength(2);
  });
});

test.each([
  [{ minWorkers: 3, maxWorkers: 2 }, "Expected `options.minWorkers`"],
  [{ minWorkers: -1 }, "Expected `options.minWorkers`"],
  [{ idleTimeout: Number.NaN }, "Expected `options.idleTimeout`"],
  [{ resourceLimits: 5 as never }, "Expected `options.resourceLimits`"],
])("options %j are refused", (options, words) => {
  expect(() => new ThreadPoolExecutor(options)).toThrow(words);
});

test("with abandonOnCancel a cancelled caller goes at once, and the thread is ended behind it", async () => {
  await withPool({ maxWorkers: 1, grace: 30, abandonOnCancel: true }, async (pool) => {
    const seen = numbers();
    const call = pool.submit(tasks.spinningForEver, seen);
    while (Atomics.load(seen, 0) === 0) await sleep(1);
    const caller = createTask(async () => await call);
    await sleep(0);
    caller.cancel();
    expect(isCancelled(await caller.then(null, (error: unknown) => error))).toBe(true);
    const turns = Atomics.load(seen, 1);
    while (Atomics.load(seen, 1) === turns) await sleep(0); // it still runs: nobody has waited for its end
    expect(await pool.submit(tasks.square, 7)).toBe(49);
  });
});

test("withOptions says it for some calls, and leaves the rest as they were", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const seen = numbers();
    const call = pool.withOptions({ abandonOnCancel: true }).submit(tasks.untilCancelled, seen);
    while (Atomics.load(seen, 0) !== 1) await sleep(1);
    expect([call.cancel(), call.cancelled()]).toEqual([true, true]);
    while (Atomics.load(seen, 0) !== 2) await sleep(1);
    const other = pool.submit(tasks.untilCancelled, seen);
    while (Atomics.load(seen, 0) !== 1) await sleep(1);
    expect([other.cancel(), other.cancelled()]).toEqual([true, false]);
    await expect(other).rejects.toThrow(CancelledError);
  });
});

test("the tasks of a worker are shown on demand, with what they wait for", async () => {
  await withPool({ maxWorkers: 2, threadNamePrefix: "tree", grace: 1 }, async (pool) => {
    const seen = numbers();
    const calls = [pool.submit(talk.napWithChild), pool.submit(tasks.spinningForEver, seen)];
    while (Atomics.load(seen, 0) === 0) await sleep(1);
    let tree = "";
    while (!tree.includes("child of the call")) tree = await pool.formatTaskTree();
    expect(tree).toMatch(/^tree_0\n/);
    expect(tree).toContain("napWithChild  sleep(60000)");
    expect(tree).toContain("child of the call  sleep(60000)");
    expect(tree).toContain("spinningForEver  computes, and does not answer");
    for (const call of calls) call.cancel();
    await Promise.allSettled(calls);
  });
});

test("a hundred thousand calls leave nothing behind", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const round = async (): Promise<number> => {
      for (let batch = 0; batch < 10; batch++) {
        const calls = Array.from({ length: 1000 }, (_, x) => pool.submit(tasks.add, x, batch));
        const results = await Promise.all(calls);
        expect(results.at(-1)).toBe(999 + batch);
      }
      return process.memoryUsage().heapUsed;
    };
    const before = await round();
    let least = Infinity;
    for (let at = 0; at < 9; at++) least = Math.min(least, await round());
    // Each call kept would be some hundred bytes: 90,000 of them some tens of megabytes.
    expect(least - before).toBeLessThan(20 * 2 ** 20);
    expect(pool.statistics()).toMatchObject({ waiting: 0, running: 0 });
  });
});
