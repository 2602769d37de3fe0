/*
 * group.cancel: ends the group quietly, and drops no cancel that comes from outside (CPython 3.15's TaskGroup.cancel).
 */
import { inspect } from "node:util";
import {
  CancelledError,
  CancelScope,
  createTask,
  currentTask,
  getRunningLoop,
  sleep,
  type Task,
  taskGroup,
  type TaskGroup,
  TaskGroupClosedError,
  timeout,
  TimeoutError,
} from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { failAfter, tidy } from "./bodies.ts";

test("cancels body and children, waits for them and ends quietly", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const value = await taskGroup(async (group) => {
      group.spawn(tidy(log, "child"));
      group.spawn(async () => {
        await sleep(1);
        group.cancel("enough");
        group.cancel("again");
      });
      await sleep(1000);
      return "never";
    });
    expect(value).toBe(undefined);
    expect(log).toEqual(["child CancelledError", "child ended"]);
    await sleep(1);
    expect(currentTask()?.cancelling()).toBe(0);
  });
});

test("called by the body, it takes hold at the next wait; what the body returned counts", async () => {
  await runVirtual(async () => {
    const value = await taskGroup(async (group) => {
      group.spawn(() => sleep(1000));
      group.cancel();
      return "returned";
    });
    expect(value).toBe("returned");
  });
});

test("an outside cancel, and a failure, still pass on", async () => {
  await runVirtual(async () => {
    const task = createTask(() =>
      taskGroup(async (group) => {
        group.spawn(tidy([], "child", 10));
        await sleep(1);
        group.cancel();
        await sleep(1000);
      }),
    );
    await sleep(3);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    const failing = taskGroup(async (group) => {
      group.spawn(() => sleep(1000).catch(() => failAfter(0, "clean-up failed")));
      await sleep(1);
      group.cancel();
    });
    await expect(failing).rejects.toThrow("clean-up failed");
  });
});

test("called twice or thrice, by anyone, it counts once", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    await taskGroup(async (group) => {
      group.spawn(async () => {
        try {
          await sleep(1000);
        } finally {
          await sleep(5); // a second cancel that counted would end this
          log.push("cleaned up");
        }
      });
      await sleep(1);
      group.cancel();
      await sleep(1).catch(() => {});
      group.cancel();
      await sleep(1);
      group.cancel();
    });
    expect(log).toEqual(["cleaned up"]);
  });
});

test("asked for before the group begins, by the scope around it, it takes hold at the first wait", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const scope = new CancelScope();
    scope.cancel();
    const { cancelledCaught } = await scope.run(() =>
      taskGroup(async (group) => {
        group.spawn(async () => void log.push("child ran"));
        log.push("body");
        await sleep(1);
        log.push("never");
      }),
    );
    expect([cancelledCaught, ...log]).toEqual([true, "body", "child ran"]);
  });
});

test("an eager child that cancels its own group before its first wait is cancelled, too (gh-155418)", async () => {
  await runVirtual(async () => {
    let child!: Task<void>;
    await taskGroup((group) => {
      child = group.spawn(
        async () => {
          group.cancel();
          await sleep(60_000);
        },
        { eager: true },
      );
    });
    expect(child.cancelled()).toBe(true);
    expect(getRunningLoop().time()).toBe(0);
  });
});

test("a cancel from outside that comes while the children clean up is thrown, not dropped (gh-155433)", async () => {
  await runVirtual(async () => {
    const task = createTask(() =>
      taskGroup(async (group) => {
        group.spawn(tidy([], "child", 10));
        await sleep(1);
        group.cancel("the group's own");
      }),
    );
    await sleep(3);
    task.cancel("from outside");
    const error = await task.then(null, (thrown: unknown) => thrown as Error);
    expect((error as Error).message).toContain("from outside");
    await expect(
      timeout(5, () =>
        taskGroup(async (group) => {
          group.spawn(tidy([], "child", 10));
          await sleep(1);
          group.cancel();
        }),
      ),
    ).rejects.toThrow(TimeoutError);
  });
});

test("a cancel from outside that nobody has met yet is thrown by the group, once", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      await taskGroup(async (group) => {
        group.cancel("the group's own");
        await sleep(1000).catch((error: Error) => {
          task.cancel("from outside");
          throw error;
        });
      }).catch((error: Error) => log.push(error.message));
      await sleep(1);
      log.push("went on");
    });
    await task;
    expect(log).toEqual([expect.stringContaining("from outside"), "went on"]);
  });
});

test("spawning after it is refused, as into any group that is shutting down", async () => {
  await runVirtual(async () => {
    await taskGroup((group) => {
      group.cancel();
      expect(() => group.spawn(async () => {})).toThrow(TaskGroupClosedError);
    });
  });
});

test("without effect on a group that has ended", async () => {
  await runVirtual(async () => {
    let kept!: TaskGroup;
    await taskGroup((group) => void (kept = group));
    kept.cancel();
    expect(inspect(kept)).toBe("<TaskGroup ended tasks=0>");
  });
});

test("cancelled from outside at any await point, a group that cancels itself leaves no child behind", async () => {
  let open = 0;
  const points = await cancelEverywhere(async () => {
    await taskGroup(async (group) => {
      group.spawn(async () => {
        open++;
        await sleep(1000).finally(() => open--);
      });
      await sleep(1);
      group.cancel();
    });
    expect(open).toBe(0);
  });
  expect([open, points]).toEqual([0, expect.any(Number)]);
  expect(points).toBeGreaterThanOrEqual(3);
});

test("of a cancel asked for before the group and one while it ends, the first is thrown", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => {
      currentTask()?.cancel("first");
      await taskGroup((group) => {
        group.spawn(tidy([], "child", 10), { eager: true });
      });
    });
    await sleep(5);
    expect(task.cancel("second")).toBe(true);
    await task.then(null, () => {});
    expect(() => task.result()).toThrow("was cancelled: first");
  });
});
