/*
 * Tasks: start, outcome, awaiting, callbacks, names.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  getTaskFactory,
  InvalidStateError,
  run,
  setTaskFactory,
  sleep,
  Task,
  type TaskFactory,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

/** Both loops: what holds must hold on the virtual one and on the real one. */
const LOOPS = [
  ["virtual", runVirtual],
  ["real", run],
] as const;

describe.each(LOOPS)("on the %s loop", (_name, start) => {
  test("a body starts after its creator's next wait, in creation order", async () => {
    const log: string[] = [];
    await start(async () => {
      for (const name of ["a", "b", "c"]) createTask(async () => log.push(name));
      log.push("created");
      await sleep(0);
    });
    expect(log).toEqual(["created", "a", "b", "c"]);
  });

  test("an eager task runs inside createTask up to its first wait", async () => {
    const log: string[] = [];
    await start(async () => {
      const task = createTask(
        async () => {
          log.push(currentTask() === null ? "no task" : "in a task");
          await sleep(0);
          log.push("resumed");
        },
        { eager: true },
      );
      log.push("created");
      await task;
    });
    expect(log).toEqual(["in a task", "created", "resumed"]);
  });

  test("an eager body changes the current task only while it runs", async () => {
    await start(async () => {
      const creator = currentTask();
      let inner: unknown;
      const task = createTask(
        async () => {
          inner = currentTask();
        },
        { eager: true },
      );
      expect(currentTask()).toBe(creator);
      await task;
      expect(inner).toBe(task);
    });
  });

  test("await gives what the body returns and throws what it throws, the same object", async () => {
    const error = new Error("boom");
    await start(async () => {
      expect(await createTask(async () => 42)).toBe(42);
      expect(await createTask(() => 43)).toBe(43);
      const failing = createTask(async () => {
        throw error;
      });
      await expect(failing).rejects.toBe(error);
      expect(failing.exception()).toBe(error);
    });
  });

  test("a body that throws before its first await, or is no async function, fails its task", async () => {
    await start(async () => {
      const failing = createTask(() => {
        throw new Error("at once");
      });
      await expect(failing).rejects.toThrow("at once");
    });
  });

  test("a failed task that is awaited much later is no unhandled rejection", async () => {
    await start(async () => {
      const failing = createTask(async () => {
        throw new Error("looked at late");
      });
      await sleep(20);
      await expect(failing).rejects.toThrow("looked at late");
    });
  });

  test("many may await one task", async () => {
    await start(async () => {
      const shared = createTask(() => sleep(2, "value"));
      const readers = [1, 2, 3].map(() => createTask(async () => await shared));
      expect(await Promise.all(readers)).toEqual(["value", "value", "value"]);
    });
  });

  test("done callbacks run soon after the end, once each, in order of registration", async () => {
    const log: string[] = [];
    await start(async () => {
      const task = createTask(async () => "x");
      task.addDoneCallback((done) => log.push(`first ${done.result()}`));
      task.addDoneCallback(() => log.push("second"));
      await task;
      await sleep(0);
      task.addDoneCallback(() => log.push("late"));
      expect(log).toEqual(["first x", "second"]);
      await sleep(0);
    });
    expect(log).toEqual(["first x", "second", "late"]);
  });

  test("a removed done callback does not run", async () => {
    const log: string[] = [];
    await start(async () => {
      const task = createTask(async () => {});
      const callback = (): void => void log.push("called");
      task.addDoneCallback(callback);
      task.addDoneCallback(callback);
      expect(task.removeDoneCallback(callback)).toBe(2);
      await task;
      await sleep(0);
    });
    expect(log).toEqual([]);
  });

  test("a done callback that throws is told to the exception handler and stops nobody", async () => {
    const seen: unknown[] = [];
    const log: string[] = [];
    await start(async () => {
      const loop = getRunningLoop();
      loop.setExceptionHandler((context) => seen.push(context.exception));
      const task = createTask(async () => {});
      task.addDoneCallback(() => {
        throw new Error("in a callback");
      });
      task.addDoneCallback(() => log.push("next"));
      await task;
      await sleep(0);
      loop.setExceptionHandler(null);
    });
    expect(String(seen)).toBe("Error: in a callback");
    expect(log).toEqual(["next"]);
  });

  test("stores of the user's own AsyncLocalStorage travel from creator to body and callback", async () => {
    const mine = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await start(async () => {
      await mine.run("outer", async () => {
        const task = createTask(async () => {
          seen.push(mine.getStore());
          await sleep(1);
          seen.push(mine.getStore());
        });
        task.addDoneCallback(() => seen.push(mine.getStore()));
        await task;
        await sleep(0);
      });
    });
    expect(seen).toEqual(["outer", "outer", "outer"]);
  });

  test("allTasks lists what is not done, oldest first, the current task included", async () => {
    await start(async () => {
      const a = createTask(() => sleep(500), { name: "a" });
      const b = createTask(() => sleep(1), { name: "b" });
      expect(allTasks().map((task) => task.name)).toEqual(["main", "a", "b"]);
      await b;
      expect(allTasks()).toEqual([currentTask(), a]);
    });
  });

  test("a task factory makes the tasks, and null restores the default (CPython: test_base_events BaseEventLoopTests.test_set_task_factory, BaseEventLoopTests.test_set_task_factory_invalid)", async () => {
    await start(async () => {
      const loop = getRunningLoop();
      const factory: TaskFactory = (body, options, create) =>
        create(body, { ...options, name: "made" });
      expect(() => setTaskFactory(loop, 1 as never)).toThrow("Expected `factory` to be a function");
      expect(getTaskFactory(loop)).toBe(null);
      setTaskFactory(loop, factory);
      expect(getTaskFactory(loop)).toBe(factory);
      const made = createTask(async () => 1);
      setTaskFactory(loop, null);
      expect(made.name).toBe("made");
      expect(getTaskFactory(loop)).toBe(null);
      expect(createTask(async () => {}).name).toMatch(/^Task-\d+$/);
      expect(await made).toBe(1);
    });
  });
});

