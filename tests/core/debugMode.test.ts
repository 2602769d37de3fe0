/*
 * Debug mode: where waits, tasks and cancellations come from, and work that outlives its scope. That needs foreign
 * promises, and so a few milliseconds of real time.
 */
import { setTimeout as foreignDelay } from "node:timers/promises";
import { inspect } from "node:util";
import {
  cancellable,
  CancelledError,
  createTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  type Loop,
  run,
  Runner,
  sleep,
  timeout,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "./childProgram.ts";
import { marks } from "./lines.ts";
import { debug } from "./debugRun.ts";

const at = marks(import.meta.url);

/** Slow steps are another file's: reading source maps is one. */
/** What is reported while the body runs in debug mode, in real time: it awaits what is not Ambit's. */
async function reportsOf(body: () => Promise<unknown>): Promise<ExceptionContext[]> {
  const seen: ExceptionContext[] = [];
  const loop = getRunningLoop();
  loop.slowCallbackDuration = Infinity;
  loop.setExceptionHandler((context) => seen.push(context));
  await run(body, { debug: true });
  loop.setExceptionHandler(null);
  loop.slowCallbackDuration = 100;
  return seen;
}

describe("the switch", () => {
  test("is off unless asked for, and the loop has its mode back after the run (CPython: test_runners RunnerTests.test_non_debug, RunnerTests.test_debug, RunTests.test_asyncio_run_debug; test_base_events BaseEventLoopTests.test_set_debug)", async () => {
    const modes: boolean[] = [];
    const look = async (): Promise<number> => modes.push(getRunningLoop().debug);
    await run(look);
    await run(look, { debug: true });
    await run(look);
    await run(look, { debug: false });
    expect(modes).toEqual([false, true, false, false]);
    const runner = new Runner({ debug: true });
    expect(runner.getLoop().debug).toBe(true);
    runner.getLoop().debug = false;
    expect(runner.getLoop().debug).toBe(false);
    await runner.close();
  });

  test("stays on until the last of the runs that asked for it has ended", async () => {
    let loop!: Loop;
    const long = run(
      async () => {
        loop = getRunningLoop();
        await sleep(20);
        return loop.debug;
      },
      { debug: true },
    );
    await run(() => sleep(1), { debug: true });
    expect(await long).toBe(true);
    expect(loop.debug).toBe(false);
  });

  test("AMBIT_DEBUG=1 turns it on for every loop (CPython: test_base_events BaseEventLoopTests.test_env_var_debug; test_tasks GatherTestsBase.test_env_var_debug)", async () => {
    const program = `
      import { getRunningLoop, run } from "ambit";
      console.log(getRunningLoop().debug, await run(async () => getRunningLoop().debug));`;
    const before = process.env["AMBIT_DEBUG"];
    const outputs: string[] = [];
    for (const value of ["", "1"]) {
      process.env["AMBIT_DEBUG"] = value;
      const { out, err } = await runProgram(program);
      outputs.push(`${err}${out.trim()}`);
    }
    if (before === undefined) delete process.env["AMBIT_DEBUG"];
    else process.env["AMBIT_DEBUG"] = before;
    expect(outputs).toEqual(["false false", "true true"]);
  });
});

describe("places", () => {
  test("a task that sleeps knows the code that waits, through all async calls, and the code that made it (CPython: test_tasks BaseTaskTests.test_task_source_traceback; test_pep492 CoroutineTests.test_debug_mode_manages_coroutine_origin_tracking)", () =>
    debug(async () => {
      async function inner(): Promise<void> {
        await sleep(0);
        await sleep(1000); // inner waits
      }
      async function outer(): Promise<void> {
        await sleep(0);
        await inner(); // outer waits
      }
      const task = createTask(outer); // task is made
      await sleep(1);
      expect(task.getStack().map(({ place, functionName }) => [place, functionName])).toEqual([
        [at("inner waits"), "inner"],
        [at("outer waits"), "outer"],
      ]);
      expect(task.getCreationStack()[0]?.place).toBe(at("task is made"));
      expect(task.getStack({ limit: 1 })).toHaveLength(1);
    }));

  test("a task that awaits a task or a future knows the code that awaits", () =>
    debug(async () => {
      const future = new Future<void>();
      const on = async (): Promise<void> => {
        await sleep(0);
        await future; // awaits future
      };
      const task = createTask(on);
      const second = createTask(async () => await task); // awaits task
      const third = createTask(async () => {
        await Promise.all([task, sleep(10)]); // awaits both
      });
      await sleep(1);
      expect([task, second].map((each) => each.getStack()[0]?.place)).toEqual([
        at("awaits future"),
        at("awaits task"),
      ]);
      expect(third.getStack().map(({ place }) => place)).toEqual([
        at("awaits both"),
        at("awaits both"),
      ]);
      future.setResult();
    }));

  test("a future knows the code that made it (CPython: test_futures BaseFutureTests.test_future_source_traceback)", () =>
    debug(async () => {
      const future = new Future<number>(); // future is made
      expect(inspect(future)).toBe(`<Future pending created at ${at("future is made")}>`);
      future.setResult(1);
      expect(await future).toBe(1);
      expect(await Promise.all([future, future])).toEqual([1, 1]);
      expect(future.then).toBeTypeOf("function");
    }));

  test("outside debug mode nothing is taken", () =>
    runVirtual(async () => {
      const task = createTask(() => sleep(1));
      await sleep(0);
      expect([task.getStack(), task.getCreationStack()]).toEqual([[], []]);
      expect(inspect(new Future())).toBe("<Future pending>");
      expect(Object.keys(Object.getOwnPropertyDescriptors(task))).not.toContain("then");
    }));
});

describe("a CancelledError", () => {
  test("tells where cancel was called and what it interrupted (CPython: test_tasks BaseTaskTests.test_cancel_traceback_for_future_result, BaseTaskTests.test_cancel_traceback_for_future_exception)", () =>
    debug(async () => {
      const task = createTask(async function napper() {
        await sleep(1000); // is interrupted
      });
      await sleep(1);
      task.cancel("enough"); // cancels
      await task.then(null, () => {});
      const stacks = [() => task.result(), () => task.exception()].map((ask) => {
        try {
          ask();
          return "";
        } catch (error) {
          return (error as Error).stack ?? "";
        }
      });
      for (const stack of stacks) {
        const lines = stack.split("\n");
        expect(lines[0]).toBe(`CancelledError: ${(task.outcome as Error).message}`);
        expect(lines[1]).toContain(at("cancels"));
        expect(lines).toContain("  waiting in sleep:");
        expect(stack).toContain(`    at ${at("is interrupted")} in napper`);
      }
    }));

  test("that a later wait throws tells where that is", () =>
    debug(async () => {
      const task = createTask(async () => {
        task.cancel();
        await sleep(1); // throws it
      });
      const error = await task.then(null, (thrown: unknown) => thrown as Error);
      expect((error as Error).stack).toContain(`at ${at("throws it")}`);
    }));

  test("is an error like any other: printed, and its stack can be set", () =>
    debug(async () => {
      const task = createTask(() => sleep(1000));
      await sleep(1);
      task.cancel();
      const error = (await task.then(null, (thrown: unknown) => thrown)) as Error;
      expect(inspect(error)).toContain("waiting in sleep");
      error.stack = "mine";
      expect([error.stack, error instanceof CancelledError]).toEqual(["mine", true]);
    }));

  test("has no stack outside debug mode, not even after a run in it", async () => {
    await debug(() => sleep(1));
    await runVirtual(async () => {
      const task = createTask(() => sleep(1000));
      await sleep(1);
      task.cancel();
      const error = (await task.then(null, (thrown: unknown) => thrown)) as Error;
      expect(error.stack).toBe(`CancelledError: ${error.message}`);
    });
  });
});

describe("work that outlives its scope", () => {
  test("is reported with where it waits, where it was started and where its task was created", async () => {
    const seen = await reportsOf(async () => {
      const task = createTask(async () => {
        async function floater(): Promise<void> {
          try {
            await sleep(1000);
          } finally {
            await sleep(1); // waits too late
          }
        }
        void floater().catch(() => {}); // starts the floater
      }); // ends the task
      await task;
      await cancellable(foreignDelay(5));
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      message: expect.stringMatching(/^sleep was refused: it was called by work that was left/),
      waitedAt: at("waits too late"),
      startedAt: at("starts the floater"),
    });
    expect(seen[0]?.createdAt).toMatch(/debugMode\.test\.ts:\d+$/);
    expect(seen[0]?.details).toContain(`at ${at("waits too late")} in floater`);
  });

  test("is reported also when it had no wait of Ambit's before, without the place where it was started", async () => {
    const seen = await reportsOf(async () => {
      await timeout(100, async () => {
        void (async function floater() {
          await foreignDelay(1);
          await sleep(1); // foreign and late
        })().catch(() => {});
      });
      await cancellable(foreignDelay(10));
    });
    expect(seen).toMatchObject([{ waitedAt: at("foreign and late") }]);
    expect(seen[0]).not.toHaveProperty("startedAt");
  });
});
