/*
 * What a task group ends with when something in it fails, when it is cancelled, and when both happen.
 */
import {
  CancelledError,
  createTask,
  currentTask,
  Event,
  getRunningLoop,
  sleep,
  suppressedErrors,
  type Task,
  taskGroup,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

const now = (): number => getRunningLoop().time();

/** Fails with a RangeError after a while. */
const crash =
  (ms: number, message = "crash") =>
  async (): Promise<never> => {
    await sleep(ms);
    throw new RangeError(message);
  };

/** Sleeps for long, and fails when it is woken up. */
const crashInCleanUp =
  (message = "clean-up") =>
  async (): Promise<void> => {
    try {
      await sleep(10_000);
    } finally {
      await Promise.reject(new RangeError(message));
    }
  };

/** What the work throws, and what was attached to it: one word each. */
async function failures(work: PromiseLike<unknown>): Promise<string[]> {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  const words = (each: unknown): string => `${(each as Error).name} ${(each as Error).message}`;
  return [error, ...suppressedErrors(error)].map(words);
}

describe("a child's failure", () => {
  test("cancels its siblings, and is thrown itself (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_04)", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      let sibling: Task<void> | undefined;
      const runner = createTask(async () => {
        await taskGroup((group) => {
          group.spawn(crash(100));
          sibling = group.spawn(async () => {
            await sleep(1000).catch((error: Error) => {
              log.push(error.name);
              throw error;
            });
            log.push("never");
          });
        });
        log.push("never");
      });
      expect(await failures(runner)).toEqual(["RangeError crash"]);
      expect([log, sibling?.cancelled()]).toEqual([["CancelledError"], true]);
    });
  });

  test("cancels the body, too; those that fail in the same instant are attached (CPython, differs: test_taskgroups TestTaskGroup.test_cancel_children_on_child_error)", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const logs = (name: string, ms: number): Promise<void> =>
        sleep(ms).catch((error: Error) => {
          log.push(`${name} ${error.name}`);
          throw error;
        });
      const runner = taskGroup(async (group) => {
        for (const name of ["one", "two", "three"]) group.spawn(crash(100, name));
        group.spawn(() => logs("sibling", 5000));
        await logs("body", 10_000);
      });
      expect(await failures(runner)).toEqual([
        "RangeError one",
        "RangeError two",
        "RangeError three",
      ]);
      expect(log.sort()).toEqual(["body CancelledError", "sibling CancelledError"]);
    });
  });

  test("ends a group whose children keep spawning (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_25)", async () => {
    await runVirtual(async () => {
      const heads: number[] = [];
      const runner = taskGroup((group) => {
        const hydra = async (): Promise<void> => {
          heads.push(now());
          await sleep(10);
          group.spawn(hydra);
          group.spawn(hydra);
        };
        group.spawn(hydra);
        group.spawn(async () => {
          while (heads.length < 10) await sleep(15);
          throw new RangeError("hercules");
        });
      });
      expect(await failures(runner)).toEqual(["RangeError hercules"]);
      expect(heads.length).toBeGreaterThanOrEqual(10);
    });
  });

  test("comes first: what the body fails with when it is cancelled for it is attached (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_19, TestTaskGroup.test_taskgroup_20, TestTaskGroup.test_taskgroup_20a, TestTaskGroup.test_taskgroup_21a)", async () => {
    await runVirtual(async () => {
      const runner = taskGroup(async (group) => {
        group.spawn(crash(100));
        await sleep(10_000).catch(() => {
          throw new TypeError("body");
        });
      });
      expect(await failures(runner)).toEqual(["RangeError crash", "TypeError body"]);
    });
  });

  test("and one of what the body opened and closes are both told; nothing is left cancelled (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_context_manager_exit_raises)", async () => {
    await runVirtual(async () => {
      const work = taskGroup(async (group) => {
        try {
          group.spawn(crash(0, "child"));
          await sleep(1);
        } finally {
          await Promise.reject(new RangeError("closing"));
        }
      });
      expect(await failures(work)).toEqual(["RangeError child", "RangeError closing"]);
      expect(currentTask()?.cancelling()).toBe(0);
    });
  });

  test("leaves the task around the group as it was (CPython: test_taskgroups TestTaskGroup.test_cancelling_level_preserved)", async () => {
    await runVirtual(async () => {
      expect(await failures(taskGroup((group) => void group.spawn(crash(0))))).toHaveLength(1);
      expect(currentTask()?.cancelling()).toBe(0);
      await sleep(1);
    });
  });
});

