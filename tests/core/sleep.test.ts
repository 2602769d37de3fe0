/*
 * sleep: how long it takes, and what it leaves behind.
 */
import {
  CancelledError,
  createTask,
  getRunningLoop,
  type Loop,
  sleep,
  type TimerHandle,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test, vi } from "vitest";

test("it takes its time and gives its value (CPython: test_tasks BaseTaskTests.test_sleep)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => {
      await sleep(50);
      return await sleep(50, "yeah");
    });
    await task;
    expect([task.done(), task.result(), getRunningLoop().time()]).toEqual([true, "yeah", 100]);
  });
});

test("what is no number of milliseconds fails the task that asks for it (CPython: test_tasks BaseTaskTests.test_sleep_when_delay_is_nan)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => await sleep(NaN));
    await expect(task).rejects.toThrow(
      new RangeError("Expected `ms` to be a number of milliseconds, got `NaN` (number)"),
    );
  });
});

test("a cancelled sleep takes its timer along (CPython: test_tasks BaseTaskTests.test_sleep_cancel)", async () => {
  await runVirtual(async () => {
    const schedule = vi.spyOn(getRunningLoop() as Loop & { schedule(): TimerHandle }, "schedule");
    const task = createTask(() => sleep(10_000, "yeah"));
    await sleep(0);
    const timer = schedule.mock.results[0]?.value as TimerHandle;
    expect([timer.when, timer.cancelled()]).toEqual([10_000, false]);
    task.cancel();
    expect(timer.cancelled()).toBe(true);
    await expect(task).rejects.toThrow(CancelledError);
    expect(getRunningLoop().time()).toBe(0);
  });
});

test("sleep(0) lets run what is ready, once, and gives its value (CPython: test_tasks SleepTests.test_sleep_zero)", async () => {
  await runVirtual(async () => {
    let result = 0;
    getRunningLoop().callSoon(() => (result += 1));
    expect(result).toBe(0);
    const value = await sleep(0, 10);
    expect(result).toBe(1);
    expect(result + value).toBe(11);
  });
});
