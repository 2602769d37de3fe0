import { inspect } from "node:util";
import {
  CancelledError,
  createTask,
  formatTaskTree,
  getRunningLoop,
  moveOnAfter,
  RateLimiter,
  type RateLimiterOptions,
  sleep,
} from "ambit";
import { cancelEverywhere, DeadlockError, runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

/** The times, rounded, at which so many get through one after the other. */
async function passTimes(limiter: RateLimiter, count: number, tokens = 1): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    await limiter.acquire(tokens);
    times.push(Math.round(getRunningLoop().time()));
  }
  return times;
}

describe("the rate", () => {
  test("is kept, after a burst of so many at the start", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 2, per: 100 });
      expect(await passTimes(limiter, 6)).toEqual([0, 0, 50, 100, 150, 200]);
    }));

  test("is per second if nothing else is said", () =>
    runVirtual(async () => {
      expect(await passTimes(new RateLimiter({ rate: 1 }), 3)).toEqual([0, 1000, 2000]);
    }));

  test("may be a fraction", () =>
    runVirtual(async () => {
      expect(await passTimes(new RateLimiter({ rate: 0.5 }), 3)).toEqual([0, 2000, 4000]);
    }));

  test("leaves a burst for later after a quiet time, and no more than that", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 3 });
      await passTimes(limiter, 3);
      await sleep(1000);
      expect(await passTimes(limiter, 5)).toEqual([1000, 1000, 1000, 1010, 1020]);
    }));

  test("counts tokens, not calls", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 4 });
      expect(await passTimes(limiter, 4, 3)).toEqual([0, 20, 50, 80]);
    }));

  test("does not drift when the limiter is asked late", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 1 });
      const times: number[] = [];
      for (let i = 0; i < 4; i++) {
        await limiter.acquire();
        times.push(getRunningLoop().time());
        await sleep(7);
      }
      expect(times).toEqual([0, 10, 20, 30]);
    }));

  test("whatever the numbers, a whole burst is there at once, and the rate after it", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (rate, per, burst, start) =>
          runVirtual(async () => {
            await sleep(start);
            const limiter = new RateLimiter({ rate, per, burst });
            for (let i = 0; i < burst; i++) expect(limiter.tryAcquire()).toBe(true);
            expect(limiter.tryAcquire()).toBe(false);
            const began = getRunningLoop().time();
            for (let i = 0; i < 5; i++) await limiter.acquire();
            expect(getRunningLoop().time() - began).toBeCloseTo((5 * per) / rate, 4);
          }),
      ),
      { numRuns: 50 },
    ));
});

describe("the queue", () => {
  test("is first come, first served: a big request is not overtaken by a small one", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 3 });
      await limiter.acquire(3);
      const log: string[] = [];
      for (const [name, tokens] of [
        ["big", 3],
        ["small", 1],
        ["smaller", 1],
      ] as const) {
        createTask(async () => {
          await limiter.acquire(tokens);
          log.push(`${name} at ${getRunningLoop().time()}`);
        });
      }
      await sleep(100);
      expect(log).toEqual(["big at 30", "small at 40", "smaller at 50"]);
    }));

  test("cannot be jumped by who comes when tokens are there", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 2 });
      await limiter.acquire(2);
      const waiting = createTask(() => limiter.acquire(2));
      await sleep(15);
      expect(limiter.tryAcquire()).toBe(false);
      await waiting;
      expect(getRunningLoop().time()).toBe(20);
    }));

  test("who need not wait does not suspend", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1 });
      const log: string[] = [];
      createTask(async () => log.push("another task"));
      await limiter.acquire();
      log.push("acquired");
      await sleep(0);
      expect(log).toEqual(["acquired", "another task"]);
    }));
});

