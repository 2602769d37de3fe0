/*
 * The children of a task group: their start, their results, their names and contexts, and when the group is closed.
 */
import {
  type Context,
  ContextVar,
  copyContext,
  createTask,
  getRunningLoop,
  runInContext,
  sleep,
  type Task,
  taskGroup,
  type TaskGroup,
  TaskGroupClosedError,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

const now = (): number => getRunningLoop().time();

test("when the call ends, the results of all children are there (CPython: test_taskgroups TestTaskGroup.test_taskgroup_01)", async () => {
  await runVirtual(async () => {
    const tasks = await taskGroup((group) => [
      group.spawn(() => sleep(100, 42)),
      group.spawn(() => sleep(200, 11)),
    ]);
    expect(tasks.map((task) => task.result())).toEqual([42, 11]);
    expect(now()).toBe(200);
  });
});

test("a child may be spawned later (CPython: test_taskgroups TestTaskGroup.test_taskgroup_02)", async () => {
  await runVirtual(async () => {
    const tasks = await taskGroup(async (group) => {
      const first = group.spawn(() => sleep(100, 42));
      await sleep(150);
      return [first, group.spawn(() => sleep(200, 11))];
    });
    expect(tasks.map((task) => task.result())).toEqual([42, 11]);
    expect(now()).toBe(350);
  });
});

test("a child that is cancelled by itself disturbs nobody (CPython: test_taskgroups TestTaskGroup.test_taskgroup_03)", async () => {
  await runVirtual(async () => {
    const [first, second] = await taskGroup(async (group) => {
      const victim = group.spawn(() => sleep(1000, 42));
      await sleep(150);
      victim.cancel();
      return [victim, group.spawn(() => sleep(200, 11))] as const;
    });
    expect([first.cancelled(), second.result(), now()]).toEqual([true, 11, 350]);
  });
});

test("children that have ended are let go while the group goes on (CPython: test_taskgroups TestTaskGroup.test_taskgroup_23)", async () => {
  await runVirtual(async () => {
    const sizes: number[] = [];
    await taskGroup(async (group) => {
      for (let count = 0; count < 10; count++) {
        await sleep(100);
        group.spawn(() => sleep(299));
        sizes.push(group.size);
      }
      await sleep(1350);
      sizes.push(group.size);
    });
    expect(sizes).toEqual([1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 0]);
  });
});

test("a child may spawn siblings that outlive it (CPython: test_taskgroups TestTaskGroup.test_taskgroup_24)", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    await taskGroup((group) => {
      group.spawn(async () => {
        await sleep(100);
        for (const ms of [100, 200]) group.spawn(() => sleep(ms).then(() => log.push(`${ms}`)));
      });
    });
    expect([...log, now()]).toEqual(["100", "200", 300]);
  });
});

test("a child may be named (CPython: test_taskgroups TestTaskGroup.test_taskgroup_task_name)", async () => {
  await runVirtual(async () => {
    await taskGroup((group) => {
      expect(group.spawn(() => sleep(0), { name: "yolo" }).name).toBe("yolo");
    });
  });
});

test("children may share a context (CPython: test_taskgroups TestTaskGroup.test_taskgroup_task_context)", async () => {
  const variable = new ContextVar<number | null>("variable", { defaultValue: null });
  const within = (context: Context): number | null => runInContext(context, () => variable.get());
  await runVirtual(async () => {
    await taskGroup(async (group) => {
      const context = copyContext();
      const set = (value: number) => async (): Promise<void> => {
        await sleep(0);
        variable.set(value);
      };
      const seen = [within(context)];
      for (const value of [1, 2]) {
        await group.spawn(set(value), { context });
        seen.push(within(context));
      }
      expect(seen).toEqual([null, 1, 2]);
    });
  });
});

test("a group that has ended takes no child: its body is never called (CPython: test_taskgroups TestTaskGroup.test_taskgroup_finished, TestTaskGroup.test_coro_closed_when_tg_closed)", async () => {
  await runVirtual(async () => {
    let called = false;
    const kept: TaskGroup = await taskGroup((group) => group);
    const late = async (): Promise<void> => void (called = true);
    expect(() => kept.spawn(late)).toThrow(
      new TaskGroupClosedError("spawn of 'late' into a task group that has ended"),
    );
    await sleep(0);
    expect(called).toBe(false);
  });
});

test("a group in which something has failed takes no child, even while another cleans up (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_no_create_task_after_failure)", async () => {
  await runVirtual(async () => {
    const refused: unknown[] = [];
    const work = taskGroup((group) => {
      const fails = async (): Promise<void> => {
        await sleep(1);
        throw new RangeError("first");
      };
      group.spawn(fails);
      group.spawn(() =>
        sleep(1000).catch(() => {
          try {
            group.spawn(fails);
          } catch (error) {
            refused.push(error);
          }
        }),
      );
    });
    await expect(work).rejects.toThrow(new RangeError("first"));
    expect(refused).toEqual([
      new TaskGroupClosedError("spawn of 'fails' into a task group that is shutting down"),
    ]);
  });
});

test("a group needs no task around it: outside of any, its children hang under the implicit root scope (CPython, differs: test_taskgroups TestTaskGroup.test_taskgroup_without_parent_task)", async () => {
  const [child] = await taskGroup((group): [Task<string>] => [
    group.spawn(() => sleep(1, "value")),
  ]);
  expect(child.result()).toBe("value");
});

test("a cancelled child that takes its time is waited for (CPython: test_taskgroups TestTaskGroup.test_taskgroup_22)", async () => {
  await runVirtual(async () => {
    const ended: string[] = [];
    const task = createTask(() =>
      taskGroup((group) => {
        for (const name of ["a", "b"]) {
          group.spawn(async () => {
            try {
              await sleep(1000);
            } finally {
              await sleep(5);
              ended.push(name);
            }
          });
        }
      }),
    );
    await sleep(50);
    task.cancel();
    await expect(task).rejects.toThrow("was cancelled");
    expect([task.cancelled(), ended, now()]).toEqual([true, ["a", "b"], 55]);
  });
});
