import { inspect } from "node:util";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  race,
  sleep,
  suppressedErrors,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

/** Sleeps, then fails. */
async function failAfter(ms: number, message: string): Promise<never> {
  await sleep(ms);
  throw new Error(message);
}

test("gives what the first one to end gives", () =>
  runVirtual(async () => {
    expect(await race([() => sleep(5, "slow"), () => sleep(1, "fast")])).toBe("fast");
    expect(getRunningLoop().time()).toBe(1);
  }));

test("throws what the first one to end throws", () =>
  runVirtual(async () => {
    const racing = race([() => sleep(5, "slow"), () => failAfter(1, "broken")]);
    await expect(racing).rejects.toThrow("broken");
  }));

test("cancels the others and waits for their ends", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const slow = async (): Promise<void> => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(10);
        log.push("cleaned up");
      }
    };
    await race([slow, () => sleep(1)]);
    expect([log, getRunningLoop().time()]).toEqual([["cleaned up"], 11]);
    expect(allTasks()).toHaveLength(1);
  }));

test("waits for the others when the first one fails, too", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const slow = async (): Promise<void> => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(10);
        log.push("cleaned up");
      }
    };
    await expect(race([slow, () => failAfter(1, "broken")])).rejects.toThrow("broken");
    expect(log).toEqual(["cleaned up"]);
  }));

test("of two that end in the same turn, the first in the list wins", () =>
  runVirtual(async () => {
    expect(await race([() => sleep(1, "a"), () => sleep(1, "b")])).toBe("a");
    expect(await race([async () => "a", async () => "b"])).toBe("a");
  }));

test("a task that loses is cancelled and waited for", () =>
  runVirtual(async () => {
    const task = createTask(() => sleep(60_000));
    const future = new Future<string>();
    expect(await race([task, future, () => sleep(1, "won")])).toBe("won");
    expect([task.cancelled(), future.cancelled()]).toEqual([true, true]);
  }));

test("a task or a future can win, and is left alone by then", () =>
  runVirtual(async () => {
    const future = new Future<string>();
    const task = createTask(async () => {
      await sleep(1);
      future.setResult("future");
      return sleep(1, "task");
    });
    expect(await race([future, () => sleep(100)])).toBe("future");
    expect(await race([task, () => sleep(100)])).toBe("task");
  }));

test("a foreign promise takes part; it is let go when it loses", () =>
  runVirtual(async () => {
    // Virtual time stands still while foreign work is awaited: the winner needs none.
    const never = new Promise<string>(() => {});
    expect(await race([never, () => sleep(0, "own")])).toBe("own");
    expect(await race([Promise.resolve("foreign"), () => sleep(60_000)])).toBe("foreign");
  }));

test("what a loser throws after a value goes to the exception handler", async () => {
  const reports: string[] = [];
  await runVirtual(async () => {
    getRunningLoop().setExceptionHandler(({ message, exception }) => {
      reports.push(`${message}: ${String(exception)}`);
    });
    const loser = (): Promise<void> =>
      sleep(60_000).catch(() => {
        throw new Error("cannot stop");
      });
    expect(await race([loser, () => sleep(1, "won")])).toBe("won");
  });
  expect(reports).toEqual([
    "one that had lost a race failed when it was cancelled: Error: cannot stop",
  ]);
});

test("what others throw after a failure is attached to it", () =>
  runVirtual(async () => {
    const loser = (): Promise<void> =>
      sleep(60_000).catch(() => {
        throw new Error("cannot stop");
      });
    const error: unknown = await race([loser, () => failAfter(1, "broken")]).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).toBe("Error: broken");
    expect(suppressedErrors(error).map(String)).toEqual(["Error: cannot stop"]);
  }));

