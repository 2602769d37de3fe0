/*
 * run and Runner: what they take, what they give, what they leave, as asyncio's own tests have it. What needs a process
 * of its own, signals, is in interrupts.test.ts.
 */
import { inspect } from "node:util";
import {
  ContextVar,
  copyContext,
  createTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  run,
  Runner,
  RunnerStateError,
  runInContext,
  sleep,
  type Task,
} from "ambit";
import { describe, expect, test } from "vitest";
import { UvLoop } from "../../src/core/uvLoop.ts";

describe("run", () => {
  test("gives what main returns, after waits (CPython: test_runners RunTests.test_asyncio_run_return)", async () => {
    const main = () => sleep(0, 42);
    expect(await run(main)).toBe(42);
  });

  test("throws what main throws, after waits (CPython: test_runners RunTests.test_asyncio_run_raises)", async () => {
    const error = new RangeError("spam");
    const main = async (): Promise<void> => {
      await sleep(0);
      throw error;
    };
    await expect(run(main)).rejects.toBe(error);
  });

  test("takes a function, async or not, and nothing that has started already (CPython, differs: test_runners RunTests.test_asyncio_run_only_coro)", async () => {
    await expect(run(1 as never)).rejects.toThrow(
      "Expected `main` to be a function, got `1` (number)",
    );
    await expect(run(Promise.resolve(1) as never)).rejects.toThrow(
      "Expected `main` to be a function",
    );
    expect(await run(() => 7)).toBe(7);
  });

  test("ends what main leaves running (CPython: test_runners RunTests.test_asyncio_run_cancels_hanging_tasks)", async () => {
    let left!: Task<void>;
    const main = async (): Promise<number> => {
      left = createTask(() => sleep(10_000));
      return 123;
    };
    expect(await run(main)).toBe(123);
    expect([left.done(), left.cancelled()]).toEqual([true, true]);
  });

  test("tells of what main leaves running and fails when it is ended (CPython: test_runners RunTests.test_asyncio_run_reports_hanging_tasks_errors)", async () => {
    const reports: ExceptionContext[] = [];
    let left!: Task<void>;
    const main = async (): Promise<number> => {
      left = createTask(async () => {
        await sleep(10_000).catch(() => {});
        throw new RangeError("division by zero");
      });
      // One turn for it to start: a task that is cancelled before it starts never runs.
      await sleep(0);
      return 123;
    };
    const loop = getRunningLoop();
    loop.setExceptionHandler((context) => reports.push(context));
    try {
      expect(await run(main)).toBe(123);
    } finally {
      loop.setExceptionHandler(null);
    }
    expect(left.done()).toBe(true);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({
      message: "a task failed while run() was shutting down",
      task: left,
      exception: new RangeError("division by zero"),
    });
  });

  test("leaves no generator open that a task was in when it was ended and failed (CPython: test_runners RunTests.test_asyncio_run_closes_gens_after_hanging_tasks_errors)", async () => {
    class FancyExit extends Error {}
    const log: string[] = [];
    let lazy!: Task<void>;
    async function* fidget(): AsyncGenerator<number> {
      try {
        for (;;) {
          yield 1;
          await sleep(1000);
        }
      } finally {
        log.push("closed");
      }
    }
    const spinner = fidget();
    const main = async (): Promise<never> => {
      getRunningLoop().setExceptionHandler(({ exception }) => log.push(String(exception)));
      lazy = createTask(async () => {
        try {
          for await (const _ of spinner);
        } catch {
          throw new RangeError("division by zero");
        }
      });
      await sleep(0);
      throw new FancyExit();
    };
    await expect(run(main)).rejects.toThrow(FancyExit);
    getRunningLoop().setExceptionHandler(null);
    expect(lazy.done()).toBe(true);
    expect(log).toEqual(["closed", "RangeError: division by zero"]);
    expect(await spinner.next()).toEqual({ done: true, value: undefined });
  });

  test("never prints main's result (CPython: test_runners RunnerTests.test_no_repr_is_call_on_the_task_result)", async () => {
    let prints = 0;
    const result = {
      [inspect.custom]: () => `printed ${++prints} times`,
      toString: () => `${++prints}`,
    };
    await using runner = new Runner();
    expect(await runner.run(async () => result)).toBe(result);
    expect(prints).toBe(0);
  });
});

