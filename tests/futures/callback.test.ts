/**
 * Functions of the caller's that are called from other threads. Real threads, so real time.
 */
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  type ExceptionContext,
  getRunningLoop,
  isCancelled,
  sleep,
} from "ambit";
import { callback, progress, ThreadPoolExecutor, transfer } from "ambit/futures";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KINDS, THREADS, withPool } from "./executorKinds.ts";
import * as tasks from "./talkTasks.mjs";

let pool: ThreadPoolExecutor;
beforeAll(() => void (pool = new ThreadPoolExecutor({ maxWorkers: 1 })));
afterAll(() => pool.shutdown());

test("a callback is called here, and its result is there", async () => {
  const ask = callback((n: number) => n * 10);
  expect(await pool.submit(tasks.sumOf, ask, 3)).toBe(30);
});

test("of many calls back at once, 64 are under way and all are answered", async () => {
  let [open, most] = [0, 0];
  const ask = callback(async (n: number) => {
    most = Math.max(most, ++open);
    await sleep(1);
    open--;
    return n;
  });
  expect(await pool.submit(tasks.sumOf, ask, 500)).toBe((499 * 500) / 2);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(64);
});

test("a callback is found inside of objects, and what is beside it stays what it is", async () => {
  const deep = { ask: callback((text: string) => `${text}!`) };
  expect(await pool.submit(tasks.askDeep, { deep, plain: new Date(7) })).toBe("really! 7");
});

test("it runs as a task, with the context variables of whoever submitted", async () => {
  const user = new ContextVar("user", { defaultValue: "nobody" });
  let seen: unknown[] = [];
  await createTask(async () => {
    user.set("parrot");
    const ask = callback((text: string) => {
      seen = [user.get(), currentTask() !== null];
      return text;
    });
    await pool.submit(tasks.caught, ask);
  });
  expect(seen).toEqual(["parrot", true]);
});

test("what it throws is thrown there", async () => {
  const ask = callback((): string => {
    throw new RangeError("no");
  });
  expect(await pool.submit(tasks.caught, ask)).toBe("RangeError");
});

test("cancelling who awaits it there cancels it here", async () => {
  const ends: string[] = [];
  const ask = callback(async () => {
    try {
      await sleep(60_000);
    } catch (error) {
      ends.push(isCancelled(error) ? "cancelled" : "otherwise");
      throw error;
    }
  });
  expect(await pool.submit(tasks.askAndGiveUp, ask)).toBe(true);
  while (ends.length === 0) await sleep(1);
  expect(ends).toEqual(["cancelled"]);
});

test("it ends with its call: what runs is cancelled and waited for, and later calls are refused", async () => {
  let cleanedUp = false;
  const began = new Int32Array(new SharedArrayBuffer(4));
  const ask = callback(async () => {
    Atomics.store(began, 0, 1);
    try {
      await sleep(60_000);
    } finally {
      await sleep(1);
      cleanedUp = true;
    }
  });
  await pool.submit(tasks.keep, ask, began);
  expect(cleanedUp).toBe(true);
  await expect(pool.submit(tasks.askKept)).rejects.toThrow(
    "the call that it was given to has ended",
  );
});

test("arguments that cannot be cloned are named there, results here", async () => {
  const ask = callback((_: () => void) => 1);
  await expect(pool.submit(tasks.askUnclonable, ask)).rejects.toThrow("args of a callback[0]");
  const give = callback((_: string) => (() => 1) as never);
  expect(await pool.submit(tasks.caught, give)).toBe("DataCloneError");
});

