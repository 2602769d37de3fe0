/*
 * Cancelling a task: what it waits for, what it answers, and what its reason becomes.
 */
import {
  CancelledError,
  createTask,
  Future,
  getRunningLoop,
  run,
  sleep,
  type Task,
  wait,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Asserts that the task was cancelled: every question about it says so, and another cancel is refused. */
async function expectCancelled(task: Task<unknown>): Promise<CancelledError> {
  const error = await task.then(null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CancelledError);
  expect([task.done(), task.cancelled(), task.cancel()]).toEqual([true, true, false]);
  return error as CancelledError;
}

/** What the call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("a task that sleeps is cancelled, and stays so (CPython: test_tasks BaseTaskTests.test_cancel)", async () => {
    await start(async () => {
      const task = createTask(() => sleep(10_000, 12));
      getRunningLoop().callSoon(() => task.cancel());
      const error = await expectCancelled(task);
      expect(error.reason).toBe(undefined);
    });
  });

  test("a task between two sleep(0) is cancelled at the next one (CPython: test_tasks BaseTaskTests.test_cancel_yield)", async () => {
    await start(async () => {
      let reached = 0;
      const task = createTask(async () => {
        for (; reached < 3; reached++) await sleep(0);
        return 12;
      });
      await sleep(0);
      task.cancel();
      await expectCancelled(task);
      expect(reached).toBeLessThan(3);
    });
  });
});

test("a timer's callback can cancel who sleeps much longer (CPython: test_tasks BaseTaskTests.test_task_cancel_sleeping_task)", async () => {
  await runVirtual(async () => {
    const sleeper = createTask(() => sleep(5_000_000));
    getRunningLoop().callLater(100, () => sleeper.cancel());
    const outcome = await sleeper.then(
      () => "slept in",
      () => "cancelled",
    );
    expect([outcome, getRunningLoop().time()]).toEqual(["cancelled", 100]);
  });
});

test("cancelling the future that a task awaits cancels the task (CPython: test_tasks BaseTaskTests.test_cancel_inner_future)", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    const task = createTask(async () => {
      await future;
      return 12;
    });
    await sleep(0);
    future.cancel();
    await expectCancelled(task);
    expect(future.cancelled()).toBe(true);
  });
});

test("cancelling a task cancels the future that it awaits (CPython: test_tasks BaseTaskTests.test_task_cancel_waiter_future)", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    const task = createTask(async () => await future);
    await sleep(0);
    task.cancel();
    expect(future.cancelled()).toBe(true);
    await expectCancelled(task);
  });
});

test("both may be cancelled at once (CPython: test_tasks BaseTaskTests.test_cancel_both_task_and_inner_future)", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    const task = createTask(async () => {
      await future;
      return 12;
    });
    await sleep(0);
    future.cancel();
    task.cancel();
    await expectCancelled(task);
    expect(future.cancelled()).toBe(true);
  });
});

test("who catches the cancel and returns is not cancelled (CPython: test_tasks BaseTaskTests.test_cancel_task_catching)", async () => {
  await runVirtual(async () => {
    const [first, second] = [new Future<void>(), new Future<void>()];
    const task = createTask(async () => {
      await first;
      try {
        await second;
      } catch (error) {
        return error instanceof CancelledError ? 42 : error;
      }
      return "not cancelled";
    });
    await sleep(0);
    first.setResult();
    await sleep(0);
    task.cancel();
    expect([first.cancelled(), second.cancelled()]).toEqual([false, true]);
    expect([await task, task.cancelled()]).toEqual([42, false]);
  });
});

test("who ignores the cancel may wait again (CPython: test_tasks BaseTaskTests.test_cancel_task_ignoring)", async () => {
  await runVirtual(async () => {
    const [first, second, third] = [new Future<void>(), new Future<void>(), new Future<number>()];
    const task = createTask(async () => {
      await first;
      await second.then(null, () => {});
      return await third;
    });
    await sleep(0);
    first.setResult();
    await sleep(0);
    task.cancel();
    expect(second.cancelled()).toBe(true);
    await sleep(0);
    third.setResult(42);
    expect(await task).toBe(42);
    expect([third.cancelled(), task.cancelled()]).toEqual([false, false]);
  });
});

test("a task that cancels itself is cancelled at its next wait (CPython: test_tasks BaseTaskTests.test_cancel_current_task)", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task: Task<number> = createTask(async () => {
      expect(task.cancel()).toBe(true);
      log.push("goes on");
      await sleep(100);
      log.push("never");
      return 12;
    });
    await expectCancelled(task);
    expect([log.join(), getRunningLoop().time()]).toEqual(["goes on", 0]);
  });
});

test("a task that cancels itself and returns has returned (CPython, differs: test_tasks BaseTaskTests.test_cancel_at_end)", async () => {
  await runVirtual(async () => {
    const task: Task<number> = createTask(async () => {
      task.cancel();
      return 12;
    });
    expect(await task).toBe(12);
    expect([task.done(), task.cancelled(), task.cancel()]).toEqual([true, false, false]);
  });
});

test("a task that cancels itself and then awaits another cancels that at once, down to what it waits for (CPython: test_tasks BaseTaskTests.test_cancel_awaited_task)", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    let nested: Task<void> | undefined;
    const task: Task<void> = createTask(async () => {
      nested = createTask(async () => await future);
      await sleep(0);
      task.cancel();
      await nested;
    });
    await expectCancelled(task);
    expect([nested?.cancelled(), future.cancelled()]).toEqual([true, true]);
  });
});

test("a cancel passes through functions that are awaited, innermost first (CPython: test_tasks BaseTaskTests.test_yield_future_passes_cancel)", async () => {
  await runVirtual(async () => {
    const waiter = new Future<void>();
    let proof = 0;
    const inner = async (): Promise<void> => {
      try {
        await waiter;
      } catch (error) {
        proof += 1;
        throw error;
      }
    };
    const task = createTask(async () => {
      await inner().catch(() => (proof += 100));
    });
    await sleep(0);
    task.cancel();
    await task;
    expect([proof, waiter.cancelled()]).toEqual([101, true]);
  });
});

test("an error thrown in answer to a cancel is the task's failure, the same object (CPython: test_tasks BaseTaskTests.test_baseexception_during_cancel)", async () => {
  await runVirtual(async () => {
    const failure = new Error("fatal");
    const task = createTask(async () => {
      await sleep(10_000).catch(() => {
        throw failure;
      });
    });
    await sleep(0);
    task.cancel();
    expect(task.done()).toBe(false);
    await wait([task]);
    expect([task.cancelled(), task.exception()]).toEqual([false, failure]);
  });
});

describe("the reason", () => {
  const REASONS = [undefined, "my message", 5, { any: "value" }];

  test("is in the error that result() and exception() throw (CPython: test_tasks BaseTaskTests.test_cancel_with_message_then_future_result, BaseTaskTests.test_cancel_with_message_then_future_exception, BaseTaskTests.test_task_cancel_message_getter)", async () => {
    await runVirtual(async () => {
      for (const reason of REASONS) {
        const task = createTask(() => sleep(10_000));
        await sleep(0);
        task.cancel(reason);
        await wait([task]);
        const error = thrownBy(() => task.result());
        expect(error).toBeInstanceOf(CancelledError);
        expect((error as CancelledError).reason).toBe(reason);
        expect(thrownBy(() => task.exception())).toBe(error);
        await expect(task).rejects.toBe(error);
      }
    });
  });

  test("is there too for a task that was cancelled before it started (CPython: test_tasks BaseTaskTests.test_cancel_with_message_before_starting_task)", async () => {
    await runVirtual(async () => {
      const task = createTask(() => sleep(10_000));
      task.cancel("my message");
      await wait([task]);
      expect(thrownBy(() => task.exception())).toMatchObject({ reason: "my message" });
    });
  });

  test("is found in the cause of an error thrown in answer, which stays a failure (CPython: test_tasks BaseTaskTests.test_cancellation_exception_context)", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        const inner = createTask(() => sleep(10_000));
        await sleep(0);
        getRunningLoop().callSoon(() => inner.cancel("msg"));
        try {
          await inner;
        } catch (cause) {
          throw new RangeError("cancelled", { cause });
        }
      });
      const error = (await task.then(null, (thrown: unknown) => thrown)) as Error;
      expect(error).toMatchObject({ name: "RangeError", message: "cancelled" });
      expect(error.cause).toMatchObject({ name: "CancelledError", reason: "msg" });
      expect(task.cancelled()).toBe(false);
    });
  });
});

test("cancelling a task that has failed already says false, and nobody is told of its failure later (CPython: test_tasks BaseTaskTests.test_tb_logger_not_called_after_cancel)", async () => {
  const told: unknown[] = [];
  await runVirtual(async () => {
    getRunningLoop().setExceptionHandler(({ exception }) => told.push(exception));
    const make = (): Task<void> =>
      createTask(async () => {
        throw new TypeError("unwanted");
      });
    const tasks = [make(), make()];
    await sleep(50);
    expect(tasks[0]?.cancel()).toBe(false);
  });
  expect(told.map(String)).toEqual(["TypeError: unwanted"]);
});
