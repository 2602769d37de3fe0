import { inspect } from "node:util";
import {
  allTasks,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  getRunningLoop,
  mapConcurrent,
  moveOnAfter,
  sleep,
  suppressedErrors,
  timeout,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

async function collect<R>(results: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const result of results) all.push(result);
  return all;
}

/** A source that tells what was read of it, and whether it was closed. */
function* watched(count: number, log: (string | number)[]): Generator<number> {
  try {
    for (let n = 1; n <= count; n++) {
      log.push(n);
      yield n;
    }
  } finally {
    log.push("closed");
  }
}

async function* watchedLater(count: number, log: (string | number)[]): AsyncGenerator<number> {
  try {
    for (let n = 1; n <= count; n++) {
      await sleep(1);
      log.push(n);
      yield n;
    }
  } finally {
    try {
      await sleep(1);
    } finally {
      log.push("closed");
    }
  }
}

describe("results", () => {
  test("come in the order of the items, whatever finishes first", () =>
    runVirtual(async () => {
      const results = await collect(mapConcurrent([3, 1, 2], (n) => sleep(n, n * n), { limit: 3 }));
      expect(results).toEqual([9, 1, 4]);
    }));

  test("come as they finish when order is not asked for", () =>
    runVirtual(async () => {
      const results = mapConcurrent([3, 1, 2], (n) => sleep(n, n), { limit: 3, ordered: false });
      expect(await collect(results)).toEqual([1, 2, 3]);
    }));

  test("of synchronous functions are taken as they are", () =>
    runVirtual(async () => {
      expect(
        await collect(mapConcurrent("abc", (letter, index) => letter + index, { limit: 2 })),
      ).toEqual(["a0", "b1", "c2"]);
    }));

  test("of an async source come in order, too", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const results = mapConcurrent(watchedLater(5, log), (n) => sleep(10 - n, n), { limit: 3 });
      expect(await collect(results)).toEqual([1, 2, 3, 4, 5]);
      expect(log).toEqual([1, 2, 3, 4, 5, "closed"]);
    }));

  test("of no items are none, and the iteration stays over", () =>
    runVirtual(async () => {
      const results = mapConcurrent([], () => 1, { limit: 1 });
      expect(await results.next()).toEqual({ done: true, value: undefined });
      expect(await results.next()).toEqual({ done: true, value: undefined });
    }));

  test("go to several who ask at once in the order of asking", () =>
    runVirtual(async () => {
      const results = mapConcurrent([3, 1, 2], (n) => sleep(n, n), { limit: 2 });
      const asked = [1, 2, 3, 4].map(() => results.next());
      expect((await Promise.all(asked)).map(({ value }) => value)).toEqual([3, 1, 2, undefined]);
    }));

  test("come without a limit, too", () =>
    runVirtual(async () => {
      const items = Array.from({ length: 50 }, (_, n) => n);
      const started = getRunningLoop().time();
      expect(await collect(mapConcurrent(items, (n) => sleep(10, n), { limit: Infinity }))).toEqual(
        items,
      );
      expect(getRunningLoop().time() - started).toBe(10);
    }));
});

describe("concurrency", () => {
  test("is the limit, from the first item to the last", () =>
    runVirtual(async () => {
      let running = 0;
      let most = 0;
      const work = async (): Promise<void> => {
        most = Math.max(most, ++running);
        await sleep(10);
        running--;
      };
      await collect(mapConcurrent(Array.from({ length: 20 }), work, { limit: 4 }));
      expect(most).toBe(4);
      expect(getRunningLoop().time()).toBe(50);
    }));

  test("never reads the source further ahead of who asks than the limit", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const results = mapConcurrent(watched(9, log), (n) => sleep(1, n), { limit: 2 });
      await sleep(5);
      expect(log).toEqual([]);
      await results.next();
      await sleep(5);
      expect(log).toEqual([1, 2, 3]);
      await results.next();
      await sleep(5);
      expect(log).toEqual([1, 2, 3, 4]);
      await results.return?.();
    }));

  test("never reads an async source further ahead than the limit", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const results = mapConcurrent(watchedLater(9, log), (n) => sleep(1, n), { limit: 2 });
      await results.next();
      await sleep(50);
      expect(log).toEqual([1, 2, 3]);
      await results.return?.();
      expect(log).toEqual([1, 2, 3, "closed"]);
    }));

  test("goes on while the loop works on a result", () =>
    runVirtual(async () => {
      for await (const _ of mapConcurrent([1, 2, 3, 4], () => sleep(10), { limit: 1 }))
        await sleep(10);
      expect(getRunningLoop().time()).toBe(50);
    }));

  test("is held by so many tasks, named after the function", () =>
    runVirtual(async () => {
      const names = new Set<string | undefined>();
      const fetchOne = async (): Promise<void> => {
        await sleep(1);
        names.add(currentTask()?.name);
      };
      await collect(mapConcurrent([1, 2, 3, 4, 5], fetchOne, { limit: 2 }));
      expect([...names]).toEqual(["fetchOne-1", "fetchOne-2"]);
      expect(allTasks().map((task) => task.name)).toEqual(["main"]);
    }));

  test("gives each item the context variables of the start", () =>
    runVirtual(async () => {
      const user = new ContextVar("user", { defaultValue: "nobody" });
      user.set("ann");
      const seen: string[] = [];
      await collect(
        mapConcurrent(
          [1, 2, 3],
          (n) => {
            seen.push(user.get());
            user.set(`changed by ${n}`);
          },
          { limit: 1 },
        ),
      );
      expect(seen).toEqual(["ann", "ann", "ann"]);
    }));
});

