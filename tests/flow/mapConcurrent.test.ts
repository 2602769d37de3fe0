import { inspect } from "node:util";
import fc from "fast-check";
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
  suspend,
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
    await sleep(1);
    log.push("closed");
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
