/*
 * What comes out of a timeout: its own TimeoutError, an outer cancel, an error of the body's. Where a loop that is kept
 * busy is the point, in real time.
 */
import {
  CancelledError,
  createTask,
  currentTask,
  getRunningLoop,
  isCancelled,
  run,
  sleep,
  suppressedErrors,
  taskGroup,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const now = (): number => getRunningLoop().time();

const caught = (work: PromiseLike<unknown>): PromiseLike<unknown> =>
  work.then(
    (value) => `value ${String(value)}`,
    (error: unknown) => error,
  );

/** Keeps the event loop busy. */
function crunch(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("the timeout's own", () => {
  test("of two with one deadline the outer one throws; both have expired (CPython: test_timeouts TimeoutTests.test_nested_timeouts)", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const kept: Timeout[] = [];
      const outer = timeoutAt(10, async (own) => {
        kept.push(own);
        try {
          await timeoutAt(10, async (inner) => {
            kept.push(inner);
            await sleep(10_000);
          });
        } catch (error) {
          log.push((error as Error).name);
          throw error;
        }
      });
      await expect(outer).rejects.toThrow(TimeoutError);
      expect(log).toEqual(["CancelledError"]);
      expect(kept.map((own) => own.expired())).toEqual([true, true]);
    });
  });

  test("the body sees a CancelledError, who awaits it a TimeoutError, and the task is not cancelled (CPython: test_timeouts TimeoutTests.test_waiter_cancelled, TimeoutTests.test_outer_task_is_not_cancelled)", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const task = createTask(async () => {
        const work = timeout(1, () =>
          sleep(10_000).catch((error: Error) => {
            log.push(error.name);
            throw error;
          }),
        );
        await expect(work).rejects.toThrow(TimeoutError);
      });
      await task;
      expect(log).toEqual(["CancelledError"]);
      expect([task.cancelled(), task.done(), task.cancelling()]).toEqual([false, true, 0]);
    });
  });

  test("a loop that is kept busy past the outer deadline makes the outer one throw (CPython: test_timeouts TimeoutTests.test_nested_timeouts_concurrent)", async () => {
    await run(async () => {
      const log: string[] = [];
      const outer = timeout(2, () =>
        timeout(100, async () => {
          crunch(10);
          await sleep(1000);
        }).catch((error: Error) => {
          log.push(error.name);
          throw error;
        }),
      );
      await expect(outer).rejects.toThrow(TimeoutError);
      expect(log).toEqual(["CancelledError"]);
    });
  });

  test("when both deadlines pass while the loop is busy, the outer one wins, whatever follows in its body (CPython: test_timeouts TimeoutTests.test_nested_timeouts_loop_busy)", async () => {
    await run(async () => {
      const begun = performance.now();
      const outer = timeout(30, async () => {
        await timeout(3, async () => {
          crunch(40);
          await sleep(1000);
        }).catch((error: unknown) => {
          if (!(error instanceof TimeoutError)) throw error;
        });
        await sleep(10_000);
      });
      await expect(outer).rejects.toThrow(TimeoutError);
      expect(performance.now() - begun).toBeLessThan(1000);
    });
  });

  test("its TimeoutError has no cause, or it would count as a cancellation (CPython, differs: test_timeouts TimeoutTests.test_timeout_exception_cause, TimeoutTests.test_timeout_exception_context)", async () => {
    await runVirtual(async () => {
      const error = await caught(
        timeout(10, async () => {
          try {
            throw new RangeError("handled while the time runs out");
          } finally {
            await sleep(1000);
          }
        }),
      );
      expect(error).toBeInstanceOf(TimeoutError);
      expect([(error as Error).cause, isCancelled(error)]).toEqual([undefined, false]);
    });
  });

  test("a timeout in a finally block counts by itself (CPython, differs: test_timeouts TimeoutTests.test_nested_timeout_in_finally)", async () => {
    await runVirtual(async () => {
      let inner: unknown;
      const outer = await caught(
        timeout(10, async () => {
          try {
            await sleep(1000);
          } finally {
            inner = await caught(timeout(10, () => sleep(10_000)));
          }
        }),
      );
      expect([outer, inner]).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)]);
      expect(outer).not.toBe(inner);
      expect([outer, inner].map((error) => (error as Error).cause)).toEqual([undefined, undefined]);
      expect(now()).toBe(20);
    });
  });
});