describe("the body's failure", () => {
  test("cancels the children, whether they have begun or not (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_09, TestTaskGroup.test_taskgroup_10)", async () => {
    for (const ms of [100, null]) {
      await runVirtual(async () => {
        const children: Task<void>[] = [];
        const work = taskGroup(async (group) => {
          children.push(
            group.spawn(() => sleep(1000)),
            group.spawn(() => sleep(2000)),
          );
          if (ms !== null) await sleep(ms);
          throw new RangeError("body");
        });
        expect(await failures(work)).toEqual(["RangeError body"]);
        expect(children.map((child) => child.cancelled())).toEqual([true, true]);
      });
    }
  });
});

describe("an outside cancel", () => {
  /** Cancels the work after 100 ms, and tells what it ends with. */
  async function endOfCancelled(body: () => Promise<unknown>): Promise<string[]> {
    const task = createTask(body);
    await sleep(100);
    expect(task.done()).toBe(false);
    task.cancel();
    return failures(task);
  }

  test("reaches every child once (CPython: test_taskgroups TestTaskGroup.test_cancellation)", async () => {
    await runVirtual(async () => {
      let count = 0;
      const [end] = await endOfCancelled(() =>
        taskGroup((group) => {
          for (let i = 0; i < 5; i++) {
            group.spawn(() =>
              sleep(5000).catch((error: unknown) => {
                count += 1;
                throw error;
              }),
            );
          }
        }),
      );
      expect([end?.split(" ")[0], count, now()]).toEqual(["CancelledError", 5, 100]);
    });
  });

  test("reaches the children and the body (CPython: test_taskgroups TestTaskGroup.test_taskgroup_07)", async () => {
    await runVirtual(async () => {
      let count = 0;
      const add = (much: number) => (error: unknown) => {
        count += much;
        throw error;
      };
      const [end] = await endOfCancelled(() =>
        taskGroup(async (group) => {
          for (let i = 0; i < 5; i++) group.spawn(() => sleep(5000).catch(add(1)));
          await sleep(10_000).catch(add(10));
        }),
      );
      expect([end?.split(" ")[0], count]).toEqual(["CancelledError", 15]);
    });
  });

  test("reaches the body of a group without children (CPython: test_taskgroups TestTaskGroup.test_taskgroup_17)", async () => {
    await runVirtual(async () => {
      const log: string[] = [];
      const [end] = await endOfCancelled(() =>
        taskGroup(() =>
          sleep(10_000).catch((error: Error) => {
            log.push(error.name);
            throw error;
          }),
        ),
      );
      expect([end?.split(" ")[0], log]).toEqual(["CancelledError", ["CancelledError"]]);
    });
  });

  test("answered by errors of the children, ends with these (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_08)", async () => {
    await runVirtual(async () => {
      const end = await endOfCancelled(() =>
        taskGroup(async (group) => {
          for (let i = 0; i < 5; i++) group.spawn(crashInCleanUp(`${i}`));
          await sleep(10_000);
        }),
      );
      expect(end).toEqual([0, 1, 2, 3, 4].map((i) => `RangeError ${i}`));
    });
  });

  test("answered by an error of the body, ends with that (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_18)", async () => {
    await runVirtual(async () => {
      const end = await endOfCancelled(() =>
        taskGroup(() =>
          sleep(10_000).catch(() => {
            throw new TypeError("body");
          }),
        ),
      );
      expect(end).toEqual(["TypeError body"]);
    });
  });

  test("answered by errors in an inner group, ends the outer one with these, its own children cancelled (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_11, TestTaskGroup.test_taskgroup_12)", async () => {
    for (const outerChildren of [0, 1]) {
      await runVirtual(async () => {
        const own: Task<void>[] = [];
        const end = await endOfCancelled(() =>
          taskGroup(async (outer) => {
            for (let i = 0; i < outerChildren; i++) own.push(outer.spawn(() => sleep(10_000)));
            await taskGroup(async (inner) => {
              for (let i = 0; i < 5; i++) inner.spawn(crashInCleanUp(`${i}`));
              await sleep(10_000);
            });
          }),
        );
        expect(end).toEqual([0, 1, 2, 3, 4].map((i) => `RangeError ${i}`));
        expect(own.every((child) => child.cancelled())).toBe(true);
      });
    }
  });

  test("reaches the children at once, not after the body's clean-up, which one that fails then ends (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_15, TestTaskGroup.test_taskgroup_16)", async () => {
    const work = (child: () => Promise<void>) => (): Promise<unknown> =>
      taskGroup(async (group) => {
        group.spawn(child);
        try {
          await sleep(10_000);
        } finally {
          await sleep(500);
        }
      });
    const nested = (body: () => Promise<unknown>) => async (): Promise<unknown> =>
      await createTask(body);
    for (const around of [(body: () => Promise<unknown>) => body, nested]) {
      await runVirtual(async () => {
        const [end] = await endOfCancelled(around(work(crash(300))));
        expect([end?.split(" ")[0], now()]).toEqual(["CancelledError", 600]);
      });
      await runVirtual(async () => {
        const stubborn = (): Promise<void> => sleep(10_000).catch(crash(200));
        expect(await endOfCancelled(around(work(stubborn)))).toEqual(["RangeError crash"]);
        expect(now()).toBe(300);
      });
    }
  });

  test("that came before the failure is not lost: it is thrown at the next wait (CPython: test_taskgroups TestTaskGroup.test_error_and_cancel)", async () => {
    await runVirtual(async () => {
      const begun = new Event();
      const seen: (number | undefined)[] = [];
      const task = createTask(async () => {
        const work = taskGroup(async (group) => {
          group.spawn(async () => {
            begun.set();
            await sleep(0).catch(() => {});
            throw new RangeError("child");
          });
          await sleep(1000);
        });
        expect(await failures(work)).toEqual(["RangeError child"]);
        seen.push(currentTask()?.cancelling());
        await sleep(1000);
        seen.push(NaN);
      });
      await begun.wait();
      await Promise.resolve();
      expect(task.cancelling()).toBe(0);
      task.cancel();
      expect(task.cancelling()).toBe(1);
      await expect(task).rejects.toThrow(CancelledError);
      expect([seen, task.cancelled()]).toEqual([[1], true]);
    });
  });
});