test.each(KINDS)(
  "an argument and a result that are marked are moved, to the thread of a %s, or copied",
  async (_, kind) => {
    await withPool(kind, { maxWorkers: 1 }, async (pool) => {
      const got: number[] = [];
      const given = new Uint8Array(500).fill(6);
      const ask = callback((bytes: Uint8Array) => {
        got.push(bytes.byteLength, bytes[999] as number);
        return transfer(given);
      });
      const moves = kind === THREADS;
      expect(await pool.submit(tasks.exchange, ask)).toEqual([moves ? 0 : 1000, 500, 6]);
      expect(got).toEqual([1000, 5]);
      expect(given.byteLength).toBe(moves ? 0 : 500);
      // It is gone where it was moved from: the answer says so, and nobody waits for ever.
      const again = await pool.submit(tasks.exchange, ask).then(String, String);
      expect(again).toMatch(moves ? "nothing is left here" : "1000,500,6");
    });
  },
);

test("progress is told now and then, and the last time before the call ends", async () => {
  const seen: number[] = [];
  const report = progress((n: number) => void seen.push(n), { every: 1000 });
  expect(await pool.submit(tasks.reporting, report, 100_000)).toBe(100_000);
  expect([seen[0], seen.at(-1)]).toEqual([1, 100_000]);
  expect(seen.length).toBeLessThan(1000);
});

test("the latest progress of a call that awaits is told while it does", async () => {
  const seen: number[] = [];
  const report = progress((n: number) => void seen.push(n), { every: 5 });
  const call = pool.submit(tasks.reportingLater, report, 10);
  while (seen.at(-1) !== 10) await sleep(1);
  call.cancel();
  await expect(call).rejects.toThrow(CancelledError);
});

test("progress that throws is reported, and the call goes on", async () => {
  const reports: ExceptionContext[] = [];
  getRunningLoop().setExceptionHandler((context) => reports.push(context));
  try {
    const report = progress(() => {
      throw new Error("the bar is broken");
    });
    expect(await pool.submit(tasks.reporting, report, 1)).toBe(1);
  } finally {
    getRunningLoop().setExceptionHandler(null);
  }
  expect(reports).toMatchObject([
    { message: "a progress callback threw", exception: { message: "the bar is broken" } },
  ]);
});

test("called here, they call their functions; what is no function is refused", async () => {
  expect(await callback((n: number) => n + 1)(1)).toBe(2);
  expect(() => callback(5 as never)).toThrow("Expected `fn`");
  expect(() => progress(() => {}, { every: Number.NaN })).toThrow("Expected `options.every`");
});

test("a function without a mark is refused still", async () => {
  await expect(pool.submit(tasks.caught, (async () => "x") as never)).rejects.toThrow(
    "args[0] cannot be cloned",
  );
});

test.each(KINDS)(
  "callbacks among the items of map are called, chunk by chunk, by a %s",
  async (_, kind) => {
    await withPool(kind, { maxWorkers: 2 }, async (pool) => {
      const asked: number[] = [];
      const told: number[] = [];
      const items = Array.from({ length: 10 }, (_item, n) => ({
        n,
        ask: callback((x: number) => {
          asked.push(x);
          return x * 10;
        }),
        tell: progress((x: number) => void told.push(x), { every: 1 }),
      }));
      const results: number[] = [];
      for await (const each of pool.map(tasks.askAndTell, items, { chunkSize: 3 }))
        results.push(each);
      expect(results).toEqual(items.map(({ n }) => n * 10));
      expect(asked.toSorted((a, b) => a - b)).toEqual(items.map(({ n }) => n));
      expect(told.toSorted((a, b) => a - b)).toEqual(items.map(({ n }) => n));
    });
  },
);

test("what a callback among the items of map throws fails its chunk, and no other", async () => {
  await withPool(THREADS, { maxWorkers: 1 }, async (pool) => {
    const items = [0, 1, 2].map((n) => ({
      n,
      ask: callback((x: number) => {
        if (x === 2) throw new RangeError("not two");
        return x;
      }),
    }));
    const results: number[] = [];
    const reading = (async () => {
      for await (const each of pool.map(tasks.askItem, items, { chunkSize: 2 })) results.push(each);
    })();
    await expect(reading).rejects.toThrow(new RangeError("not two"));
    expect(results).toEqual([0, 1]);
  });
});