test("what an item leaves floating ends with the item", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const work = async (n: number): Promise<void> => {
      sleep(15).then(
        () => log.push(`${n} went on`),
        () => log.push(`${n} ended at ${getRunningLoop().time()}`),
      );
      await sleep(10);
    };
    await collect(mapConcurrent([1, 2], work, { limit: 1 }));
    expect(log).toEqual(["1 ended at 10", "2 ended at 20"]);
  }));

describe("a failure", () => {
  test("is thrown when the rest was cancelled and has ended", () =>
    runVirtual(async () => {
      const log: string[] = [];
      const work = async (n: number): Promise<number> => {
        try {
          await sleep(n === 2 ? 5 : 100);
        } finally {
          await sleep(n * 10);
          log.push(`${n} cleaned up`);
        }
        if (n === 2) throw new Error("two is broken");
        return n;
      };
      await expect(collect(mapConcurrent([1, 2, 3], work, { limit: 3 }))).rejects.toThrow(
        "two is broken",
      );
      expect(log.toSorted()).toEqual(["1 cleaned up", "2 cleaned up", "3 cleaned up"]);
      expect(getRunningLoop().time()).toBe(55);
      expect(allTasks()).toHaveLength(1);
    }));

  test("closes the source, and nothing more is read or begun", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const begun: number[] = [];
      const work = async (n: number): Promise<void> => {
        begun.push(n);
        await sleep(n);
        if (n === 2) throw new Error("two is broken");
      };
      const results = mapConcurrent(watched(9, log), work, { limit: 2, ordered: false });
      await expect(collect(results)).rejects.toThrow("two is broken");
      expect(log).toEqual([1, 2, 3, "closed"]);
      expect(begun).toEqual([1, 2, 3]);
    }));

  test("comes after the results from before it", () =>
    runVirtual(async () => {
      const seen: number[] = [];
      const work = async (n: number): Promise<number> => {
        await sleep(n);
        if (n === 3) throw new Error("three is broken");
        return n;
      };
      const results = mapConcurrent([1, 2, 3, 4], work, { limit: 4 });
      const iterating = async (): Promise<void> => {
        for await (const n of results) {
          seen.push(n);
          await sleep(10);
        }
      };
      await expect(iterating()).rejects.toThrow("three is broken");
      expect(seen).toEqual([1, 2]);
    }));

  test("drops the results from after it", () =>
    runVirtual(async () => {
      const seen: number[] = [];
      const work = async (n: number): Promise<number> => {
        await sleep(n).catch(() => {});
        if (n === 2) throw new Error("two is broken");
        return n;
      };
      const results = mapConcurrent([1, 2, 100], work, { limit: 3, ordered: false });
      const iterating = async (): Promise<void> => {
        for await (const n of results) {
          seen.push(n);
          await sleep(10);
        }
      };
      await expect(iterating()).rejects.toThrow("two is broken");
      expect(seen).toEqual([1]);
    }));

  test("in the same turn as a result has nothing more read", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const work = async (n: number): Promise<void> => {
        await sleep(5);
        if (n === 2) throw new Error("two is broken");
      };
      const results = mapConcurrent(watched(9, log), work, { limit: 2 });
      await expect(collect(results)).rejects.toThrow("two is broken");
      expect(log).toEqual([1, 2, "closed"]);
    }));

  test("of a function that throws at once is a failure like any", () =>
    runVirtual(async () => {
      const work = (): number => {
        throw new Error("at once");
      };
      await expect(collect(mapConcurrent([1], work, { limit: 1 }))).rejects.toThrow("at once");
    }));

  test("has later failures attached to it", () =>
    runVirtual(async () => {
      const work = async (n: number): Promise<void> => {
        await sleep(n).catch(() => {});
        throw new Error(`${n} is broken`);
      };
      const error: unknown = await collect(mapConcurrent([1, 2, 3], work, { limit: 3 })).catch(
        (reason: unknown) => reason,
      );
      expect(String(error)).toBe("Error: 1 is broken");
      expect(suppressedErrors(error).map(String).toSorted()).toEqual([
        "Error: 2 is broken",
        "Error: 3 is broken",
      ]);
    }));

  test("of the source ends the iteration, and the source is not closed again", () =>
    runVirtual(async () => {
      let returned = 0;
      const source = {
        [Symbol.iterator]: () => ({
          n: 0,
          next(): IteratorResult<number> {
            if (++this.n === 3) throw new Error("the source is broken");
            return { done: false, value: this.n };
          },
          return(): IteratorResult<number> {
            returned++;
            return { done: true, value: undefined };
          },
        }),
      };
      for (const limit of [1, 2, 5]) {
        const results = mapConcurrent(source, (n) => sleep(1, n), { limit });
        await expect(collect(results)).rejects.toThrow("the source is broken");
      }
      expect(returned).toBe(0);
    }));

  test("of an async source ends the iteration", () =>
    runVirtual(async () => {
      async function* source(): AsyncGenerator<number> {
        yield 1;
        await sleep(1);
        throw new Error("the source is broken");
      }
      const results = mapConcurrent(source(), (n) => sleep(100, n), { limit: 2 });
      await expect(collect(results)).rejects.toThrow("the source is broken");
      expect(getRunningLoop().time()).toBe(1);
    }));

  test("of an async source does not close it again", () =>
    runVirtual(async () => {
      let returned = 0;
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.reject(new Error("the source is broken")),
          async return() {
            returned++;
            return { done: true, value: undefined };
          },
        }),
      };
      await expect(collect(mapConcurrent(source, (n) => n, { limit: 1 }))).rejects.toThrow(
        "the source is broken",
      );
      expect(returned).toBe(0);
    }));

  test("ends the iteration: after it there is nothing", () =>
    runVirtual(async () => {
      const results = mapConcurrent([1, 2], () => Promise.reject(new Error("no")), { limit: 1 });
      const [first, second] = [results.next(), results.next()];
      await expect(first).rejects.toThrow("no");
      expect(await second).toEqual({ done: true, value: undefined });
      expect(await results.next()).toEqual({ done: true, value: undefined });
    }));

  test("that nobody asks for any more is reported when the run ends", async () => {
    const reports: unknown[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
      const work = async (n: number): Promise<void> => {
        await sleep(n);
        if (n === 2) throw new Error("two is broken");
      };
      const results = mapConcurrent([1, 2], work, { limit: 2 });
      await results.next();
      await sleep(10);
    });
    expect(reports.map(String)).toEqual(["Error: two is broken"]);
  });
});

