import {
  CancelledError,
  createTask,
  getRunningLoop,
  retry,
  type RetryOptions,
  sleep,
  timeout,
  TimeoutError,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

/** Fails so many times, and logs when it was called. */
function flaky(failures: number, log: number[] = []): (attempt: number) => Promise<string> {
  return async (attempt) => {
    log.push(getRunningLoop().time());
    await sleep(0);
    if (attempt <= failures) throw new Error(`failure ${attempt}`);
    return `attempt ${attempt}`;
  };
}

const steady = { jitter: false } as const;

describe("attempts", () => {
  test("the first success is returned, without a pause before it", () =>
    runVirtual(async () => {
      expect(await retry(flaky(0))).toBe("attempt 1");
      expect(getRunningLoop().time()).toBe(0);
    }));

  test("there are three by default; the last failure is thrown", () =>
    runVirtual(async () => {
      expect(await retry(flaky(2))).toBe("attempt 3");
      await expect(retry(flaky(3))).rejects.toThrow("failure 3");
    }));

  test("one attempt is no retry", () =>
    runVirtual(async () => {
      await expect(retry(flaky(1), { attempts: 1 })).rejects.toThrow("failure 1");
      expect(getRunningLoop().time()).toBe(0);
    }));

  test("an operation that throws at once, and one that is not async, are tried again", () =>
    runVirtual(async () => {
      const operation = (attempt: number): string => {
        if (attempt === 1) throw new Error("at once");
        return "done";
      };
      expect(await retry(operation, { delay: 1 })).toBe("done");
    }));

  test("retryIf decides, told the failure and the attempt, and may take its time", () =>
    runVirtual(async () => {
      const asked: string[] = [];
      const retryIf = async (error: unknown, attempt: number): Promise<boolean> => {
        await sleep(1);
        asked.push(`${attempt}: ${String(error)}`);
        return attempt < 2;
      };
      await expect(retry(flaky(9), { attempts: 9, retryIf })).rejects.toThrow("failure 2");
      expect(asked).toEqual(["1: Error: failure 1", "2: Error: failure 2"]);
    }));
});

describe("pauses", () => {
  test("grow by the factor, up to the cap", () =>
    runVirtual(async () => {
      const log: number[] = [];
      await retry(flaky(5, log), { ...steady, attempts: 9, delay: 10, factor: 3, maxDelay: 200 });
      expect(log).toEqual([0, 10, 40, 130, 330, 530]);
    }));

  test("are by default a random part of 100, 200, 400 ms", () =>
    runVirtual(async () => {
      const log: number[] = [];
      await retry(flaky(3, log), { attempts: 4, random: () => 0.5 });
      expect(log).toEqual([0, 50, 150, 350]);
    }));

  test("of 0 let others run", () =>
    runVirtual(async () => {
      const log: string[] = [];
      createTask(async () => log.push("another task"));
      const operation = async (attempt: number): Promise<void> => {
        log.push(`attempt ${attempt}`);
        if (attempt === 1) throw new Error("no");
      };
      await retry(operation, { delay: 0 });
      expect(log).toEqual(["attempt 1", "another task", "attempt 2"]);
    }));

  test("stay a number when the growth overflows", () =>
    runVirtual(async () => {
      const log: number[] = [];
      await retry(flaky(3, log), { ...steady, attempts: 5, delay: 0, factor: 1e200 });
      await retry(flaky(3, log), { ...steady, attempts: 5, delay: 5, factor: 1e200, maxDelay: 50 });
      expect(log).toEqual([0, 0, 0, 0, 0, 5, 55, 105]);
    }));

  test("are never longer than their share, whatever is drawn", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
          minLength: 4,
          maxLength: 4,
        }),
        (draws) =>
          runVirtual(async () => {
            const log: number[] = [];
            const drawn = [...draws];
            const random = (): number => drawn.shift() ?? 0;
            await retry(flaky(4, log), { attempts: 5, delay: 8, maxDelay: 20, random });
            const pauses = log.slice(1).map((at, index) => at - (log[index] ?? 0));
            const within = pauses.map(
              (pause, index) => pause <= Math.min(8 * 2 ** index, 20) + 1e-9,
            );
            expect(within).toEqual([true, true, true, true]);
          }),
      ),
      { numRuns: 30 },
    ));
});

