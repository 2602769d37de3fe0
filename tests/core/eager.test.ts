/*
 * Eager tasks: they run inside the call that makes them, up to their first wait. A task factory makes all tasks so.
 */
import {
  allTasks,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  eagerTaskFactory,
  Future,
  gather,
  getRunningLoop,
  getTaskFactory,
  setTaskFactory,
  sleep,
  Task,
  taskGroup,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Runs `main` with all tasks made eager. */
async function runEager(main: () => Promise<void>): Promise<void> {
  await runVirtual(async () => {
    setTaskFactory(getRunningLoop(), eagerTaskFactory);
    await main();
  });
}

test("the factory that was set makes the tasks (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_eager_task_factory_set)", async () => {
  await runEager(async () => {
    expect(getTaskFactory(getRunningLoop())).toBe(eagerTaskFactory);
    const task = createTask(async () => {});
    expect(task).toBeInstanceOf(Task);
    await task;
  });
});

test("what the eager step did is done when createTask returns; the task itself is a microtask later (CPython, differs: test_eager_task_factory EagerTaskFactoryLoopTests.test_await_future_during_eager_step, EagerTaskFactoryLoopTests.test_eager_completion)", async () => {
  await runEager(async () => {
    const future = new Future<string>();
    const task = createTask(async () => {
      future.setResult("my message");
      return "hello";
    });
    expect([future.done(), future.result(), task.done()]).toEqual([true, "my message", false]);
    await Promise.resolve();
    expect([task.done(), task.result()]).toEqual([true, "hello"]);
    expect([await future, await task]).toEqual(["my message", "hello"]);
  });
});

test("a task that waits goes on later (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_block_after_eager_step)", async () => {
  await runEager(async () => {
    const task = createTask(() => sleep(100, "finished after blocking"));
    await Promise.resolve();
    expect(task.done()).toBe(false);
    expect(await task).toBe("finished after blocking");
    expect(task.done()).toBe(true);
  });
});

test("a cancel after the body has returned comes too late (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_cancellation_after_eager_completion)", async () => {
  await runEager(async () => {
    const task = createTask(async () => "finished without blocking");
    task.cancel();
    expect(await task).toBe("finished without blocking");
    expect(task.cancelled()).toBe(false);
  });
});

test("a cancel after the first wait has begun is thrown there (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_cancellation_after_eager_step_blocks)", async () => {
  await runEager(async () => {
    const task = createTask(() => sleep(100));
    task.cancel("cancellation message");
    expect(task.cancelling()).toBeGreaterThan(0);
    const error = await task.then(null, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CancelledError);
    expect(error).toMatchObject({ reason: "cancellation message" });
  });
});

test("the eager step and what follows run in the task (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_current_task)", async () => {
  await runEager(async () => {
    const seen: unknown[] = [];
    const task = createTask(async () => {
      seen.push(currentTask());
      await sleep(100);
      seen.push(currentTask());
    });
    expect(seen).toEqual([task]);
    await task;
    expect(seen).toEqual([task, task]);
  });
});

test("a task is among all tasks in its eager step, and not when it is done, a microtask later (CPython, differs: test_eager_task_factory EagerTaskFactoryLoopTests.test_all_tasks_with_eager_completion)", async () => {
  await runEager(async () => {
    let captured: unknown[] = [];
    const task = createTask(async () => {
      captured = allTasks();
    });
    await Promise.resolve();
    expect(captured).toContain(task);
    expect(allTasks()).not.toContain(task);
  });
});

test("a task that waits is among all tasks until it has ended (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_all_tasks_with_blocking)", async () => {
  await runEager(async () => {
    const [first, second] = [new Future<void>(), new Future<void>()];
    let captured: unknown[] = [];
    const task = createTask(async () => {
      captured = allTasks();
      await first;
      second.setResult();
    });
    expect(captured).toContain(task);
    expect(allTasks()).toContain(task);
    first.setResult();
    await second;
    expect(allTasks()).not.toContain(task);
  });
});

test("the eager step has context variables of its own (CPython: test_eager_task_factory EagerTaskFactoryLoopTests.test_context_vars)", async () => {
  const variable = new ContextVar("variable", { defaultValue: 0 });
  await runEager(async () => {
    const seen: number[] = [];
    variable.set(1);
    const task = createTask(async () => {
      seen.push(variable.get());
      variable.set(2);
      await sleep(100);
      seen.push(variable.get());
      variable.set(3);
      seen.push(variable.get());
    });
    expect(seen).toEqual([1]);
    expect(variable.get()).toBe(1);
    await task;
    expect(seen).toEqual([1, 2, 3]);
    expect(variable.get()).toBe(1);
  });
});

describe("a factory sees every task", () => {
  const WIDTH = 5;
  const DEPTH = 4;
  /** 5 + 5² + 5³ + 5⁴: the root is no task of the factory's. */
  const EXPECTED = 780;

  const groups = async (depth: number): Promise<void> => {
    if (depth === 0) return;
    await taskGroup((group) => {
      for (let i = 0; i < WIDTH; i++) group.spawn(() => groups(depth - 1));
    });
  };

  const gathers = async (depth: number): Promise<void> => {
    if (depth === 0) return;
    await gather(Array.from({ length: WIDTH }, () => () => gathers(depth - 1)));
  };

  /** How many tasks the factory made, and how many of their bodies began inside the call that made them. */
  async function count(work: () => Promise<void>, eager: boolean): Promise<[number, number]> {
    let made = 0;
    let begun = 0;
    await runVirtual(async () => {
      setTaskFactory(getRunningLoop(), (body, options, create) => {
        made++;
        let inside = true;
        const task = create(
          () => {
            if (inside) begun++;
            return body();
          },
          { ...options, eager },
        );
        inside = false;
        return task;
      });
      await work();
    });
    return [made, begun];
  }

  test("of groups in groups (CPython: test_eager_task_factory BaseTaskCountingTests.test_recursive_taskgroups)", async () => {
    expect(await count(() => groups(DEPTH), false)).toEqual([EXPECTED, 0]);
    expect(await count(() => groups(DEPTH), true)).toEqual([EXPECTED, EXPECTED]);
  });

  test("of gathers in gathers (CPython: test_eager_task_factory BaseTaskCountingTests.test_recursive_gather)", async () => {
    expect(await count(() => gathers(DEPTH), false)).toEqual([EXPECTED, 0]);
    expect(await count(() => gathers(DEPTH), true)).toEqual([EXPECTED, EXPECTED]);
  });
});
