/*
 * createTask: what it takes, what it gives, and who settles a task.
 */
import {
  createTask,
  Future,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
  Task,
  type TaskBody,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("run gives what main makes of the functions that it awaits (CPython: test_tasks BaseTaskTests.test_task_basics)", async () => {
  const inner1 = async (): Promise<number> => 42;
  const inner2 = async (): Promise<number> => 1000;
  expect(await run(async () => (await inner1()) + (await inner2()))).toBe(1042);
});

test("a task knows its result when it is done, and the loop that it runs on (CPython: test_tasks BaseTaskTests.test_task_class)", async () => {
  const loops = new Set<unknown>();
  for (const start of [runVirtual, run]) {
    await start(async () => {
      const task = createTask(async () => "ok");
      expect(task.getLoop()).toBe(getRunningLoop());
      await task;
      expect([task.done(), task.result()]).toEqual([true, "ok"]);
      loops.add(task.getLoop());
    });
  }
  expect(loops.size).toBe(2);
});

test("a body is an async function, or one that gives a value or anything with a then (CPython: test_tasks BaseTaskTests.test_create_task_with_async_function, BaseTaskTests.test_create_task_with_asynclike_function)", async () => {
  await runVirtual(async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- the case at hand
    const thenable = { then: (resolve: (value: number) => void) => resolve(42) };
    const bodies: TaskBody<number>[] = [
      async () => 42,
      () => 42,
      () => thenable as PromiseLike<number>,
      () => Promise.resolve(42),
    ];
    for (const body of [...bodies, ...bodies]) {
      const task = createTask(body);
      expect(task).toBeInstanceOf(Task);
      expect(await task).toBe(42);
    }
  });
});

test("what is no function is refused, each time (CPython: test_tasks BaseTaskTests.test_create_task_with_noncoroutine)", async () => {
  await runVirtual(async () => {
    for (let round = 0; round < 2; round++) {
      expect(() => createTask(123 as never)).toThrow(
        new TypeError("Expected `body` to be a function, got `123` (number)"),
      );
    }
  });
});

test("a task may be made anywhere in a program, and named (CPython: test_tasks BaseTaskTests.test_bare_create_task, BaseTaskTests.test_bare_create_named_task)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => 1);
    expect(task).toBeInstanceOf(Task);
    expect(await task).toBe(1);
    const named = createTask(async () => {}, { name: "No-op" });
    expect(named.name).toBe("No-op");
    await named;
  });
});

test("setResult and setException are refused, and change nothing (CPython: test_tasks BaseTaskTests.test_task_set_methods)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => "ko");
    expect(() => task.setResult("ok")).toThrow(InvalidStateError);
    expect(() => task.setException(new Error("x"))).toThrow(InvalidStateError);
    expect(await task).toBe("ko");
  });
});

test("not even the methods of Future settle a task (CPython, differs: test_tasks SetMethodsTest.test_set_result_causes_invalid_state, SetMethodsTest.test_set_exception_causes_invalid_state)", async () => {
  await runVirtual(async () => {
    const task = createTask(() => sleep(100, 10));
    const { setResult, setException } = Future.prototype;
    expect(() => setResult.call(task, "spam")).toThrow(InvalidStateError);
    expect(() => setException.call(task, new Error("x"))).toThrow(InvalidStateError);
    expect(task.done()).toBe(false);
    expect(await task).toBe(10);
  });
});

test("the error of a failed task has its stack (CPython: test_tasks BaseTaskTests.test_exception_traceback)", async () => {
  await runVirtual(async () => {
    const task = createTask(async function divides() {
      throw new RangeError("by zero");
    });
    await sleep(0);
    expect((task.exception() as Error).stack).toMatch(/RangeError: by zero\n.* at .*divides/);
  });
});

test("an await in a catch block throws the task's own error, which is not changed (CPython, differs: test_tasks BaseTaskTests.test_exception_chaining_after_await)", async () => {
  await runVirtual(async () => {
    const failure = new RangeError("task");
    const caught = await Promise.reject(new TypeError("handled")).catch(async () => {
      const task = createTask(async () => {
        throw failure;
      });
      return await task.then(null, (error: unknown) => error);
    });
    expect(caught).toBe(failure);
    expect(failure.cause).toBe(undefined);
  });
});

test("an error that a task throws again does not become its own cause (CPython: test_tasks BaseTaskTests.test_exception_chaining_after_await_with_context_cycle)", async () => {
  await runVirtual(async () => {
    const error = new TypeError("a");
    const again = createTask(async () => {
      throw error;
    });
    for (let round = 0; round < 2; round++) await expect(again).rejects.toBe(error);
    expect(error.cause).toBe(undefined);
  });
});