describe("the timeout", () => {
  test("ends an attempt that takes too long", () =>
    runVirtual(async () => {
      const error: unknown = await retry(() => sleep(60_000), { timeout: 50 }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(TimeoutError);
      expect(String(error)).toBe("TimeoutError: timed out after 50 ms");
    }));

  test("holds for all attempts and pauses together", () =>
    runVirtual(async () => {
      const operation = async (attempt: number): Promise<void> => {
        await sleep(attempt === 3 ? 60_000 : 10);
        throw new Error("no");
      };
      const retrying = retry(operation, { ...steady, delay: 10, attempts: 9, timeout: 100 });
      await expect(retrying).rejects.toThrow(TimeoutError);
      expect(getRunningLoop().time()).toBe(100);
    }));

  test("is not waited for in a pause that would not end before it: the failure is thrown", () =>
    runVirtual(async () => {
      const retrying = retry(flaky(9), { ...steady, attempts: 9, delay: 40, timeout: 100 });
      await expect(retrying).rejects.toThrow("failure 2");
      expect(getRunningLoop().time()).toBe(40);
    }));

  test("of the operation's own is a failure like any", () =>
    runVirtual(async () => {
      const operation = (attempt: number): Promise<string> =>
        timeout(5, () => sleep(attempt === 1 ? 60_000 : 1, "done"));
      expect(await retry(operation, { ...steady, delay: 10 })).toBe("done");
      expect(getRunningLoop().time()).toBe(16);
    }));
});

describe("cancellation", () => {
  test("ends a pause", () =>
    runVirtual(async () => {
      const log: number[] = [];
      const retrying = createTask(() => retry(flaky(9, log), { ...steady, delay: 1000 }));
      await sleep(10);
      retrying.cancel();
      await expect(retrying).rejects.toThrow(CancelledError);
      expect([log, getRunningLoop().time()]).toEqual([[0], 10]);
    }));

  test("ends an attempt, and it is not tried again", () =>
    runVirtual(async () => {
      let attempts = 0;
      const operation = async (): Promise<void> => {
        attempts++;
        await sleep(60_000);
      };
      const retrying = createTask(() => retry(operation));
      await sleep(10);
      retrying.cancel();
      await expect(retrying).rejects.toThrow(CancelledError);
      expect(attempts).toBe(1);
    }));

  test("is not tried again when the attempt turned it into another error", () =>
    runVirtual(async () => {
      let attempts = 0;
      const operation = async (): Promise<void> => {
        attempts++;
        await sleep(60_000).catch(() => {
          throw new Error("connection lost");
        });
      };
      const retrying = createTask(() => retry(operation));
      await sleep(10);
      retrying.cancel();
      await expect(retrying).rejects.toThrow("connection lost");
      expect(attempts).toBe(1);
    }));

  test.each([
    ["a CancelledError", new CancelledError("by itself")],
    ["an error caused by one", new TypeError("terminated", { cause: new CancelledError() })],
  ])("%s that the operation throws by itself is not tried again", (_, error) =>
    runVirtual(async () => {
      let attempts = 0;
      const operation = (): never => {
        attempts++;
        throw error;
      };
      await expect(retry(operation)).rejects.toBe(error);
      expect(attempts).toBe(1);
    }),
  );

  test("at any await point ends the retrying", async () => {
    const points = await cancelEverywhere(async () => {
      let running = 0;
      const operation = async (attempt: number): Promise<string> => {
        running++;
        try {
          await sleep(1);
          if (attempt < 3) throw new Error("no");
          return "done";
        } finally {
          running--;
        }
      };
      try {
        expect(await retry(operation, { ...steady, delay: 2 })).toBe("done");
      } finally {
        expect(running).toBe(0);
      }
    });
    expect(points).toBe(5);
  });
});

test.each<[RetryOptions, string]>([
  [{ attempts: 0 }, "Expected `options.attempts` to be an integer of at least 1, got `0` (number)"],
  [{ delay: -1 }, "Expected `options.delay` to be a number of at least 0, got `-1` (number)"],
  [
    { delay: "1" as never },
    "Expected `options.delay` to be a number of at least 0, got `'1'` (string)",
  ],
  [{ factor: 0.5 }, "Expected `options.factor` to be a number of at least 1, got `0.5` (number)"],
  [
    { maxDelay: NaN },
    "Expected `options.maxDelay` to be a number of at least 0, got `NaN` (number)",
  ],
  [
    { timeout: NaN },
    "Expected `options.timeout` to be a number of milliseconds, got `NaN` (number)",
  ],
  [{ random: 1 as never }, "Expected `options.random` to be a function, got `1` (number)"],
  [{ retryIf: true as never }, "Expected `options.retryIf` to be a function, got `true` (boolean)"],
  [{ jitter: 1 as never }, "Expected `options.jitter` to be true or false, got `1` (number)"],
  [null as never, "Expected `options` to be an object, got `null` (null)"],
])("the options %o are refused", async (options, message) => {
  await expect(retry(() => 1, options)).rejects.toThrow(message);
});

test("what is no function is refused", async () => {
  await expect(retry(1 as never)).rejects.toThrow(
    new TypeError("Expected `operation` to be a function, got `1` (number)"),
  );
});
