/*
 * gather: results in order, the first failure at once, cancellation of the children.
 */
import {
  CancelledError,
  createTask,
  Future,
  gather,
  getRunningLoop,
  shield,
  sleep,
  type Task,
  wait,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { failAfter } from "./bodies.ts";
import { textOfEnd } from "./ends.ts";

/** Lets everything run that is ready, and what that makes ready. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await sleep(0);
}

type Futures = [a: F, b: F, c: F, d: F, e: F, f: F];
type F = Future<unknown>;

function futures(): Futures {
  return Array.from({ length: 6 }, () => new Future<unknown>()) as Futures;
}

/** How the children are given: as futures, or as functions that await them. */
const FORMS = [
  ["futures", (all: F[]) => all],
  ["functions", (all: F[]) => all.map((each) => async () => await each)],
] as const;

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
      expect(await textOfEnd(gather([slow, () => failAfter(1, "boom")]))).toBe("Error: boom");
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
        await textOfEnd(gather([() => failAfter(1, "first"), () => failAfter(2, "second")])),
      ).toBe("Error: first");
      await sleep(5);
    });
  });

  test("what cannot be waited for is refused, before anything starts", async () => {
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

describe.each(FORMS)("of %s", (_name, form) => {
  test("it is done when the last child is, tells its callbacks once, and gives results in order (CPython: test_tasks GatherTestsBase.test_success, GatherTestsBase.test_result_exception_success)", async () => {
    for (const returnExceptions of [false, true]) {
      await runVirtual(async () => {
        const [a, b, c] = futures();
        const all = gather(form([a, b, c]), { returnExceptions });
        const told: unknown[] = [];
        all.addDoneCallback((done) => told.push(done));
        b.setResult(1);
        a.setResult(2);
        await settle();
        expect([told.length, all.done()]).toEqual([0, false]);
        c.setResult(3);
        await settle();
        expect(told).toEqual([all]);
        expect(all.result()).toEqual([2, 1, 3]);
      });
    }
  });

  test("the first failure ends it, the same object; what the others do then changes nothing (CPython: test_tasks GatherTestsBase.test_one_exception)", async () => {
    await runVirtual(async () => {
      const [a, b, c, d, e] = futures();
      const all = gather(form([a, b, c, d, e]));
      const told: unknown[] = [];
      all.addDoneCallback((done) => told.push(done));
      const error = new RangeError("b");
      await sleep(0);
      a.setResult(1);
      b.setException(error);
      await settle();
      expect([all.done(), all.exception()]).toEqual([true, error]);
      c.setResult(3);
      d.cancel();
      e.setException(new Error("e"));
      await settle();
      expect(told).toEqual([all]);
      expect(all.exception()).toBe(error);
    });
  });

  test("with returnExceptions the errors themselves stand in their places, and it waits for all (CPython: test_tasks GatherTestsBase.test_return_exceptions)", async () => {
    await runVirtual(async () => {
      const [a, b, c, d] = futures();
      const all = gather(form([a, b, c, d]), { returnExceptions: true });
      const [first, second] = [new RangeError("c"), new Error("d")];
      b.setResult(1);
      c.setException(first);
      a.setResult(3);
      await settle();
      expect(all.done()).toBe(false);
      d.setException(second);
      await settle();
      const results = all.result();
      expect(results).toEqual([3, 1, first, second]);
      expect(results[2]).toBe(first);
    });
  });
});

test("a child's cancellation is the failure of gather, which is not cancelled itself (CPython: test_tasks FutureGatherTests.test_one_cancellation)", async () => {
  await runVirtual(async () => {
    const [a, b, c] = futures();
    const all = gather([a, b, c]);
    a.setResult(1);
    b.cancel();
    await settle();
    expect([all.done(), all.cancelled()]).toEqual([true, false]);
    expect(all.exception()).toBeInstanceOf(CancelledError);
    c.setException(new Error("ignored"));
    await settle();
    expect(all.exception()).toBeInstanceOf(CancelledError);
  });
});

test("with returnExceptions a child's cancellation stands in its place (CPython: test_tasks FutureGatherTests.test_result_exception_one_cancellation)", async () => {
  await runVirtual(async () => {
    const [a, b, c, d, e, f] = futures();
    const all = gather([a, b, c, d, e, f], { returnExceptions: true });
    const told: unknown[] = [];
    all.addDoneCallback((done) => told.push(done));
    const [first, last] = [new RangeError("b"), new Error("f")];
    a.setResult(1);
    b.setException(first);
    c.cancel();
    await settle();
    expect(all.done()).toBe(false);
    d.setResult(3);
    e.cancel();
    f.setException(last);
    const results = await all;
    expect(results).toEqual([
      1,
      first,
      expect.any(CancelledError),
      3,
      expect.any(CancelledError),
      last,
    ]);
    await settle();
    expect(told).toEqual([all]);
  });
});

test("outside any run it works on the implicit root scope; of nothing it is done at once (CPython, differs: test_tasks FutureGatherTests.test_constructor_empty_sequence_without_loop)", async () => {
  const all = gather([]);
  expect([all.done(), all.result()]).toEqual([true, []]);
  expect(await gather([async () => 1])).toEqual([1]);
});

test("one task given several times runs once and fills all its places (CPython: test_tasks CoroutineGatherTests.test_duplicate_coroutines)", async () => {
  await runVirtual(async () => {
    let calls = 0;
    const task = createTask(async () => {
      calls++;
      return "abc";
    });
    expect(await gather([task, task, async () => "def", task])).toEqual([
      "abc",
      "abc",
      "def",
      "abc",
    ]);
    expect(calls).toBe(1);
  });
});

test("cancelling who awaits it cancels all children and what they wait for (CPython: test_tasks CoroutineGatherTests.test_cancellation_broadcast)", async () => {
  await runVirtual(async () => {
    const waiter = new Future<void>();
    let proof = 0;
    const child = (): Task<void> =>
      createTask(async () => {
        await waiter;
        proof += 1;
      });
    const children = [child(), child()];
    let all: Future<unknown> | undefined;
    const outer = createTask(async () => {
      all = gather(children);
      await all;
      proof += 100;
    });
    await sleep(0);
    expect(outer.cancel()).toBe(true);
    await expect(outer).rejects.toThrow(CancelledError);
    expect(all?.cancel()).toBe(false);
    expect([waiter, ...children].map((each) => each.cancelled())).toEqual([true, true, true]);
    await settle();
    expect(proof).toBe(0);
  });
});

test("an item that is refused is told to the caller alone (CPython: test_tasks CoroutineGatherTests.test_issue46672)", async () => {
  const reported: unknown[] = [];
  await runVirtual(async () => {
    getRunningLoop().setExceptionHandler((context) => reported.push(context));
    expect(() => gather([async () => "abc", {} as never])).toThrow(TypeError);
    await settle();
  });
  expect(reported).toEqual([]);
});

test("a cancel is refused once all children are done (CPython: test_tasks BaseTaskTests.test_cancel_gather_1)", async () => {
  await runVirtual(async () => {
    const future = new Future<number>();
    const all = gather([async () => await future]);
    await sleep(0);
    let answer: boolean | undefined;
    future.addDoneCallback(() => {
      answer = all.cancel();
    });
    future.setResult(42);
    expect(await all).toEqual([42]);
    expect([answer, all.cancelled()]).toEqual([false, false]);
  });
});

test("with returnExceptions the awaiter's own cancel comes through, with its reason (CPython: test_tasks BaseTaskTests.test_cancel_gather_2)", async () => {
  for (const reason of [undefined, "my message", 5]) {
    await runVirtual(async () => {
      const loop = createTask(async () => {
        for (let time = 0; time < 1000; time += 50) {
          await gather([() => sleep(50)], { returnExceptions: true });
        }
      });
      await sleep(220);
      loop.cancel(reason);
      const error = await loop.then(null, (thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CancelledError);
      expect((error as CancelledError).reason).toBe(reason);
    });
  }
});

test("cancelling it cancels shields among its children and nothing behind them (CPython: test_tasks BaseTaskTests.test_gather_shield)", async () => {
  await runVirtual(async () => {
    const [one, two] = futures();
    const shields = [one, two].map((each) => createTask(() => shield(each)));
    const all = gather(shields);
    await sleep(0);
    all.cancel();
    await settle();
    expect(all.exception()).toBeInstanceOf(CancelledError);
    expect(shields.map((each) => each.cancelled())).toEqual([true, true]);
    expect([one.done(), two.done()]).toEqual([false, false]);
    one.setResult(1);
    two.setResult(2);
    await wait([one, two]);
  });
});