describe("leaving the loop", () => {
  test("cancels what runs, waits for its end and closes the source", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const work = async (n: number): Promise<number> => {
        try {
          return await sleep(n * 10, n);
        } finally {
          if (n > 1) await sleep(5);
          log.push(`${n} ended`);
        }
      };
      for await (const n of mapConcurrent(watched(9, log), work, { limit: 3 })) {
        expect(n).toBe(1);
        break;
      }
      expect(log.map(String).toSorted()).toEqual(
        ["1", "2", "3", "4", "1 ended", "2 ended", "3 ended", "closed"].toSorted(),
      );
      expect(getRunningLoop().time()).toBe(15);
      expect(allTasks()).toHaveLength(1);
    }));

  test("interrupts an async source where it waits, and lets it clean up", () =>
    runVirtual(async () => {
      const log: string[] = [];
      async function* source(): AsyncGenerator<number> {
        try {
          yield 1;
          await sleep(60_000);
        } finally {
          await sleep(5);
          log.push("closed");
        }
      }
      for await (const _ of mapConcurrent(source(), () => sleep(1), { limit: 2 })) break;
      expect(log).toEqual(["closed"]);
      expect(getRunningLoop().time()).toBe(6);
    }));

  test("does not wait for a source that hangs in foreign code, if its return unblocks it", () =>
    runVirtual(async () => {
      let unblock!: (end: IteratorResult<number>) => void;
      const hanging = new Promise<IteratorResult<number>>((resolve) => (unblock = resolve));
      let asked = 0;
      const source: AsyncIterable<number> = {
        [Symbol.asyncIterator]: () => ({
          next: () => (asked++ === 0 ? Promise.resolve({ done: false, value: 1 }) : hanging),
          async return() {
            unblock({ done: true, value: undefined });
            return { done: true, value: undefined };
          },
        }),
      };
      for await (const _ of mapConcurrent(source, () => 1, { limit: 2 })) break;
      expect(await hanging).toEqual({ done: true, value: undefined });
    }));

  test("begins no item that was handed out but not begun", () =>
    runVirtual(async () => {
      const begun: number[] = [];
      const results = mapConcurrent([1, 2, 3, 4], (n) => void begun.push(n), { limit: 1 });
      await results.next();
      await results.return?.();
      const before = [...begun];
      await sleep(10);
      expect(begun).toEqual(before);
      expect(await results.next()).toEqual({ done: true, value: undefined });
    }));

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "ends also when the function swallows its cancellation (seed %s)",
    (seed) =>
      runVirtual(
        async () => {
          const work = async (n: number): Promise<void> => {
            await sleep(n === 1 ? 1 : 60_000).catch(() => {});
          };
          for await (const _ of mapConcurrent([1, 2, 3, 4, 5], work, { limit: 3 })) break;
          expect(getRunningLoop().time()).toBe(1);
          expect(allTasks()).toHaveLength(1);
        },
        { seed },
      ),
  );

  test("throws what failed meanwhile", () =>
    runVirtual(async () => {
      const work = async (n: number): Promise<void> => {
        await sleep(n).catch(() => {
          throw new Error("cannot clean up");
        });
      };
      const iterating = async (): Promise<void> => {
        for await (const _ of mapConcurrent([1, 100], work, { limit: 2 })) break;
      };
      await expect(iterating()).rejects.toThrow("cannot clean up");
    }));

  test("before the first result was asked for begins and reads nothing", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const results = mapConcurrent(watched(3, log), (n) => n, { limit: 1 });
      expect(await results.return?.()).toEqual({ done: true, value: undefined });
      expect(await results.next()).toEqual({ done: true, value: undefined });
      expect(log).toEqual([]);
    }));

  test("by the end of its block is the same as by break", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const results = mapConcurrent(watched(9, log), (n) => sleep(1, n), { limit: 1 });
      await results.next();
      await results[Symbol.asyncDispose]();
      expect(log).toEqual([1, 2, "closed"]);
    }));

  test("is no way to lose a cancel that comes while it waits", () =>
    runVirtual(async () => {
      const work = async (): Promise<void> => {
        try {
          await sleep(10);
        } finally {
          await sleep(50);
        }
      };
      const log: string[] = [];
      const leaving = createTask(async () => {
        const results = mapConcurrent([1, 2], work, { limit: 2 });
        const first = results.next().catch(() => null);
        await sleep(5);
        await results.return?.();
        log.push("went on");
        await first;
      });
      await sleep(20);
      leaving.cancel();
      await expect(leaving).rejects.toThrow(CancelledError);
      expect([log, getRunningLoop().time()]).toEqual([[], 20]);
    }));
});

