/*
 * gather and a cancel that it takes no more: its children are done, and it has not heard of it yet.
 */
import { createTask, currentTask, Future, gather, sleep, type Task, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

/** A task gathers a future in a group; the future is cancelled, then the task: too late for the gather. */
async function cancelLate(after: (log: string[]) => Promise<void>): Promise<string[]> {
  const future = new Future<void>();
  const log: string[] = [];
  const body = async (): Promise<void> => {
    await taskGroup(async () => {
      await gather([future, future], { returnExceptions: true });
      log.push("gathered");
    });
    await after(log);
  };
  const task: Task<void> = createTask(body);
  await sleep(1);
  future.cancel("end");
  task.cancel("end");
  await sleep(5);
  log.push(String(task.cancelled()));
  return log;
}

test("it comes at the next wait, also after the group that the gather is in", async () => {
  const log = await runVirtual(() => cancelLate(() => sleep(1)));
  expect(log).toEqual(["gathered", "true"]);
});

test("uncancel takes it back", async () => {
  const log = await runVirtual(() =>
    cancelLate(async (log) => {
      currentTask()?.uncancel();
      await sleep(1);
      log.push("slept");
    }),
  );
  expect(log.slice(-2)).toEqual(["slept", "false"]);
});

test("a second cancel on the heels of the first interrupts no clean-up", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    const log: string[] = [];
    const task = createTask(async () => {
      try {
        await gather([future]);
      } finally {
        await sleep(1);
        log.push("cleaned up");
      }
    });
    await sleep(1);
    task.cancel("one");
    await sleep(0);
    task.cancel("two");
    await sleep(5);
    expect(log).toEqual(["cleaned up"]);
  });
});
