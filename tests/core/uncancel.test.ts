/*
 * cancelling() and uncancel(): how code that cancels its own task takes that back.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  sleep,
  type Task,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("cancelling() counts the cancels that were asked for (CPython: test_tasks BaseTaskTests.test_cancelling)", async () => {
  await runVirtual(async () => {
    const task = createTask(() => sleep(10_000));
    expect(task.cancelling()).toBe(0);
    expect(inspect(task)).toMatch(/^<Task pending /);
    expect([task.cancel(), task.cancelling()]).toEqual([true, 1]);
    expect(inspect(task)).toMatch(/^<Task cancelling /);
    expect([task.cancel(), task.cancelling()]).toEqual([true, 2]);
    await expect(task).rejects.toThrow(CancelledError);
  });
});

test("a task that takes its cancel back is pending again, until the next one (CPython: test_tasks BaseTaskTests.test_uncancel_basic)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => {
      try {
        await sleep(10_000);
      } catch {
        currentTask()?.uncancel();
        await sleep(10_000);
      }
    });
    await sleep(10);
    expect(task.cancel()).toBe(true);
    expect(inspect(task)).toMatch(/^<Task cancelling /);
    expect([task.cancelling(), task.cancelled()]).toEqual([1, false]);
    await sleep(10);
    expect(inspect(task)).toMatch(/^<Task pending /);
    expect([task.cancelling(), task.cancelled()]).toEqual([0, false]);
    expect(task.cancel()).toBe(true);
    expect([task.cancelling(), task.cancelled()]).toEqual([1, false]);
    await expect(task).rejects.toThrow(CancelledError);
    expect([task.cancelled(), task.done()]).toEqual([true, true]);
    task.uncancel();
    expect([task.cancelled(), task.done()]).toEqual([true, true]);
  });
});

interface Blocks {
  readonly timedOut: boolean;
  readonly blockFinished: boolean;
}

/** A timeout as one would write it with `uncancel`: converts the cancel that it made itself, and no other. */
async function limitedByHand(sleepMs: number, limitMs: number): Promise<Blocks> {
  const task = currentTask() as Task<unknown>;
  let timedOut = false;
  let blockFinished = false;
  const timer = getRunningLoop().callLater(limitMs, () => {
    timedOut = true;
    task.cancel();
  });
  try {
    await sleep(sleepMs);
    blockFinished = true;
  } catch (error) {
    if (!timedOut || task.uncancel() > 0) throw error;
  } finally {
    timer.cancel();
  }
  await sleep(0);
  return { timedOut, blockFinished };
}

test("code around a block whose cancel was taken back goes on undisturbed (CPython: test_tasks BaseTaskTests.test_uncancel_structured_blocks)", async () => {
  await runVirtual(async () => {
    const late = createTask(() => limitedByHand(10_000, 100));
    expect(await late).toEqual({ timedOut: true, blockFinished: false });
    expect(late.cancelling()).toBe(0);
    const early = createTask(() => limitedByHand(0, 10_000));
    expect(await early).toEqual({ timedOut: false, blockFinished: true });
    expect(early.cancelling()).toBe(0);
  });
});

test("a cancel that comes too late for a wait and is taken back has no effect (CPython: test_tasks BaseTaskTests.test_uncancel_resets_must_cancel)", async () => {
  await runVirtual(async () => {
    const future = new Future<void>();
    const task = createTask(async () => {
      await future;
      await sleep(0);
      return 42;
    });
    await sleep(0);
    future.setResult();
    task.cancel();
    expect(task.cancelling()).toBe(1);
    expect([task.uncancel(), task.cancelling()]).toEqual([0, 0]);
    expect(await task).toBe(42);
  });
});
