/*
 * staggeredRace: the next attempt when the one before has failed or takes too long; the first that succeeds wins.
 */
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  Event,
  getRunningLoop,
  run,
  sleep,
  staggeredRace,
  timeout,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const fail = async (ms: number, message: string): Promise<never> => {
  if (ms > 0) await sleep(ms);
  throw new Error(message);
};

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("with nothing to run, nobody wins (CPython: test_staggered StaggeredTests.test_empty)", async () => {
    await start(async () => {
      expect(await staggeredRace([])).toEqual({ winner: undefined, index: null, errors: [] });
    });
  });

  test("when the first succeeds, the second is not started (CPython: test_staggered StaggeredTests.test_one_successful)", async () => {
    await start(async () => {
      let started = 0;
      const one = (result: string) => async () => {
        started++;
        return result;
      };
      const outcome = await staggeredRace([one("Res: 0"), one("Res: 1")]);
      expect(outcome).toEqual({ winner: "Res: 0", index: 0, errors: [undefined] });
      expect(started).toBe(1);
    });
  });

  test("when the first fails, the second is started (CPython: test_staggered StaggeredTests.test_first_error_second_successful)", async () => {
    await start(async () => {
      const outcome = await staggeredRace([() => fail(0, "0"), async () => "Res: 1"]);
      expect(outcome).toEqual({
        winner: "Res: 1",
        index: 1,
        errors: [new Error("0"), undefined],
      });
    });
  });

  test("when the first takes too long, the second is started, and the first is cancelled if that wins (CPython: test_staggered StaggeredTests.test_first_timeout_second_successful)", async () => {
    await start(async () => {
      const outcome = await staggeredRace([() => sleep(10_000, "Res: 0"), async () => "Res: 1"], {
        delay: 10,
      });
      expect(outcome).toEqual({
        winner: "Res: 1",
        index: 1,
        errors: [expect.any(CancelledError), undefined],
      });
      expect(allTasks()).toEqual([currentTask()]);
    });
  });

  test("when all fail, nobody wins, and nothing is thrown (CPython: test_staggered StaggeredTests.test_none_successful)", async () => {
    await start(async () => {
      const outcome = await staggeredRace([() => fail(0, "0"), () => fail(0, "1")]);
      expect(outcome).toEqual({
        winner: undefined,
        index: null,
        errors: [new Error("0"), new Error("1")],
      });
    });
  });
});

test("of several that succeed in one instant the first wins; the others count as cancelled", async () => {
  await runVirtual(async () => {
    const event = new Event();
    const wait = (index: number) => async () => {
      await event.wait();
      return index;
    };
    const setAndWait = async (): Promise<never> => {
      event.set();
      return sleep(Infinity) as Promise<never>;
    };
    const outcome = await staggeredRace([wait(0), wait(1), setAndWait], { delay: 10 });
    expect(outcome).toEqual({
      winner: 0,
      index: 0,
      errors: [undefined, expect.any(CancelledError), expect.any(CancelledError)],
    });
  });
});

test("the next starts after the delay, or as soon as the latest has failed, whichever comes first", async () => {
  await runVirtual(async () => {
    const starts: number[] = [];
    const attempt = (ms: number, message: string) => () => {
      starts.push(getRunningLoop().time());
      return fail(ms, message);
    };
    const outcome = await staggeredRace(
      [attempt(100, "a"), attempt(3, "b"), attempt(100, "c"), attempt(100, "d")],
      { delay: 10 },
    );
    expect(starts).toEqual([0, 10, 13, 23]);
    expect(outcome.errors.map(String)).toEqual(["a", "b", "c", "d"].map((m) => `Error: ${m}`));
    expect(getRunningLoop().time()).toBe(123);
  });
});

test("the losers' clean-up is waited for", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const slow = async (): Promise<string> => {
      try {
        return await sleep(1000, "slow");
      } finally {
        await sleep(5);
        log.push("cleaned up");
      }
    };
    const { winner } = await staggeredRace([slow, () => sleep(1, "fast")], { delay: 10 });
    expect([winner, ...log, getRunningLoop().time()]).toEqual(["fast", "cleaned up", 16]);
  });
});

test("a cancel from outside cancels all, waits for them and passes on; nothing more is started", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const slow = (name: string) => async (): Promise<string> => {
      try {
        return await sleep(1000, name);
      } finally {
        await sleep(5);
        log.push(name);
      }
    };
    const work = timeout(15, () =>
      staggeredRace([slow("a"), slow("b"), slow("never")], { delay: 10 }),
    );
    await expect(work).rejects.toThrow("timed out");
    expect([...log, getRunningLoop().time()]).toEqual(["a", "b", 20]);
  });
});

test("a cancel that comes when there is a winner is left for the next wait: the value is not lost", async () => {
  await runVirtual(async () => {
    const log: unknown[] = [];
    const task = createTask(async () => {
      const stubborn = async (): Promise<string> => {
        await sleep(1000).catch(() => {});
        await sleep(10).catch(() => {});
        return "stubborn";
      };
      const outcome = await staggeredRace([stubborn, () => sleep(1, "connected")], { delay: 1 });
      log.push(outcome.winner, String(outcome.errors[0]));
      await sleep(1);
      log.push("never");
    });
    await sleep(5);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(log).toEqual(["connected", "CancelledError: another one has won the race"]);
  });
});

test("cancelled at any await point, nothing is left running", async () => {
  let open = 0;
  const points = await cancelEverywhere(async () => {
    const attempt = (ms: number) => async () => {
      open++;
      try {
        await sleep(ms);
        return ms;
      } finally {
        open--;
      }
    };
    await staggeredRace([attempt(50), () => fail(1, "x"), attempt(5)], { delay: 10 });
    expect(open).toBe(0);
  });
  expect(open).toBe(0);
  expect(points).toBeGreaterThanOrEqual(6);
});

test("what cannot be raced is refused", async () => {
  await expect(staggeredRace(5 as never)).rejects.toThrow("`functions`");
  await expect(staggeredRace([5 as never])).rejects.toThrow(
    "Expected `functions[0]` to be a function, got `5` (number)",
  );
  await expect(staggeredRace([], { delay: Number.NaN })).rejects.toThrow("`options.delay`");
});
