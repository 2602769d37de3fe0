/*
 * Rules that random programs, run on CPython 3.14 too, have shown to be missing (tests/oracle).
 */
import {
  asCompleted,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  type Task,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
  waitFor,
} from "ambit";
import { DeadlockError, runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error) => error);

test("a deadline that has passed already lets the tasks that are ready run first", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    createTask(() => log.push("other"));
    await failure(timeout(0, () => sleep(5)));
    expect(log).toEqual(["other"]);
  });
});

test("a deadline that has passed already is lifted by a reschedule in the same turn", async () => {
  await runVirtual(async () => {
    const value = await timeout(0, async (limit) => {
      limit.reschedule(Infinity);
      return sleep(5, "in time");
    });
    expect(value).toBe("in time");
  });
});

test("waitFor with no time left waits until what it cancels has ended", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(5);
        log.push("cleaned up");
      }
    });
    await sleep(1);
    expect(await failure(waitFor(task, 0))).toBeInstanceOf(TimeoutError);
    expect(log).toEqual(["cleaned up"]);
  });
});

test("waitFor with no time left never calls a function, and lets others run", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    createTask(() => log.push("other"));
    expect(await failure(waitFor(() => log.push("called"), 0))).toBeInstanceOf(TimeoutError);
    expect(log).toEqual(["other"]);
  });
});

test("a group that fails cancels its children before its body", async () => {
  const log: string[] = [];
  await runVirtual(async () => {
    const noted = async (name: string): Promise<void> => {
      try {
        await sleep(60_000);
      } finally {
        log.push(name);
      }
    };
    await failure(
      taskGroup(async (group) => {
        group.spawn(() => noted("child"));
        group.spawn(async () => {
          await sleep(1);
          throw new Error("fails");
        });
        await noted("body");
      }),
    );
  });
  expect(log).toEqual(["child", "body"]);
});

test("asCompleted gives what is done already a turn later, as all else", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const done: Task<number> = createTask(() => 7);
    await done;
    createTask(() => log.push("other"));
    for await (const { task } of asCompleted([done])) log.push(`got ${await task}`);
    expect(log).toEqual(["other", "got 7"]);
  });
});

test("waitFor with no time left lets others run before it gives up a future", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    createTask(() => log.push("other"));
    expect(await failure(waitFor(new Future<void>(), 0))).toBeInstanceOf(TimeoutError);
    expect(log).toEqual(["other"]);
  });
});

test("wait for what is done already lets others run, and throws a cancel that was asked for", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const done = createTask(() => 7);
    await done;
    createTask(() => log.push("other"));
    await wait([done]);
    expect(log).toEqual(["other"]);
    const asked = createTask(async () => {
      currentTask()?.cancel();
      await wait([done]);
    });
    await failure(Promise.resolve(asked));
    expect(asked.cancelled()).toBe(true);
  });
});

test("asCompleted lets its timeout go when all is done, however long the loop takes", async () => {
  let stuckAt = Infinity;
  const program = runVirtual(async () => {
    const quick = createTask(() => 7);
    try {
      for await (const _ of asCompleted([quick], { timeout: 50 })) await new Future<void>();
    } finally {
      stuckAt = getRunningLoop().time();
    }
  });
  expect(await failure(program)).toBeInstanceOf(DeadlockError);
  expect(stuckAt).toBe(0);
});
