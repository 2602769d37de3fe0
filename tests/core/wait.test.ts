/*
 * wait: some of several futures, without cancelling any.
 */
import {
  CancelledError,
  createTask,
  Future,
  getRunningLoop,
  sleep,
  type Task,
  wait,
  type WaitOptions,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { failAfter } from "./bodies.ts";
import { textOfEnd } from "./ends.ts";

const now = (): number => getRunningLoop().time();

/** Which of the tasks are done, which are pending, and when it was known. */
async function waited(
  tasks: Record<string, Task<unknown>>,
  options?: WaitOptions,
): Promise<[done: string[], pending: string[], at: number]> {
  const { done, pending } = await wait(Object.values(tasks), options);
  const names = (set: Set<Task<unknown>>): string[] =>
    Object.keys(tasks).filter((name) => set.has(tasks[name] as Task<unknown>));
  return [names(done), names(pending), now()];
}

/** Lets tasks that a test has no more use for come to their end. */
async function endOf(...tasks: Task<unknown>[]): Promise<void> {
  await wait(tasks);
  for (const task of tasks) task.exception();
}

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
        expect(await textOfEnd(tasks.failing)).toBe("Error: no");
      }
    });
  });

  test("a timeout returns what is done so far, and cancels nothing (CPython: test_tasks BaseTaskTests.test_wait_with_timeout)", async () => {
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

  test("none, an unknown returnWhen and what is no future are refused (CPython: test_tasks BaseTaskTests.test_wait_errors)", async () => {
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

test("it gives all when all are done, and at once when they were done before (CPython: test_tasks BaseTaskTests.test_wait)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(100));
    const b = createTask(() => sleep(150));
    expect(await waited({ b, a })).toEqual([["b", "a"], [], 150]);
    expect(await waited({ b, a })).toEqual([["b", "a"], [], 150]);
  });
});

test("a task given twice counts once (CPython: test_tasks BaseTaskTests.test_wait_duplicate_coroutines)", async () => {
  await runVirtual(async () => {
    const twice = createTask(async () => "test");
    const { done, pending } = await wait([twice, twice, createTask(async () => "spam")]);
    expect([...done].map((task) => task.result())).toEqual(["test", "spam"]);
    expect(pending.size).toBe(0);
  });
});

test("FIRST_COMPLETED returns with the first, whose outcome is there (CPython: test_tasks BaseTaskTests.test_wait_first_completed)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(10_000));
    const b = createTask(() => sleep(100));
    expect(await waited({ b, a }, { returnWhen: "FIRST_COMPLETED" })).toEqual([["b"], ["a"], 100]);
    expect([a.done(), b.done(), b.result()]).toEqual([false, true, undefined]);
    await endOf(a);
  });
});

test("who became done before the waiter ran is among the done (CPython: test_tasks BaseTaskTests.test_wait_really_done)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(0));
    const b = createTask(async () => {
      await sleep(0);
      await sleep(0);
    });
    const [done, pending] = await waited({ b, a }, { returnWhen: "FIRST_COMPLETED" });
    expect([done, pending]).toEqual([["b", "a"], []]);
    expect([a.result(), b.result()]).toEqual([undefined, undefined]);
  });
});

test("FIRST_EXCEPTION returns at once for one that has failed before (CPython: test_tasks BaseTaskTests.test_wait_first_exception)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(10_000));
    const b = createTask(() => {
      throw new RangeError("err");
    });
    expect(await waited({ b, a }, { returnWhen: "FIRST_EXCEPTION" })).toEqual([["b"], ["a"], 0]);
    await endOf(a, b);
  });
});

test("FIRST_EXCEPTION returns when one fails meanwhile, not when one is done or cancelled (CPython: test_tasks BaseTaskTests.test_wait_first_exception_in_wait)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(10_000));
    const b = createTask(() => failAfter(10, "err"));
    const c = createTask(() => sleep(3));
    const d = createTask(() => sleep(10_000));
    getRunningLoop().callLater(5, () => d.cancel());
    const outcome = await waited({ b, a, c, d }, { returnWhen: "FIRST_EXCEPTION" });
    expect(outcome).toEqual([["b", "c", "d"], ["a"], 10]);
    await endOf(a, b);
  });
});

test("a failure is in its task, not thrown, however often it is waited for (CPython: test_tasks BaseTaskTests.test_wait_with_exception)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(100));
    const b = createTask(() => failAfter(150, "really"));
    for (let round = 0; round < 2; round++) {
      expect(await waited({ b, a })).toEqual([["b", "a"], [], 150]);
      expect([a.exception(), String(b.exception())]).toEqual([undefined, "Error: really"]);
    }
  });
});

test("one that ends in the instant of the timeout is done (CPython: test_tasks BaseTaskTests.test_wait_concurrent_complete)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(100));
    const b = createTask(() => sleep(150));
    await sleep(0);
    expect(await waited({ b, a }, { timeout: 100 })).toEqual([["a"], ["b"], 100]);
    await endOf(b);
  });
});

test("any iterable of tasks will do, a generator too (CPython: test_tasks BaseTaskTests.test_wait_with_iterator_of_tasks, BaseTaskTests.test_wait_generator)", async () => {
  await runVirtual(async () => {
    const a = createTask(() => sleep(100));
    const b = createTask(() => sleep(150));
    const { done, pending } = await wait([b, a].values());
    expect([done, pending, now()]).toEqual([new Set([b, a]), new Set(), 150]);
    function* tasks(): Generator<Task<number>> {
      for (let i = 0; i < 10; i++) yield createTask(async () => i);
    }
    const all = await wait(tasks(), { returnWhen: "ALL_COMPLETED" });
    expect([all.done.size, all.pending.size]).toEqual([10, 0]);
  });
});

test("one future instead of several, or a function, is refused (CPython: test_tasks BaseTaskTests.test_wait_invalid_args)", async () => {
  await runVirtual(async () => {
    await expect(wait(new Future() as never)).rejects.toThrow(
      new TypeError(
        "Expected `futures` to be an iterable of tasks or futures, got `<Future pending>` (object)",
      ),
    );
    await expect(wait((async () => {}) as never)).rejects.toThrow(TypeError);
    await expect(wait([])).rejects.toThrow(RangeError);
  });
});

test("a cancel of who waits ends the wait and leaves the tasks running (CPython: test_tasks BaseTaskTests.test_yield_wait_does_not_shield_cancel)", async () => {
  await runVirtual(async () => {
    const waiter = new Future<void>();
    let proof = 0;
    const inner = createTask(async () => {
      await waiter;
      proof += 1;
    });
    const outer = createTask(async () => {
      await wait([inner]);
      proof += 100;
    });
    await sleep(0);
    outer.cancel();
    await expect(outer).rejects.toThrow(CancelledError);
    expect(inner.done()).toBe(false);
    waiter.setResult();
    await inner;
    expect(proof).toBe(1);
  });
});
