/*
 * ensureFuture: what can be waited for, as a future.
 */
import { createTask, ensureFuture, Future, getRunningLoop, sleep, Task } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

test("a function is started as a task (CPython: test_tasks BaseTaskTests.test_ensure_future_coroutine)", async () => {
  await runVirtual(async () => {
    const future = ensureFuture(async () => "ok");
    expect(future).toBeInstanceOf(Task);
    expect(future.getLoop()).toBe(getRunningLoop());
    await future;
    expect([future.done(), future.result()]).toEqual([true, "ok"]);
  });
});

test("a future is returned as it is, done or not (CPython: test_tasks BaseTaskTests.test_ensure_future_future)", async () => {
  await runVirtual(async () => {
    const pending = new Future<string>();
    expect(ensureFuture(pending)).toBe(pending);
    pending.setResult("ko");
    const future = ensureFuture(pending);
    expect(future).toBe(pending);
    expect([await future, future.done(), future.result()]).toEqual(["ko", true, "ko"]);
  });
});

test("a task is returned as it is (CPython: test_tasks BaseTaskTests.test_ensure_future_task)", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => "ok");
    expect(ensureFuture(task)).toBe(task);
    await task;
    expect(ensureFuture(task)).toBe(task);
    expect(task.result()).toBe("ok");
  });
});

test("anything with a then is awaited by a task, an object of one's own class too (CPython: test_tasks BaseTaskTests.test_ensure_future_awaitable, BaseTaskTests.test_ensure_future_task_awaitable)", async () => {
  class Lazy implements PromiseLike<string> {
    // oxlint-disable-next-line unicorn/no-thenable -- the case at hand
    then: PromiseLike<string>["then"] = (onFulfilled, onRejected) =>
      sleep(0, "ok").then(onFulfilled, onRejected);
  }
  await runVirtual(async () => {
    const future = ensureFuture(new Lazy());
    expect(future).toBeInstanceOf(Task);
    expect(await future).toBe("ok");
    expect([future.done(), future.result()]).toEqual([true, "ok"]);
    expect(await ensureFuture(Promise.resolve("native"))).toBe("native");
  });
});

test("anything else is refused (CPython: test_tasks BaseTaskTests.test_ensure_future_neither)", () => {
  expect(() => ensureFuture("ok" as never)).toThrow(
    "Expected `item` to be a function, a task, a future or a promise, got `'ok'` (string)",
  );
});
