/*
 * currentTask: the task of the running code.
 */
import { createTask, currentTask, Future, run, sleep, type Task, wait } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

test("in a task it is that task, however often it is asked, and after it as before (CPython: test_tasks BaseTaskTests.test_current_task, BaseCurrentLoopTests.test_current_task_with_implicit_loop)", async () => {
  await runVirtual(async () => {
    const outer = currentTask();
    const seen: unknown[] = [];
    const task = createTask(async () => {
      seen.push(currentTask(), currentTask());
    });
    await task;
    expect(seen).toEqual([task, task]);
    expect(currentTask()).toBe(outer);
  });
  expect(currentTask()).toBe(null);
});

describe.each([
  ["virtual", runVirtual],
  ["real", run],
] as const)("on the %s loop", (_name, start) => {
  test("each of two tasks that wake each other sees itself (CPython: test_tasks BaseTaskTests.test_current_task_with_interleaving_tasks)", async () => {
    expect(currentTask()).toBe(null);
    await start(async () => {
      const [first, second] = [new Future<void>(), new Future<void>()];
      const seen: [string, unknown][] = [];
      const one: Task<void> = createTask(async () => {
        seen.push(["one", currentTask()]);
        await first;
        seen.push(["one", currentTask()]);
        second.setResult();
      });
      const two: Task<void> = createTask(async () => {
        seen.push(["two", currentTask()]);
        first.setResult();
        await second;
        seen.push(["two", currentTask()]);
      });
      await wait([one, two]);
      expect(seen).toEqual([
        ["one", one],
        ["two", two],
        ["one", one],
        ["two", two],
      ]);
    });
    expect(currentTask()).toBe(null);
  });
});

test("outside any run there is none, and asking is no error (CPython: test_tasks BaseCurrentLoopTests.test_current_task_no_running_loop) (CPython, differs: test_tasks BaseCurrentLoopTests.test_current_task_no_running_loop_implicit)", async () => {
  expect(currentTask()).toBe(null);
  await sleep(1);
  expect(currentTask()).toBe(null);
});