describe("a Runner", () => {
  test("runs on the loop that it is given (CPython: test_runners RunnerTests.test_custom_factory)", async () => {
    const loop = new UvLoop();
    await using runner = new Runner({ loop });
    expect(runner.getLoop()).toBe(loop);
    expect(await runner.run(async () => getRunningLoop())).toBe(loop);
  });

  test("runs until it is closed; the loop, which is Node's, goes on (CPython, differs: test_runners RunnerTests.test_run, RunnerTests.test_explicit_close)", async () => {
    let closed: Runner;
    {
      await using runner = new Runner();
      expect(await runner.run(() => sleep(0, "done"))).toBe("done");
      closed = runner;
    }
    await expect(closed.run(async () => {})).rejects.toThrow(
      new RunnerStateError("run on a Runner that is closed: make a new one"),
    );
    expect(inspect(closed)).toBe("<Runner closed>");
    expect(closed.getLoop()).toBe(getRunningLoop());
  });

  test("takes a function, not a number or a future (CPython: test_runners RunnerTests.test_run_non_coro, RunnerTests.test_run_future)", async () => {
    await using runner = new Runner();
    await expect(runner.run(123 as never)).rejects.toThrow("Expected `main` to be a function");
    await expect(runner.run(new Future() as never)).rejects.toThrow(TypeError);
  });

  test("may be closed twice (CPython: test_runners RunnerTests.test_double_close)", async () => {
    const runner = new Runner();
    await runner.close();
    await runner.close();
    expect(inspect(runner)).toBe("<Runner closed>");
  });

  test("refuses to run in a second block (CPython: test_runners RunnerTests.test_second_with_block_raises)", async () => {
    const log: number[] = [];
    const runner = new Runner();
    const block = async (value: number): Promise<void> => {
      await using disposed = runner;
      await disposed.run(async () => void log.push(value));
    };
    await block(1);
    await expect(block(2)).rejects.toThrow(RunnerStateError);
    expect(log).toEqual([1]);
  });

  test("keeps its context variables from run to run (CPython: test_runners RunnerTests.test_run_keeps_context)", async () => {
    const variable = new ContextVar("variable", { defaultValue: -1 });
    const exchange = (value: number) => async (): Promise<number> => {
      const old = variable.get();
      await sleep(0);
      variable.set(value);
      return old;
    };
    await using runner = new Runner();
    expect(await runner.run(exchange(1))).toBe(-1);
    expect(await runner.run(exchange(2))).toBe(1);
    const context = await runner.run(async () => copyContext());
    expect(runInContext(context, () => variable.get())).toBe(2);
    expect(variable.get()).toBe(-1);
  });

  test("runs in other context variables when they are given, which keep what it sets", async () => {
    const variable = new ContextVar("variable", { defaultValue: 0 });
    const context = copyContext();
    await using runner = new Runner();
    const set = async (): Promise<number> => {
      variable.set(1);
      return variable.get();
    };
    expect(await runner.run(set, { context })).toBe(1);
    expect(await runner.run(async () => variable.get())).toBe(0);
    expect(runInContext(context, () => variable.get())).toBe(1);
    await expect(runner.run(set, { context: 5 as never })).rejects.toThrow("`options.context`");
  });

  test("refuses to run within its own run (CPython: test_runners RunnerTests.test_recursive_run)", async () => {
    await using runner = new Runner();
    await expect(runner.run(() => runner.run(async () => {}))).rejects.toThrow(
      new RunnerStateError("run on a Runner that is running already: await its run first"),
    );
  });
});