test("result and exception tell the outcome, and refuse while there is none", async () => {
  await runVirtual(async () => {
    const task = createTask(() => sleep(1, 7));
    expect(() => task.result()).toThrow(InvalidStateError);
    expect(() => task.exception()).toThrow(/which is not done yet: await it first/);
    await task;
    expect(task.result()).toBe(7);
    expect(task.exception()).toBe(undefined);
    expect(task.done()).toBe(true);
    const cancelled = createTask(() => sleep(1));
    cancelled.cancel();
    await expect(cancelled).rejects.toThrow(CancelledError);
    expect(() => cancelled.result()).toThrow(CancelledError);
    expect(() => cancelled.exception()).toThrow(CancelledError);
  });
});

test("only its body settles a task", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => 1);
    expect(() => task.setResult(2)).toThrow(InvalidStateError);
    expect(() => task.setException(new Error("x"))).toThrow(
      /a task fails with what its body throws/,
    );
    expect(await task).toBe(1);
  });
});

test("a task prints as asyncio prints it: state, name, function with its place, wait, outcome", async () => {
  await runVirtual(async () => {
    async function spin(): Promise<number> {
      await sleep(10);
      return 42;
    }
    const task = createTask(spin, { name: "spinner" });
    expect(inspect(task)).toMatch(
      /^<Task pending name='spinner' fn=spin at .*task\.test\.ts:\d+>$/,
    );
    await sleep(1);
    expect(inspect(task)).toMatch(/waitFor=sleep>$/);
    await task;
    expect(inspect(task)).toBe("<Task finished name='spinner' fn=spin result=42>");
    const failed = createTask(
      async () => {
        throw new TypeError("no");
      },
      { name: "f" },
    );
    await expect(failed).rejects.toThrow("no");
    expect(inspect(failed)).toBe("<Task finished name='f' fn=(anonymous) exception=TypeError: no>");
    const stopped = createTask(spin, { name: "s" });
    await sleep(1);
    stopped.cancel();
    expect(inspect(stopped)).toMatch(/^<Task cancelling name='s' fn=spin/);
    await expect(stopped).rejects.toThrow(CancelledError);
    expect(inspect(stopped)).toBe("<Task cancelled name='s' fn=spin>");
  });
});

test("tasks are numbered, and a name can be set later", async () => {
  await runVirtual(async () => {
    const a = createTask(async () => {});
    const b = createTask(async () => {});
    const [first = 0, second = 0] = [a, b].map((task) =>
      Number(/^Task-(\d+)$/.exec(task.name)?.[1]),
    );
    expect(second).toBe(first + 1);
    a.name = "renamed";
    expect(a.name).toBe("renamed");
  });
});

test("what is no body is refused with a word on what to do", async () => {
  await runVirtual(async () => {
    const running = Promise.resolve(1);
    expect(() => createTask(running as never)).toThrow(
      new TypeError(
        "Expected `body` to be a function, got `Promise` (object): pass the function itself, its call has started the work already",
      ),
    );
    expect(() => createTask(5 as never)).toThrow(
      "Expected `body` to be a function, got `5` (number)",
    );
    expect(() => createTask(async () => {}, { signal: {} as never })).toThrow(
      "Expected `options.signal` to be an AbortSignal, got `{}` (object)",
    );
    expect(() => createTask(async () => {}, { context: {} as never })).toThrow(
      "Expected `options.context` to be a Context",
    );
  });
});

test("a task is a future, and awaitable only as a thenable", async () => {
  await runVirtual(async () => {
    const task = createTask(async () => 1);
    expect(task).toBeInstanceOf(Task);
    expect(task).toBeInstanceOf(Future);
    expect(task).not.toBeInstanceOf(Promise);
    expect(await task).toBe(1);
  });
});

test("then with functions of one's own keeps their context, order and errors", async () => {
  const mine = new AsyncLocalStorage<string>();
  await runVirtual(async () => {
    const task = createTask(() => sleep(1, 20));
    const doubled = mine.run("mine", () =>
      task.then((value) => `${mine.getStore() ?? "lost"} ${value * 2}`),
    );
    expect(await doubled).toBe("mine 40");
    const failing = task.then(() => {
      throw new Error("in then");
    });
    await expect(failing).rejects.toThrow("in then");
  });
});

test("currentTask is null outside any task, and the same all along inside", async () => {
  expect(currentTask()).toBe(null);
  await runVirtual(async () => {
    const me = currentTask();
    await sleep(1);
    expect(currentTask()).toBe(me);
    await Promise.resolve();
    expect(currentTask()).toBe(me);
  });
});

test("a task that awaits itself is told so (CPython: test_tasks BaseTaskTests.test_task_awaits_on_itself)", async () => {
  await runVirtual(async () => {
    const holder: { task?: PromiseLike<unknown> } = {};
    holder.task = createTask(async (): Promise<unknown> => await holder.task, { name: "snake" });
    await expect(holder.task).rejects.toThrow(
      /^await of <Task pending name='snake'.*> in its own body/,
    );
  });
});

test("code outside run has tasks too, on the root scope", async () => {
  const task = createTask(() => sleep(1, "outside"));
  expect(allTasks()).toContain(task);
  expect(await task).toBe("outside");
  expect(allTasks()).not.toContain(task);
});
