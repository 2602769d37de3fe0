/*
 * waitFor: one thing, for a limited time. In real time only where a foreign promise has to settle, two milliseconds of it.
 */
import { setTimeout as foreignSleep } from "node:timers/promises";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  run,
  shield,
  sleep,
  TimeoutError,
  wait,
  waitFor,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { nameOfEnd } from "./ends.ts";

const now = (): number => getRunningLoop().time();

/** Work that takes its time whatever cancels it. */
class Stubborn {
  exited = false;

  readonly run = async (): Promise<void> => {
    const end = now() + 200;
    while (now() < end) await sleep(end - now()).catch(() => {});
    this.exited = true;
  };
}

describe("waitFor", () => {
  test("a function runs in the current task, under the timeout", async () => {
    await runVirtual(async () => {
      const me = currentTask();
      expect(await waitFor(async () => currentTask() === me, 5)).toBe(true);
      expect(await nameOfEnd(waitFor(() => sleep(1000), 5))).toBe("TimeoutError");
    });
  });

  test("with no time at all, a done item gives its result, a function is never called", async () => {
    await runVirtual(async () => {
      const done = createTask(async () => "done");
      await done;
      expect(await waitFor(done, 0)).toBe("done");
      let called = false;
      const work = waitFor(async () => (called = true), 0);
      expect([await nameOfEnd(work), called]).toEqual(["TimeoutError", false]);
      const pending = createTask(() => sleep(1000));
      expect(await nameOfEnd(waitFor(pending, 0))).toBe("TimeoutError");
      expect(pending.cancelled()).toBe(true);
      const failed = new Future<void>();
      failed.setException(new RangeError("x"));
      expect(await nameOfEnd(waitFor(failed, 0))).toBe("RangeError");
    });
  });

  test("a task that swallows the cancel and returns a value gives that value", async () => {
    await runVirtual(async () => {
      const stubborn = createTask(() => sleep(1000).catch(() => "stubborn"));
      expect(await waitFor(stubborn, 5)).toBe("stubborn");
    });
  });

  test("a foreign promise is let go", async () => {
    await runVirtual(async () => {
      expect(await waitFor(Promise.resolve(3), 5)).toBe(3);
    });
  });
});

test("who ignores the cancel is waited for, at the deadline and when waitFor is cancelled (CPython: test_waitfor AsyncioWaitForTest.test_asyncio_wait_for_timeout, AsyncioWaitForTest.test_asyncio_wait_for_cancelled)", async () => {
  await runVirtual(async () => {
    const late = new Stubborn();
    await waitFor(late.run, 100);
    expect([late.exited, now()]).toEqual([true, 200]);
    const stopped = new Stubborn();
    const waiting = createTask(() => waitFor(stopped.run, 400));
    await sleep(0);
    waiting.cancel();
    await wait([waiting]);
    expect([stopped.exited, now()]).toEqual([true, 400]);
  });
});

test("with no time at all, what is done gives its result (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_timeout_less_then_0_or_0_future_done)", async () => {
  await runVirtual(async () => {
    const future = new Future<string>();
    future.setResult("done");
    expect(await waitFor(future, 0)).toBe("done");
    const cancelled = new Future<string>();
    cancelled.cancel("before");
    await expect(waitFor(cancelled, 0)).rejects.toThrow(CancelledError);
  });
});

test("with no time at all, a function is not called (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_timeout_less_then_0_or_0_coroutine_do_not_started)", async () => {
  await runVirtual(async () => {
    let started = false;
    const work = async (): Promise<void> => void (started = true);
    expect(await nameOfEnd(waitFor(work, 0))).toBe("TimeoutError");
    await sleep(0);
    expect(started).toBe(false);
  });
});

test("past the deadline a task is cancelled and has ended, with no time at all too (CPython: test_waitfor AsyncioWaitForTest.test_wait_for, AsyncioWaitForTest.test_wait_for_timeout_less_then_0_or_0)", async () => {
  await runVirtual(async () => {
    for (const ms of [100, 0, -1]) {
      const log: string[] = [];
      const task = createTask(async () => {
        log.push("running");
        try {
          await sleep(10_000);
        } finally {
          log.push("ended");
        }
        return "done";
      });
      await sleep(0);
      expect(await nameOfEnd(waitFor(task, ms))).toBe("TimeoutError");
      expect([task.done(), task.cancelled()]).toEqual([true, true]);
      expect(log).toEqual(["running", "ended"]);
    }
  });
});

test("Infinity waits for as long as it takes (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_blocking)", async () => {
  await runVirtual(async () => {
    expect(await waitFor(() => sleep(1e9, "done"), Infinity)).toBe("done");
  });
});

test("a future that is set in time gives its value (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_race_condition)", async () => {
  await runVirtual(async () => {
    const future = new Future<string>();
    const work = waitFor(future, 200);
    getRunningLoop().callSoon(() => future.setResult("ok"));
    expect(await work).toBe("ok");
  });
});

test("what swallows the deadline's cancel and returns gives its value (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_cancellation_race_condition, AsyncioWaitForTest.test_wait_for_cancel_suppressed)", async () => {
  await runVirtual(async () => {
    const inner = async (): Promise<number> => {
      await expect(sleep(1000)).rejects.toThrow(CancelledError);
      return 1;
    };
    expect(await waitFor(inner, 10)).toBe(1);
    expect(await waitFor(createTask(inner), 10)).toBe(1);
  });
});

