/**
 * What workers report carries the worker's name, and that of the task for which it works. Real workers, so real time.
 */
import { createTask } from "ambit";
import { currentCall, type PoolExecutor } from "ambit/futures";
import { describe, expect, test } from "vitest";
import { KINDS, withPool } from "./executorKinds.ts";
import * as there from "./treeTasks.mjs";

describe.each(KINDS)("in a worker of a %s", (_, kind) => {
  const withOne = <T>(body: (pool: PoolExecutor) => Promise<T>): Promise<T> =>
    withPool(kind, { maxWorkers: 1, prefix: "pool" }, body);

  test("code can ask for its call: before and after a wait, and in tasks below it", async () => {
    await withOne(async (pool) => {
      const mine = { worker: "pool_0", name: "seen", caller: "upload 17" };
      const upload = createTask(async () => await pool.submit(there.seen), { name: "upload 17" });
      expect(await upload).toEqual([mine, mine, mine]);
    });
  });

  test("each call of a batch knows its own caller", async () => {
    await withOne(async (pool) => {
      await pool.submit(there.seen);
      const callers = ["a", "a", "b", "a", "c"];
      const seen = callers.map((name) =>
        createTask(async () => (await pool.submit(there.seen))[0], { name }),
      );
      expect((await Promise.all(seen)).map((call) => call?.caller)).toEqual(callers);
    });
  });

  test("a task that a call has left behind belongs to no call", async () => {
    await withOne(async (pool) => {
      await pool.submit(there.leaving);
      expect(await pool.submit(there.seenLater)).toEqual([null]);
    });
  });

  test("what goes to the exception handler says where it comes from, and so does what is printed", async () => {
    await withOne(async (pool) => {
      const upload = createTask(async () => await pool.submit(there.reports), { name: "upload" });
      const origin = `${kind.noun} 'pool_0', while it ran 'reports' for task 'upload'`;
      expect(await upload).toEqual(["in a task below", origin, `ambit: printed\nin: ${origin}\n`]);
    });
  });

  test("debug mode's reports of slow steps do, too", async () => {
    await withOne(async (pool) => {
      const slow = createTask(async () => await pool.submit(there.holdsTheLoop), { name: "slow" });
      const told = await slow;
      expect(told[0]).toMatch(/held the loop/);
      expect(told[1]).toBe(`${kind.noun} 'pool_0', while it ran 'holdsTheLoop' for task 'slow'`);
    });
  });
});

test("code outside of workers belongs to no call", () => {
  expect(currentCall()).toBe(null);
});