test("a success in the same turn as a failure before it changes nothing", () =>
  runVirtual(async () => {
    const loser = (): Promise<void> =>
      sleep(60_000).catch(() => {
        throw new Error("cannot stop");
      });
    const racing = race([loser, () => failAfter(1, "broken"), () => sleep(1, "too late")]);
    const error: unknown = await racing.catch((reason: unknown) => reason);
    expect(String(error)).toBe("Error: broken");
    expect(suppressedErrors(error).map(String)).toEqual(["Error: cannot stop"]);
  }));

test("one that is cancelled by itself has ended: the race throws its CancelledError", () =>
  runVirtual(async () => {
    const task = createTask(() => sleep(60_000));
    const racing = race([task, () => sleep(100)]);
    racing.catch(() => {});
    await sleep(1);
    task.cancel("not wanted");
    await expect(racing).rejects.toThrow("not wanted");
    expect(getRunningLoop().time()).toBe(1);
  }));

test("a cancel from outside reaches all and passes on when they have ended", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const item = (name: string) => async (): Promise<void> => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(5);
        log.push(name);
      }
    };
    const racing = createTask(() => race([item("a"), item("b")]));
    await sleep(1);
    racing.cancel();
    await expect(racing).rejects.toThrow(CancelledError);
    expect([log, getRunningLoop().time()]).toEqual([["a", "b"], 6]);
  }));

/** Ends 10 ms after it is cancelled, or later if it is cancelled again. */
const stubborn = async (): Promise<string> => {
  await sleep(60_000).catch(() => {});
  await sleep(10).catch(() => {});
  return "stubborn";
};

test("a cancel that comes while the losers end is left for the next wait: the value is not lost", () =>
  runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      log.push(await race([stubborn, () => sleep(1, "fast")]));
      await sleep(1);
      log.push("never");
    });
    await sleep(3);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(log).toEqual(["fast"]);
  }));

test("a cancel that comes before there is a winner passes on, though one goes on to its end", () =>
  runVirtual(async () => {
    const task = createTask(() => race([stubborn, () => sleep(60_000, "slow")]));
    await sleep(3);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    expect(getRunningLoop().time()).toBe(13);
  }));

test("leaves nothing running wherever it is cancelled", async () => {
  let running = 0;
  const item = (ms: number) => async (): Promise<number> => {
    running++;
    try {
      await sleep(ms);
      return await sleep(ms, ms);
    } finally {
      running--;
    }
  };
  const points = await cancelEverywhere(async () => {
    try {
      expect(await race([item(3), item(1), item(2)])).toBe(1);
    } finally {
      expect([running, allTasks().length]).toEqual([0, 1]);
    }
  });
  expect(points).toBeGreaterThan(4);
});

test("its tasks are named after the functions", () =>
  runVirtual(async () => {
    const fetchMirror = async (): Promise<string[]> => {
      await sleep(1);
      return allTasks().map((task) => task.name);
    };
    expect(await race([fetchMirror, () => sleep(60_000)])).toEqual([
      "main",
      "fetchMirror-1",
      "race-2",
    ]);
  }));

test.each([
  [
    [],
    RangeError,
    "Expected `items` to be at least one function, task or promise, got `[]` (object)",
  ],
  [
    "ab",
    TypeError,
    "Expected `items` to be an array of functions, tasks or promises, got `'ab'` (string)",
  ],
  [[1], TypeError, "Expected `items` to be functions, tasks or promises, got `1` (number)"],
  [[null], TypeError, "Expected `items` to be functions, tasks or promises, got `null` (null)"],
])("%o is refused", async (items, type, message) => {
  const refused: unknown = await race(items as never).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(type);
  expect(String(refused)).toContain(message);
});

test("diagnostics show the function that competes, not what wraps it", () =>
  runVirtual(async () => {
    const shown: string[] = [];
    async function competitor(): Promise<void> {
      shown.push(inspect(currentTask()));
      await sleep(1);
    }
    await race([competitor, () => sleep(5)]);
    expect(shown[0]).toMatch(/^<Task pending name='.*' fn=competitor at .*race\.test\.ts:\d+>$/);
  }));
