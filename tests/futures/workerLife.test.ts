/**
 * How threads come and go, and what ends one: idleness, memory, faults. Real threads, so real time.
 */
import { CancelledError, createTask, isCancelled, run, sleep } from "ambit";
import {
  BrokenThreadPool,
  type ConcurrentFuture,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
  WorkerLostError,
} from "ambit/futures";
import * as fc from "fast-check";
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
  [{ maxHeap: 0.5 }, "Expected `options.maxHeap`"],
  [{ resourceLimits: 5 as never }, "Expected `options.resourceLimits`"],
])("options %j are refused", (options, words) => {
  expect(() => new ThreadPoolExecutor(options)).toThrow(words);
});

test("a thread whose heap stays large is replaced, and no call is lost", async () => {
  await withPool({ maxWorkers: 1, maxHeap: 40 * 2 ** 20 }, async (pool) => {
    const first = await pool.submit(tasks.thread);
    expect(await pool.submit(talk.leaking, 60)).toBeGreaterThan(0);
    let now = first;
    while (now === first) {
      await sleep(20);
      now = await pool.submit(tasks.thread);
    }
    expect(await pool.submit(talk.leaking, 0)).toBe(0);
  });
});

test("a call that exhausts its thread's memory fails and says so; the others go on", async () => {
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  await withPool({ maxWorkers: 2, resourceLimits }, async (pool) => {
    const hog = pool.submit(talk.hog, 2000);
    const neighbours = Array.from({ length: 20 }, (_, x) => pool.submit(tasks.square, x));
    const error = await hog.then(null, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkerLostError);
    expect((error as Error).message).toContain("ran out of memory and ended with code 1");
    expect(await Promise.all(neighbours)).toEqual(neighbours.map((_, x) => x * x));
    expect(await pool.submit(tasks.square, 5)).toBe(25);
  });
});

test("a module that throws while it loads fails its calls and harms no other", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const url = new URL("./throwingModule.mjs", import.meta.url);
    const there = pool.module<{ anything(): void }>(url);
    for (const _ of [1, 2])
      await expect(there.anything()).rejects.toThrow("this module does not load");
    expect(await pool.submit(tasks.square, 2)).toBe(4);
  });
});

test("a call that ends its thread fails; the next runs on another", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    await expect(pool.submit(tasks.leaving)).rejects.toMatchObject({ exitCode: 3 });
    expect(await pool.submit(tasks.square, 2)).toBe(4);
  });
});

test("a pool whose threads' first module throws is broken", async () => {
  const url = new URL("./throwingModule.mjs", import.meta.url);
  const initializer = task(url, "anything", () => {});
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, initializer });
  await expect(pool.submit(tasks.square, 1)).rejects.toThrow(BrokenThreadPool);
  await pool.shutdown();
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

test("random cancels: what is cancelled is, and every neighbour has its own result", async () => {
  const plan = fc.array(fc.record({ ms: fc.nat(3), cancelAfter: fc.option(fc.nat(4)) }), {
    minLength: 1,
    maxLength: 25,
  });
  await withPool({ maxWorkers: 2, grace: 20 }, async (pool) => {
    await fc.assert(
      fc.asyncProperty(plan, async (calls) => {
        const futures: ConcurrentFuture<number>[] = calls.map(({ ms }, x) =>
          ms === 0 ? pool.submit(tasks.square, x) : pool.submit(talk.slowly, x * x, ms),
        );
        const cancels = calls.map(async ({ cancelAfter }, x) => {
          if (cancelAfter === null) return;
          await sleep(cancelAfter);
          futures[x]?.cancel();
        });
        const ends = await Promise.allSettled(futures);
        await Promise.all(cancels);
        const right = ends.map((end, x) =>
          end.status === "fulfilled"
            ? end.value === x * x
            : isCancelled(end.reason) && calls[x]?.cancelAfter !== null,
        );
        expect(right).toEqual(calls.map(() => true));
        expect(pool.statistics()).toMatchObject({ waiting: 0, running: 0 });
      }),
      { numRuns: 25 },
    );
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