describe("cancellation", () => {
  test("takes nothing, and those behind move up", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 3 });
      await limiter.acquire(3);
      const big = createTask(() => limiter.acquire(3));
      const small = createTask(async () => {
        await limiter.acquire();
        return getRunningLoop().time();
      });
      await sleep(15);
      big.cancel();
      await expect(big).rejects.toThrow(CancelledError);
      expect(await small).toBe(15);
      expect(limiter.statistics().waiting).toBe(0);
    }));

  test("of the one that waits in the middle changes nothing for the first", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10 });
      await limiter.acquire();
      const log: string[] = [];
      const names = ["a", "b", "c"];
      const tasks = names.map((name) =>
        createTask(async () => {
          await limiter.acquire();
          log.push(`${name} at ${getRunningLoop().time()}`);
        }),
      );
      await sleep(5);
      tasks[1]?.cancel();
      await sleep(100);
      expect(log).toEqual(["a at 10", "c at 20"]);
    }));

  test("leaves no timer behind", async () => {
    let stuckAt = 0;
    const program = async (): Promise<void> => {
      const limiter = new RateLimiter({ rate: 1, per: 60_000 });
      await limiter.acquire();
      const { cancelledCaught } = await moveOnAfter(5, () => limiter.acquire());
      expect([cancelledCaught, limiter.statistics().waiting]).toEqual([true, 0]);
      // With a timer left, time would go on to it before the program counts as stuck.
      await sleep(Infinity).finally(() => (stuckAt = getRunningLoop().time()));
    };
    await expect(runVirtual(program)).rejects.toThrow(DeadlockError);
    expect(stuckAt).toBe(5);
  });

  test("at any await point loses no token", async () => {
    const points = await cancelEverywhere(async () => {
      const limiter = new RateLimiter({ rate: 1, per: 10, burst: 2 });
      let acquired = 0;
      const tasks = [1, 2, 1].map((tokens) =>
        createTask(async () => {
          await limiter.acquire(2);
          acquired += 2;
          await limiter.acquire(tokens);
          acquired += tokens;
        }),
      );
      for (const task of tasks) await task.then(null, () => {});
      await sleep(1000);
      const { available, waiting } = limiter.statistics();
      expect([available, waiting]).toEqual([2, 0]);
      expect(acquired).toBeGreaterThan(0);
    });
    expect(points).toBeGreaterThan(6);
  });
});

describe("arguments and diagnostics", () => {
  test.each<[RateLimiterOptions, string]>([
    [{ rate: 0 }, "Expected `options.rate` to be a number greater than 0, got `0` (number)"],
    [
      { rate: Infinity },
      "Expected `options.rate` to be a number greater than 0, got `Infinity` (number)",
    ],
    [
      { rate: "1" as never },
      "Expected `options.rate` to be a number greater than 0, got `'1'` (string)",
    ],
    [
      { rate: 1, per: -5 },
      "Expected `options.per` to be a number greater than 0, got `-5` (number)",
    ],
    [
      { rate: 1, burst: 0 },
      "Expected `options.burst` to be an integer of at least 1, got `0` (number)",
    ],
    [
      undefined as never,
      "Expected `options` to be an object with a `rate`, got `undefined` (undefined)",
    ],
  ])("the options %o are refused", (options, message) => {
    expect(() => new RateLimiter(options)).toThrow(message);
  });

  test("more tokens than there can ever be are refused", () => {
    const limiter = new RateLimiter({ rate: 1, burst: 5 });
    const message = "Expected `tokens` to be an integer from 1 to 5 (the burst), got `6` (number)";
    expect(() => limiter.tryAcquire(6)).toThrow(new RangeError(message));
    expect(() => limiter.acquire(6)).toThrow(new RangeError(message));
    expect(() => limiter.tryAcquire(0)).toThrow("got `0` (number)");
    expect(() => limiter.tryAcquire("1" as never)).toThrow(TypeError);
  });

  test("statistics is a frozen record", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 2, per: 10, burst: 4 });
      await limiter.acquire(3);
      createTask(() => limiter.acquire(4));
      await sleep(0);
      const statistics = limiter.statistics();
      expect(statistics).toEqual({ rate: 2, per: 10, burst: 4, available: 1, waiting: 1 });
      expect(Object.isFrozen(statistics)).toBe(true);
    }));

  test("prints what is there and who waits, and the task tree says for what", () =>
    runVirtual(async () => {
      const limiter = new RateLimiter({ rate: 1, burst: 2 });
      const words = "RateLimiter { available: 1, burst: 2, waiting: 1 }";
      await limiter.acquire();
      createTask(() => limiter.acquire(2), { name: "caller" });
      await sleep(0);
      expect(inspect(limiter)).toBe(words);
      expect(formatTaskTree()).toContain(`caller  RateLimiter.acquire(${words})`);
    }));

  test("a limiter that is taken to another loop starts full there", async () => {
    const limiter = new RateLimiter({ rate: 1, per: 10 });
    for (let i = 0; i < 2; i++) {
      const times = await runVirtual(() => passTimes(limiter, 2));
      expect(times).toEqual([0, 10]);
    }
  });
});
