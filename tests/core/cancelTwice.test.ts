/*
 * Two cancels of one task: when the second interrupts, and when the first answers both (CPython's rule, found by
 * tests/oracle).
 */
import { createTask, Future, run, sleep, type Task, timeout, CancelledError } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

function tidy(log: string[], waiting: () => PromiseLike<unknown>): Task<void> {
  return createTask(async () => {
    try {
      await waiting();
    } finally {
      log.push("cleaning up");
      await sleep(2);
      log.push("cleaned up");
    }
  });
}

const WAITS: Record<string, () => PromiseLike<unknown>> = {
  "a sleep": () => sleep(60_000),
  "a future": () => new Future<void>(),
  "a task": () => createTask(() => sleep(60_000)),
  "a timeout": () => timeout(50_000, () => sleep(60_000)),
};

for (const [name, waiting] of Object.entries(WAITS)) {
  for (const [how, start] of Object.entries({ run, runVirtual })) {
    test(`a second cancel in the same step does not interrupt the clean-up: ${name}, ${how}`, async () => {
      await start(async () => {
        const log: string[] = [];
        const task = tidy(log, waiting);
        await sleep(1);
        task.cancel("first");
        task.cancel("second");
        await Promise.resolve(task).catch(() => {});
        expect(log).toEqual(["cleaning up", "cleaned up"]);
        expect(task.cancelling()).toBe(2);
      });
    });
  }
}

test("a second cancel interrupts the clean-up once that has begun", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task = tidy(log, () => sleep(60_000));
    await sleep(1);
    task.cancel();
    await sleep(1);
    task.cancel();
    await Promise.resolve(task).catch(() => {});
    expect(log).toEqual(["cleaning up"]);
  });
});

test("a cancel from outside that meets a timeout on its way is answered by it, and wins", async () => {
  await runVirtual(async () => {
    const log: string[] = [];
    const task: Task<void> = createTask(() =>
      timeout(1, async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(2);
          log.push("cleaned up");
        }
      }),
    );
    await sleep(1);
    task.cancel("from outside");
    const error: unknown = await Promise.resolve(task).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CancelledError);
    expect(log).toEqual(["cleaned up"]);
  });
});
