/*
 * Generators that were begun with `aclosing` and never closed: the end of the run and the garbage collector close them.
 * Collection is asked for, not waited for: `gc` comes from V8's own switch.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { aclosing, createTask, getRunningLoop, onRunnerEnd, run, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Counts up, and logs what becomes of it. */
async function* counting(log: string[], name = "generator"): AsyncGenerator<number, void> {
  log.push(`${name} begins`);
  try {
    for (let n = 1; ; n++) {
      await sleep(1);
      yield n;
    }
  } finally {
    await sleep(1);
    log.push(`${name} closed`);
  }
}

/** Has the collector look until it has found what it should, for a while. */
async function collectUntil(found: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !found(); i++) {
    await sleep(1);
    collectGarbage();
  }
}

describe("at the end of the run", () => {
  test("one that was left half-way is closed, after the tasks and before what was registered earlier", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      onRunnerEnd(() => void log.push("pool closed"));
      const numbers = aclosing(counting(log));
      expect((await numbers.next()).value).toBe(1);
      createTask(() => sleep(10_000).finally(() => log.push("task ended")));
      await sleep(0);
      log.push("main ended");
    });
    expect(log).toEqual([
      "generator begins",
      "main ended",
      "task ended",
      "generator closed",
      "pool closed",
    ]);
  });

  test("one that a task was in is closed once, and those that were closed or never begun are left alone", async () => {
    const log: string[] = [];
    await runVirtual(async () => {
      const kept = [aclosing(counting(log, "a")), aclosing(counting(log, "b"))];
      createTask(async () => {
        for await (const _ of kept[0] ?? []);
      });
      for await (const n of kept[1] ?? []) if (n === 2) break;
      kept.push(aclosing(counting(log, "never begun")));
    });
    expect(log.toSorted((x, y) => (x < y ? -1 : 1))).toEqual([
      "a begins",
      "a closed",
      "b begins",
      "b closed",
    ]);
  });

  test("one whose clean-up throws is told to the exception handler", async () => {
    const told: unknown[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ message, exception }) =>
        told.push(message, (exception as Error).message),
      );
      const failing = aclosing(
        (async function* () {
          try {
            yield 1;
          } finally {
            // oxlint-disable-next-line no-unsafe-finally -- the case at hand: what cannot be closed
            throw new Error("cannot close");
          }
        })(),
      );
      await failing.next();
    });
    expect(told).toEqual(["closing at the end of run() failed", "cannot close"]);
  });
});

describe("when nobody holds it any more", () => {
  test("one that was left half-way is closed by a task of its run (CPython: test_base_events BaseEventLoopTests.test_asyncgen_finalization_by_gc)", async () => {
    const log: string[] = [];
    await run(async () => {
      const begin = async (): Promise<void> => void (await aclosing(counting(log)).next());
      await begin();
      await sleep(5);
      expect(log).toEqual(["generator begins"]);
      await collectUntil(() => log.length > 1);
      expect(log).toEqual(["generator begins", "generator closed"]);
    });
    expect(log).toHaveLength(2);
  });

  test("one that is held is not closed", async () => {
    const log: string[] = [];
    await run(async () => {
      const numbers = aclosing(counting(log));
      await numbers.next();
      for (let i = 0; i < 5; i++) {
        await sleep(1);
        collectGarbage();
      }
      expect((await numbers.next()).value).toBe(2);
      expect(log).toEqual(["generator begins"]);
      await numbers.return();
    });
  });
});

test("what was taken back is not called at the end of the run", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    onRunnerEnd(() => void log.push("first"));
    const takeBack = onRunnerEnd(() => void log.push("taken back"));
    const last = onRunnerEnd(() => void log.push("taken back by the one before"));
    onRunnerEnd(() => last());
    takeBack();
    takeBack();
  });
  expect(log).toEqual(["first"]);
});