describe("groups in groups", () => {
  test("a failure in the outer one cancels the inner one (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_13)", async () => {
    await runVirtual(async () => {
      const runner = taskGroup(async (outer) => {
        outer.spawn(crash(100, "outer"));
        await taskGroup((inner) => void inner.spawn(crash(10_000, "inner")));
      });
      expect(await failures(runner)).toEqual(["RangeError outer"]);
      expect(now()).toBe(100);
    });
  });

  test("a failure in the inner one ends the outer one (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_14)", async () => {
    await runVirtual(async () => {
      const runner = taskGroup(async (outer) => {
        outer.spawn(crash(10_000, "outer"));
        await taskGroup((inner) => void inner.spawn(crash(100, "inner")));
      });
      expect(await failures(runner)).toEqual(["RangeError inner"]);
      expect(now()).toBe(100);
    });
  });

  test("failures of both at once are each thrown by their own group (CPython, differs: test_taskgroups TestTaskGroup.test_nested_groups_both_cancelled)", async () => {
    await runVirtual(async () => {
      let inside: string[] = [];
      const runner = taskGroup(async (outer) => {
        inside = await failures(
          taskGroup(async (inner) => {
            inner.spawn(crash(0, "inner"));
            outer.spawn(crash(0, "outer"));
          }),
        );
        expect(currentTask()?.cancelling()).toBe(0);
      });
      expect(await failures(runner)).toEqual(["RangeError outer"]);
      expect(inside).toEqual(["RangeError inner"]);
      expect(currentTask()?.cancelling()).toBe(0);
    });
  });
});