describe("cancellation", () => {
  test("of who asks cancels what runs, waits for its end, closes the source and passes on", () =>
    runVirtual(async () => {
      const log: (string | number)[] = [];
      const work = async (n: number): Promise<void> => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(5);
          log.push(`${n} cleaned up`);
        }
      };
      const task = createTask(() => collect(mapConcurrent(watched(9, log), work, { limit: 2 })));
      await sleep(10);
      task.cancel("enough");
      await expect(task).rejects.toThrow("enough");
      expect(log.map(String).toSorted()).toEqual(
        ["1", "2", "1 cleaned up", "2 cleaned up", "closed"].toSorted(),
      );
      expect(getRunningLoop().time()).toBe(15);
    }));

  test("by a deadline around one next ends the iteration", () =>
    runVirtual(async () => {
      const results = mapConcurrent([100, 1], (n) => sleep(n, n), { limit: 1 });
      const { cancelledCaught } = await moveOnAfter(5, () => results.next());
      expect(cancelledCaught).toBe(true);
      expect(await results.next()).toEqual({ done: true, value: undefined });
      expect(allTasks()).toHaveLength(1);
    }));

  test("a deadline around one next that is met leaves the work alone", () =>
    runVirtual(async () => {
      const results = mapConcurrent([1, 20, 3], (n) => sleep(n, n), { limit: 2 });
      expect((await timeout(5, () => results.next())).value).toBe(1);
      expect(await collect(results)).toEqual([20, 3]);
    }));

  test("that an item throws by itself ends the iteration", () =>
    runVirtual(async () => {
      const work = async (n: number): Promise<number> => {
        await sleep(n);
        if (n === 2) throw new CancelledError("by itself");
        return n;
      };
      for (const ordered of [true, false]) {
        const results = mapConcurrent([1, 2, 100], work, { limit: 3, ordered });
        await expect(collect(results)).rejects.toThrow("by itself");
      }
      expect(getRunningLoop().time()).toBe(4);
    }));

  test("of one of its tasks ends the iteration", () =>
    runVirtual(async () => {
      const results = mapConcurrent([1, 2], (n) => sleep(n * 100, n), { limit: 2 });
      const asking = results.next();
      await sleep(10);
      allTasks().at(-1)?.cancel("picked out");
      await expect(asking).rejects.toThrow("picked out");
    }));

  test("of the scope it was made in ends an iterator that was dropped", () =>
    runVirtual(async () => {
      const log: string[] = [];
      const work = async (n: number): Promise<void> => {
        try {
          await sleep(n * 100);
        } finally {
          log.push(`${n} ended`);
        }
      };
      await timeout(1000, async () => {
        const results = mapConcurrent([1, 2, 3], work, { limit: 3 });
        await results.next();
      });
      await sleep(0);
      expect(log).toEqual(["1 ended", "2 ended", "3 ended"]);
      expect(getRunningLoop().time()).toBe(100);
    }));

  test.each([undefined, 1, 2, 3, 4])(
    "at any await point leaves nothing running and the source closed (seed %s)",
    async (seed) => {
      const scenario = async (): Promise<void> => {
        const log: (string | number)[] = [];
        let running = 0;
        const work = async (n: number): Promise<number> => {
          running++;
          try {
            await sleep(n);
            return n;
          } finally {
            try {
              await sleep(1);
            } finally {
              running--;
            }
          }
        };
        const seen: number[] = [];
        try {
          const inner = mapConcurrent(watchedLater(5, log), (n) => sleep(1, n), { limit: 2 });
          for await (const n of mapConcurrent(inner, work, { limit: 2 })) seen.push(n);
          expect(seen).toEqual([1, 2, 3, 4, 5]);
        } finally {
          expect(running).toBe(0);
          expect(["closed", undefined]).toContain(log.at(-1));
          expect(allTasks()).toHaveLength(1);
          expect(seen).toEqual([1, 2, 3, 4, 5].slice(0, seen.length));
        }
      };
      const points = await cancelEverywhere(scenario, seed === undefined ? {} : { seed });
      expect(points).toBeGreaterThan(20);
    },
  );
});

