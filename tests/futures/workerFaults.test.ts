/**
 * What goes wrong in a worker, thread or process: modules that do not load, memory, exits, cancels at any moment; and that its
 * neighbours know nothing of it. Real workers, so real time.
 */
import { isCancelled, sleep, wait } from "ambit";
import {
  BrokenExecutor,
  type ConcurrentFuture,
  type PoolExecutor,
  task,
  ThreadPoolExecutor,
  WorkerLostError,
} from "ambit/futures";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type KindOptions, KINDS, THREADS, withPool } from "./executorKinds.ts";
import * as files from "./fileTasks.mjs";
import * as talk from "./talkTasks.mjs";
import * as tasks from "./tasks.mjs";

const throwing = new URL("./throwingModule.mjs", import.meta.url);

describe.each(KINDS)("of a %s", (_, kind) => {
  const withWorkers = <T>(
    options: KindOptions,
    body: (pool: PoolExecutor) => Promise<T>,
  ): Promise<T> => withPool(kind, options, body);

  test("a module that throws while it loads fails its calls and harms no other", async () => {
    await withWorkers({ maxWorkers: 1 }, async (pool) => {
      const there = pool.module<{ anything(): void }>(throwing);
      for (const round of [1, 2])
        await expect(there.anything(), `round ${round}`).rejects.toThrow(
          "this module does not load",
        );
      expect(await pool.submit(tasks.square, 2)).toBe(4);
    });
  });

  test("a pool whose initializer's module throws is broken", async () => {
    const pool = kind.open({ maxWorkers: 1, initializer: task(throwing, "anything", () => {}) });
    const error = await pool.submit(tasks.square, 1).then(null, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokenExecutor);
    expect((error as Error).cause).toMatchObject({ message: "this module does not load" });
    expect(() => pool.submit(tasks.square, 1)).toThrow(BrokenExecutor);
    await pool.shutdown();
  });

  test("a call that ends its worker fails; the next runs on another", async () => {
    await withWorkers({ maxWorkers: 1 }, async (pool) => {
      await expect(pool.submit(tasks.leaving)).rejects.toMatchObject({ exitCode: 3 });
      expect(await pool.submit(tasks.square, 2)).toBe(4);
    });
  });

  test("a worker whose heap stays large is replaced, and no call is lost", async () => {
    await withWorkers({ maxWorkers: 1, maxHeap: 40 * 2 ** 20 }, async (pool) => {
      const identity = kind === THREADS ? tasks.thread : files.pid;
      const first = await pool.submit(identity);
      expect(await pool.submit(talk.leaking, 60)).toBeGreaterThan(0);
      let now = first;
      while (now === first) {
        await sleep(20);
        now = await pool.submit(identity);
      }
      expect(await pool.submit(talk.leaking, 0)).toBe(0);
    });
  });

  test("a heap limit that is none is refused", () => {
    expect(() => kind.open({ maxHeap: 0.5 })).toThrow("Expected `options.maxHeap`");
  });

  test("a call that exhausts its worker's memory fails and says so; the others go on", async () => {
    await withWorkers({ maxWorkers: 2, megabytes: 24 }, async (pool) => {
      const hog = pool.submit(talk.hog, 2000);
      const neighbours = Array.from({ length: 20 }, (_x, x) => pool.submit(tasks.square, x));
      const error = await hog.then(null, (thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WorkerLostError);
      expect((error as Error).message).toMatch(/out of memory.* while it ran 'hog'/);
      expect(await Promise.all(neighbours)).toEqual(neighbours.map((_x, x) => x * x));
      expect(await pool.submit(tasks.square, 5)).toBe(25);
    });
  });

  test("random cancels: what is cancelled is, and every neighbour has its own result", async () => {
    const plan = fc.array(fc.record({ ms: fc.nat(3), cancelAfter: fc.option(fc.nat(4)) }), {
      minLength: 1,
      maxLength: 25,
    });
    await withWorkers({ maxWorkers: 2, grace: 20 }, async (pool) => {
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
        }),
        { numRuns: 25 },
      );
    });
  });
});

test("threads that end at any moment: every call ends, none runs twice, and what has a result ran once", async () => {
  const schedule = fc.record({
    calls: fc.integer({ min: 20, max: 200 }),
    ms: fc.constantFrom(0, 0, 0.2, 1),
    // These calls end their thread.
    leaves: fc.uniqueArray(fc.nat(199), { minLength: 1, maxLength: 3 }),
    cancels: fc.array(fc.record({ id: fc.nat(199), after: fc.nat(3) }), { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(schedule, async ({ calls: count, ms, leaves, cancels }) => {
      const runs = new Int32Array(new SharedArrayBuffer(4 * count));
      const pool = new ThreadPoolExecutor({ maxWorkers: 2, grace: 50 });
      const warmUp = new Int32Array(new SharedArrayBuffer(4));
      for (let at = 0; at < 8; at++) await pool.submit(tasks.countRun, warmUp, 0, 0, false);
      const calls = Array.from({ length: count }, (_, id) =>
        pool.submit(tasks.countRun, runs, id, ms, leaves.includes(id)),
      );
      const all = wait(calls);
      for (const { id, after } of cancels) {
        if (after > 0) await sleep(after);
        calls[id]?.cancel();
      }
      await all;
      await pool.shutdown();
      for (const [id, call] of calls.entries()) {
        const times = runs[id] ?? 0;
        expect(times).toBeLessThanOrEqual(1);
        if (call.cancelled()) continue;
        const error = call.exception();
        const right =
          error === undefined
            ? times === 1 && call.result() === id && !leaves.includes(id)
            : times === 1 && error instanceof WorkerLostError;
        expect(right, String(error)).toBe(true);
      }
    }),
    { numRuns: 15 },
  );
});
