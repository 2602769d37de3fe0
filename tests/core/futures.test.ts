/*
 * Future, gather, wait, asCompleted, ensureFuture.
 */
import { inspect } from "node:util";
import {
  asCompleted,
  CancelledError,
  createTask,
  ensureFuture,
  Future,
  gather,
  InvalidStateError,
  sleep,
  TimeoutError,
  wait,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const failAfter = async (ms: number, message: string): Promise<never> => {
  await sleep(ms);
  throw new Error(message);
};

const thrownBy = (work: PromiseLike<unknown>): PromiseLike<unknown> =>
  work.then(
    (value) => `value ${String(value)}`,
    (error: unknown) => String(error),
  );

describe("Future", () => {
  test("wakes who awaits it, with a result or an exception", async () => {
    await runVirtual(async () => {
      const good = new Future<number>();
      const bad = new Future<number>();
      const readers = createTask(() =>
        Promise.all([thrownBy(good), thrownBy(good), thrownBy(bad)]),
      );
      await sleep(1);
      good.setResult(1);
      bad.setException(new Error("no"));
      expect(await readers).toEqual(["value 1", "value 1", "Error: no"]);
      expect(good.done() && bad.done()).toBe(true);
      expect(await good).toBe(1);
      expect(bad.exception()).toMatchObject({ message: "no" });
    });
  });

  test("is set once", async () => {
    await runVirtual(async () => {
      const future = new Future<number>();
      future.setResult(1);
      expect(() => future.setResult(2)).toThrow(
        new InvalidStateError(
          "setResult on a future that is done already: <Future finished result=1>",
        ),
      );
      expect(() => future.setException(new Error("x"))).toThrow(InvalidStateError);
      expect(future.cancel()).toBe(false);
    });
  });

  test("cancelling who awaits it cancels it", async () => {
    await runVirtual(async () => {
      const future = new Future<void>();
      const reader = createTask(async () => await future);
      await sleep(1);
      reader.cancel("bye");
      await expect(reader).rejects.toThrow("bye");
      expect(future.cancelled()).toBe(true);
      expect(() => future.result()).toThrow(CancelledError);
    });
  });

  test("prints its state", async () => {
    await runVirtual(async () => {
      const future = new Future<string>();
      expect(inspect(future)).toBe("<Future pending>");
      future.setResult("x");
      expect(inspect(future)).toBe("<Future finished result='x'>");
      const cancelled = new Future<string>();
      cancelled.cancel();
      expect(inspect(cancelled)).toBe("<Future cancelled>");
      expect(() => new Future().result()).toThrow(
        "result() of <Future pending>, which is not done yet: await it first",
      );
    });
  });

  test("works with Promise.all, race and resolve", async () => {
    await runVirtual(async () => {
      const future = new Future<string>();
      const all = Promise.all([future, Promise.resolve(future)]);
      const race = Promise.race([future, sleep(1000)]);
      future.setResult("x");
      expect(await all).toEqual(["x", "x"]);
      expect(await race).toBe("x");
    });
  });
});

describe("gather", () => {
  test("gives the results in order, whatever the order of the ends", async () => {
    await runVirtual(async () => {
      const task = createTask(() => sleep(1, "task"));
      expect(await gather([() => sleep(3, "a"), task, Promise.resolve(7)])).toEqual([
        "a",
        "task",
        7,
      ]);
      expect(await gather([])).toEqual([]);
    });
  });

  test("throws the first failure at once, and the others keep running", async () => {
    await runVirtual(async () => {
      const slow = createTask(() => sleep(10, "slow"));
      expect(await thrownBy(gather([slow, () => failAfter(1, "boom")]))).toBe("Error: boom");
      expect(slow.done()).toBe(false);
      expect(await slow).toBe("slow");
    });
  });

  test("with returnExceptions, errors and cancellations stand in the place of results", async () => {
    await runVirtual(async () => {
      const cancelled = createTask(() => sleep(1000));
      cancelled.cancel();
      const results = await gather([() => failAfter(1, "boom"), cancelled, () => sleep(1, 1)], {
        returnExceptions: true,
      });
      expect(results.map(String)).toEqual([
        "Error: boom",
        expect.stringContaining("CancelledError"),
        "1",
      ]);
    });
  });

  test("a cancelled child counts as failed and does not cancel the rest", async () => {
    await runVirtual(async () => {
      const victim = createTask(() => sleep(1000));
      const other = createTask(() => sleep(5, "other"));
      const both = gather([victim, other]);
      await sleep(1);
      victim.cancel();
      await expect(both).rejects.toThrow(CancelledError);
      expect(await other).toBe("other");
    });
  });

  test("cancelling the awaiter cancels all children and waits for their end, with returnExceptions too", async () => {
    for (const returnExceptions of [false, true]) {
      await runVirtual(async () => {
        const log: string[] = [];
        const child = async (): Promise<void> => {
          try {
            await sleep(1000);
          } finally {
            await sleep(2);
            log.push("ended");
          }
        };
        const task = createTask(async () => await gather([child, child], { returnExceptions }));
        await sleep(1);
        task.cancel();
        await expect(task).rejects.toThrow(CancelledError);
        expect(log).toEqual(["ended", "ended"]);
      });
    }
  });

  test("a cancel that comes when all children are done is thrown by the awaiter's next wait", async () => {
    await runVirtual(async () => {
      const log: unknown[] = [];
      const child = new Future<string>();
      const awaiter = createTask(async () => {
        log.push(await gather([child]));
        await sleep(1);
        log.push("never");
      });
      await sleep(1);
      child.setResult("done");
      expect(awaiter.cancel()).toBe(true);
      await expect(awaiter).rejects.toThrow(CancelledError);
      expect(log).toEqual([["done"]]);
    });
  });

  test("the same task twice is waited for once; the same function twice is called twice", async () => {
    await runVirtual(async () => {
      let calls = 0;
      const count = async (): Promise<number> => ++calls;
      const task = createTask(count);
      expect(await gather([task, task])).toEqual([1, 1]);
      expect(await gather([count, count])).toEqual([2, 3]);
    });
  });

  test("a failure after the first one is nobody's unhandled rejection", async () => {
    await runVirtual(async () => {
      expect(
        await thrownBy(gather([() => failAfter(1, "first"), () => failAfter(2, "second")])),
      ).toBe("Error: first");
      await sleep(5);
    });
  });

  test("what cannot be waited for is refused", async () => {
    await runVirtual(async () => {
      expect(() => gather(5 as never)).toThrow(
        "Expected `items` to be an array of functions, tasks or promises",
      );
      expect(() => gather([5 as never])).toThrow(
        "Expected `item` to be a function, a task, a future or a promise, got `5` (number)",
      );
    });
  });

  test("cancelled at any point, all children have ended", async () => {
    let open = 0;
    const child = async (): Promise<void> => {
      open++;
      try {
        await sleep(2);
      } finally {
        open--;
      }
    };
    const only = (task: { name: string }): boolean => task.name === "main";
    await cancelEverywhere(
      async () => {
        try {
          await gather([child, child, child]);
        } finally {
          expect(open).toBe(0);
        }
      },
      { only },
    );
    expect(open).toBe(0);
  });
});

describe("wait", () => {
  test("returns when the first is done, when the first has failed, or when all are", async () => {
    await runVirtual(async () => {
      const make = () => ({
        fast: createTask(() => sleep(1, "fast")),
        failing: createTask(() => failAfter(2, "no")),
        slow: createTask(() => sleep(3, "slow")),
      });
      for (const [returnWhen, count] of [
        ["FIRST_COMPLETED", 1],
        ["FIRST_EXCEPTION", 2],
        ["ALL_COMPLETED", 3],
      ] as const) {
        const tasks = make();
        const { done, pending } = await wait(Object.values(tasks), { returnWhen });
        expect([done.size, pending.size]).toEqual([count, 3 - count]);
        await sleep(5);
        expect(await thrownBy(tasks.failing)).toBe("Error: no");
      }
    });
  });

  test("a timeout returns what is done so far, and cancels nothing", async () => {
    await runVirtual(async () => {
      const fast = createTask(() => sleep(1));
      const slow = createTask(() => sleep(10, "slow"));
      const { done, pending } = await wait([fast, slow], { timeout: 5 });
      expect([done.has(fast), pending.has(slow)]).toEqual([true, true]);
      expect(await slow).toBe("slow");
    });
  });

  test("cancelling who waits leaves the tasks alone", async () => {
    await runVirtual(async () => {
      const slow = createTask(() => sleep(10, "slow"));
      const waiter = createTask(() => wait([slow]));
      await sleep(1);
      waiter.cancel();
      await expect(waiter).rejects.toThrow(CancelledError);
      expect(await slow).toBe("slow");
    });
  });

  test("none, an unknown returnWhen and what is no future are refused", async () => {
    await runVirtual(async () => {
      await expect(wait([])).rejects.toThrow(
        "Expected `futures` to be at least one task or future, got `[]` (object)",
      );
      const task = createTask(async () => {});
      await expect(wait([task], { returnWhen: "SOON" as never })).rejects.toThrow(RangeError);
      await expect(wait([async () => {}] as never)).rejects.toThrow(
        "Expected `futures` to be tasks or futures",
      );
      await expect(wait([task], { timeout: NaN })).rejects.toThrow("options.timeout");
    });
  });
});

describe("asCompleted", () => {
  test("yields the original tasks as they finish, with their place", async () => {
    await runVirtual(async () => {
      const tasks = [3, 1, 2].map((ms) => createTask(() => sleep(ms, ms)));
      const seen: [boolean, number, number][] = [];
      for await (const { task, index } of asCompleted(tasks)) {
        seen.push([tasks[index] === task, index, task.result()]);
      }
      expect(seen).toEqual([
        [true, 1, 1],
        [true, 2, 2],
        [true, 0, 3],
      ]);
    });
  });

  test("a failure is in the task that is yielded, not thrown by the loop", async () => {
    await runVirtual(async () => {
      const seen: string[] = [];
      for await (const { task } of asCompleted([() => failAfter(1, "no"), () => sleep(2, "yes")])) {
        seen.push(task.exception() instanceof Error ? "failed" : task.result());
      }
      expect(seen).toEqual(["failed", "yes"]);
    });
  });

  test("a timeout is thrown inside the iteration; the tasks go on", async () => {
    await runVirtual(async () => {
      const slow = createTask(() => sleep(20, "slow"));
      const seen: unknown[] = [];
      const loop = (async () => {
        for await (const { task } of asCompleted([() => sleep(1, "fast"), slow], { timeout: 5 }))
          seen.push(task.result());
      })();
      const error = await loop.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(String(error)).toBe(
        "TimeoutError: asCompleted: timed out after 5 ms with 1 of 2 not done",
      );
      expect(seen).toEqual(["fast"]);
      expect(await slow).toBe("slow");
    });
  });

  test("breaking out leaves the rest running", async () => {
    await runVirtual(async () => {
      const slow = createTask(() => sleep(20, "slow"));
      for await (const { task } of asCompleted([slow, () => sleep(1)], { timeout: 10 })) {
        expect(task).not.toBe(slow);
        break;
      }
      expect(await slow).toBe("slow");
    });
  });

  test("several consumers of one iterator share the items, none lost or doubled, also when cancelled", async () => {
    await runVirtual(async () => {
      const items = [1, 2, 3, 4].map((ms) => createTask(() => sleep(ms, ms)));
      const iterator = asCompleted(items);
      const seen: number[] = [];
      const consume = async (): Promise<void> => {
        for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
          seen.push(next.value.task.result());
      };
      const victim = createTask(consume);
      const others = [createTask(consume), createTask(consume)];
      await sleep(0);
      victim.cancel();
      await Promise.all(others);
      expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    });
  });

  test("nothing to wait for ends at once; duplicates count once; what is no iterable is refused", async () => {
    await runVirtual(async () => {
      for await (const item of asCompleted([])) expect.unreachable(`yielded ${item.index}`);
      const task = createTask(async () => 1);
      let count = 0;
      for await (const item of asCompleted([task, task])) count += item.task.result();
      expect(count).toBe(1);
      expect(() => asCompleted(5 as never)).toThrow(
        "Expected `items` to be an iterable, got `5` (number)",
      );
    });
  });
});

test("ensureFuture starts functions, keeps futures, and wraps promises and what only behaves like a future (CPython, differs: test_futures DuckTests.test_ensure_future)", async () => {
  await runVirtual(async () => {
    const future = new Future<number>();
    expect(ensureFuture(future)).toBe(future);
    expect(await ensureFuture(() => 1)).toBe(1);
    expect(await ensureFuture(Promise.resolve(2))).toBe(2);
    const inner = new Future<number>();
    // oxlint-disable-next-line unicorn/no-thenable
    const duck = { then: inner.then.bind(inner), done: () => inner.done() } as typeof inner;
    const wrapped = ensureFuture(duck);
    expect([wrapped === duck, wrapped instanceof Future]).toEqual([false, true]);
    inner.setResult(3);
    expect(await wrapped).toBe(3);
    expect(() => ensureFuture("x" as never)).toThrow(TypeError);
  });
});