describe("arguments and diagnostics", () => {
  test.each([
    [
      () => mapConcurrent(1 as never, () => 1, { limit: 1 }),
      TypeError,
      "Expected `items` to be an iterable or async iterable, got `1` (number)",
    ],
    [
      () => mapConcurrent(null as never, () => 1, { limit: 1 }),
      TypeError,
      "Expected `items` to be an iterable or async iterable, got `null` (null)",
    ],
    [
      () => mapConcurrent([], 1 as never, { limit: 1 }),
      TypeError,
      "Expected `fn` to be a function, got `1` (number)",
    ],
    [
      () => mapConcurrent([], () => 1, undefined as never),
      TypeError,
      "Expected `options` to be an object with a `limit`, got `undefined` (undefined)",
    ],
    [
      () => mapConcurrent([], () => 1, {} as never),
      TypeError,
      "Expected `options.limit` to be an integer of at least 1, got `undefined` (undefined)",
    ],
    [
      () => mapConcurrent([], () => 1, { limit: 0 }),
      RangeError,
      "Expected `options.limit` to be an integer of at least 1, got `0` (number)",
    ],
    [
      () => mapConcurrent([], () => 1, { limit: 1, ordered: "no" as never }),
      TypeError,
      "Expected `options.ordered` to be true or false, got `'no'` (string)",
    ],
  ])("%s is refused", (call, type, message) => {
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });

  test("prints whether it has begun, what runs and what is ready", () =>
    runVirtual(async () => {
      const results = mapConcurrent([1, 2, 3, 50], (n) => sleep(n), { limit: 3 });
      expect(inspect(results)).toBe("<mapConcurrent not begun limit=3 running=0 ready=0>");
      await results.next();
      await sleep(10);
      expect(inspect(results)).toBe("<mapConcurrent running limit=3 running=1 ready=2>");
      await results.return?.();
      expect(inspect(results)).toBe("<mapConcurrent over limit=3 running=0 ready=0>");
    }));
});