test("it waits for the clean-up of what it cancels; the TimeoutError has no cause, or it would count as a cancellation (CPython, differs: test_waitfor AsyncioWaitForTest.test_wait_for_waits_for_task_cancellation, AsyncioWaitForTest.test_wait_for_waits_for_task_cancellation_w_timeout_0)", async () => {
  await runVirtual(async () => {
    for (const ms of [1, 0]) {
      let ended = false;
      const task = createTask(async () => {
        try {
          await sleep(10_000);
        } finally {
          await sleep(5);
          ended = true;
        }
      });
      await sleep(0);
      const error = await waitFor(task, ms).then(null, (thrown: unknown) => thrown as TimeoutError);
      expect(error).toBeInstanceOf(TimeoutError);
      expect([ended, (error as TimeoutError).cause]).toEqual([true, undefined]);
    }
  });
});

test("an error of the clean-up is thrown instead of the TimeoutError (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_reraises_exception_during_cancellation)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => {
      await sleep(200).catch(() => {
        throw new RangeError("foo");
      });
    });
    expect(await nameOfEnd(waitFor(task, 1))).toBe("RangeError");
  });
});

test("cancelling who waits cancels the task, however long it would wait (CPython: test_waitfor AsyncioWaitForTest.test_cancel_wait_for, AsyncioWaitForTest.test_cancel_blocking_wait_for)", async () => {
  await runVirtual(async () => {
    for (const ms of [60_000, Infinity]) {
      const task = createTask(async () => await new Future<void>());
      const waiting = createTask(() => waitFor(task, ms));
      getRunningLoop().callSoon(() => waiting.cancel());
      expect(await nameOfEnd(waiting)).toBe("CancelledError");
      expect(task.cancelled()).toBe(true);
    }
  });
});

test("a task that swallows the deadline's cancel and an outside one too gives its value (CPython, differs: test_waitfor AsyncioWaitForTest.test_wait_for_self_cancellation)", async () => {
  await runVirtual(async () => {
    const inner = createTask(async () => {
      try {
        await sleep(300);
      } catch {
        await sleep(300).catch(() => {});
      }
      return 42;
    });
    const waiting = createTask(() => waitFor(inner, 100));
    await sleep(200);
    waiting.cancel();
    expect(await nameOfEnd(waiting)).toBe("value 42");
    expect(await inner).toBe(42);
  });
});

test("a cancel that comes when the task is done stops what follows, and the task keeps its result (CPython: test_waitfor AsyncioWaitForTest.test_wait_for_issue86296)", async () => {
  await runVirtual(async () => {
    const inner = createTask(async () => "done");
    let reachedEnd = false;
    const task = createTask(async () => {
      await waitFor(inner, 100);
      await sleep(1000);
      reachedEnd = true;
    });
    expect(task.done()).toBe(false);
    await sleep(0);
    task.cancel();
    expect(await nameOfEnd(task)).toBe("CancelledError");
    expect(await inner).toBe("done");
    expect(reachedEnd).toBe(false);
  });
});

test("a shield keeps the task from the deadline, with no time at all too (CPython: test_waitfor WaitForShieldTests.test_shielded_timeout, WaitForShieldTests.test_zero_timeout)", async () => {
  await runVirtual(async () => {
    for (const ms of [10, 0]) {
      const task = createTask(() => sleep(100, "done"));
      expect(await nameOfEnd(waitFor(shield(task), ms))).toBe("TimeoutError");
      expect(task.done()).toBe(false);
      expect(await task).toBe("done");
    }
  });
});

test("a shield without a deadline gives the task's result (CPython: test_waitfor WaitForShieldTests.test_none_timeout)", async () => {
  await runVirtual(async () => {
    const task = createTask(() => sleep(100, "done"));
    expect(await waitFor(shield(task), Infinity)).toBe("done");
    expect(task.result()).toBe("done");
  });
});

test("with no time at all, a gather ends with its children, and the timeout is told", async () => {
  await runVirtual(async () => {
    const children = [1, 2].map(() => createTask(() => sleep(1000)));
    await sleep(1);
    expect(await nameOfEnd(waitFor(gather(children), 0))).toBe("TimeoutError");
    expect(children.map((child) => child.cancelled())).toEqual([true, true]);
  });
});

test("an outside cancel while it waits for the end of what had no time wins", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => {
      try {
        await sleep(1000);
      } finally {
        await sleep(1000);
      }
    });
    await sleep(1);
    const waiting = createTask(() => waitFor(task, 0));
    await sleep(1);
    waiting.cancel();
    expect(await nameOfEnd(waiting)).toBe("CancelledError");
    expect(waiting.cancelled()).toBe(true);
  });
});

test("a foreign promise that fails after it was given up ends no process", async () => {
  await run(async () => {
    const failing = foreignSleep(2).then(() => {
      throw new Error("late");
    });
    expect(await nameOfEnd(waitFor(failing, 0))).toBe("TimeoutError");
    await sleep(5);
  });
});