describe("an error of the body's", () => {
  test("thrown in answer to the deadline, it is thrown instead of the TimeoutError, unchanged (CPython, differs: test_timeouts TimeoutTests.test_foreign_exception_on_timeout, TimeoutTests.test_foreign_exception_on_timeout_2)", async () => {
    await runVirtual(async () => {
      const failure = new RangeError("clean-up");
      const simple = timeout(10, () =>
        sleep(1000).catch(() => {
          throw failure;
        }),
      );
      expect(await caught(simple)).toBe(failure);
      const nested = timeout(10, async () => {
        try {
          await sleep(1000);
        } finally {
          await Promise.reject(new TypeError("replaced")).catch(() => {
            throw failure;
          });
        }
      });
      expect(await caught(nested)).toBe(failure);
      expect(failure.cause).toBe(undefined);
    });
  });

  test("of a child of a group in it, too (CPython, differs: test_timeouts TimeoutTests.test_timeout_taskgroup)", async () => {
    await runVirtual(async () => {
      const failure = new RangeError("crash in clean-up");
      const work = timeout(10, () =>
        taskGroup(async (group) => {
          group.spawn(() =>
            sleep(2000).catch(() => {
              throw failure;
            }),
          );
          try {
            throw new TypeError("handled while the time runs out");
          } finally {
            await sleep(1000);
          }
        }),
      );
      expect(await caught(work)).toBe(failure);
      expect([failure.cause, suppressedErrors(failure)]).toEqual([undefined, []]);
    });
  });
});

describe("an outer cancel", () => {
  test("of the task itself passes on, and the timeout has not expired (CPython: test_timeouts TimeoutTests.test_foreign_cancel_doesnt_timeout_if_not_expired)", async () => {
    await runVirtual(async () => {
      let kept: Timeout | undefined;
      const task = createTask(() =>
        timeout(10_000, async (own) => {
          kept = own;
          currentTask()?.cancel();
          await sleep(10_000);
        }),
      );
      await expect(task).rejects.toThrow(CancelledError);
      expect([kept?.expired(), now()]).toEqual([false, 0]);
    });
  });

  test("that was swallowed before does not keep a timeout from throwing (CPython: test_timeouts TimeoutTests.test_timeout_after_cancellation)", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        currentTask()?.cancel();
        await sleep(1000).catch(() => {});
        await expect(timeout(0, () => sleep(1000))).rejects.toThrow(TimeoutError);
        return "clean";
      });
      expect(await task).toBe("clean");
    });
  });

  test("in a timeout after another that was swallowed passes on (CPython: test_timeouts TimeoutTests.test_cancel_in_timeout_after_cancellation)", async () => {
    await runVirtual(async () => {
      const task = createTask(async () => {
        currentTask()?.cancel();
        await sleep(1000).catch(() => {});
        const work = timeout(1000, async () => {
          currentTask()?.cancel();
          await sleep(2000);
        });
        await expect(work).rejects.toThrow(CancelledError);
        return "clean";
      });
      expect(await task).toBe("clean");
      expect(now()).toBe(0);
    });
  });
});

test("of two cancels that a timeout lets through, the first gives the message", async () => {
  await runVirtual(async () => {
    const task = createTask(() =>
      timeout(1000, async () => {
        try {
          await sleep(500);
        } finally {
          task.cancel("second");
        }
      }),
    );
    await sleep(1);
    task.cancel("first");
    await expect(task).rejects.toThrow("first");
  });
});
