/*
 * callSoon, callLater, callAt and their handles: turns, arguments, context variables, cancelling, as asyncio's own tests
 * have it. What is about the real clock takes a few milliseconds of it.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  ContextVar,
  copyContext,
  createTask,
  currentTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  run,
  runInContext,
  sleep,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { TimerHandle, TimerQueue } from "../../src/core/clock.ts";
import { Handle } from "../../src/core/handle.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Both loops: what holds must hold on the virtual one and on the real one. */
const LOOPS = [
  ["virtual", runVirtual],
  ["real", run],
] as const;

describe.each(LOOPS)("on the %s loop", (_name, start) => {
  test("callSoon calls once, in the next turn, with its arguments (CPython: test_events EventLoopTestsMixin.test_call_soon; test_base_events BaseEventLoopTests.test_run_once)", () =>
    start(async () => {
      const calls: unknown[] = [];
      getRunningLoop().callSoon((a: string, b: string) => calls.push([a, b]), {
        args: ["hello", "world"],
      });
      expect(calls).toEqual([]);
      await sleep(0);
      expect(calls).toEqual([["hello", "world"]]);
      await sleep(0);
      expect(calls).toHaveLength(1);
    }));

  test("callLater calls once, when it is due, with its arguments (CPython: test_events EventLoopTestsMixin.test_call_later)", () =>
    start(async () => {
      const loop = getRunningLoop();
      const calls: unknown[] = [];
      const from = loop.time();
      const done = new Future<number>();
      const callback = (what: string): void => {
        calls.push(what);
        done.setResult(loop.time() - from);
      };
      loop.callLater(10, callback, { args: ["hello world"] });
      expect(await done).toBeGreaterThanOrEqual(10);
      expect(calls).toEqual(["hello world"]);
    }));

  test("callAt calls when the clock has reached the time, and not before (CPython: test_base_events BaseEventLoopTests.test_time_and_call_at)", () =>
    start(async () => {
      const loop = getRunningLoop();
      const when = loop.time() + 10;
      const done = new Future<number>();
      loop.callAt(when, () => done.setResult(loop.time()));
      expect(await done).toBeGreaterThanOrEqual(when);
      expect(() => loop.callAt(null as never, () => {})).toThrow(TypeError);
    }));

  test("delays below zero are due already, the earlier time first (CPython: test_base_events BaseEventLoopTests.test_call_later_negative_delays)", () =>
    start(async () => {
      const loop = getRunningLoop();
      const calls: string[] = [];
      // On the real loop time goes on between the calls.
      loop.callLater(-100, (name: string) => calls.push(name), { args: ["a"] });
      loop.callLater(-200, (name: string) => calls.push(name), { args: ["b"] });
      await sleep(2);
      expect(calls).toEqual(["b", "a"]);
    }));

  test("what a callback schedules comes in a later turn (CPython: test_base_events BaseEventLoopTests.test__run_once_schedule_handle)", () =>
    start(async () => {
      const loop = getRunningLoop();
      const log: string[] = [];
      const done = new Future<void>();
      loop.callLater(-1, () => {
        loop.callSoon(() => {
          log.push("scheduled by it");
          done.setResult();
        });
        log.push("timer");
      });
      await done;
      expect(log).toEqual(["timer", "scheduled by it"]);
    }));

  test("what is not due at the end of the run is not called, and nothing waits for it", async () => {
    const log: string[] = [];
    const left: TimerHandle[] = [];
    await start(async () => {
      const loop = getRunningLoop();
      left.push(loop.callLater(30_000, () => log.push("late")));
      left.push(loop.callAt(loop.time() + 60_000, () => log.push("much later")));
      const called = new Future<void>();
      loop.callLater(1, () => called.setResult());
      await run(async () => void left.push(loop.callLater(10_000, () => log.push("inner"))));
      expect(left.map((timer) => timer.cancelled())).toEqual([false, false, true]);
      await called;
    });
    expect(left.map((timer) => timer.cancelled())).toEqual([true, true, true]);
    expect(log).toEqual([]);
  });

  test("a callback runs in no task, and outlives the task that scheduled it", () =>
    start(async () => {
      const log: unknown[] = [];
      const scheduler = createTask(async () => {
        const loop = getRunningLoop();
        const callback = (): void => {
          log.push(currentTask());
          void sleep(2).then(
            () => log.push("went on"),
            (error: Error) => log.push(error.name),
          );
        };
        loop.callLater(2, callback);
        loop.callSoon(callback);
        const future = new Future<void>();
        future.addDoneCallback(callback);
        future.setResult();
        expect(currentTask()).toBe(scheduler);
      });
      await scheduler;
      while (log.length < 6) await sleep(1);
      expect(log.filter((each) => each === null)).toHaveLength(3);
      expect(log.filter((each) => each === "went on")).toHaveLength(3);
    }));

  test("a cancelled timer holds nothing up: time goes on to the next one (CPython: test_base_events BaseEventLoopTests.test__run_once)", () =>
    start(async () => {
      const loop = getRunningLoop();
      const log: string[] = [];
      const from = loop.time();
      loop.callLater(5, () => log.push("cancelled")).cancel();
      const done = new Future<number>();
      loop.callLater(10, () => done.setResult(loop.time() - from));
      expect(await done).toBeGreaterThanOrEqual(10);
      expect(log).toEqual([]);
    }));
});

describe("a handle", () => {
  test("of callSoon is pending until it is cancelled or has run (CPython: test_events HandleTests.test_handle; test_base_events BaseEventLoopTests.test_call_soon)", () =>
    runVirtual(async () => {
      const loop = getRunningLoop();
      const log: string[] = [];
      const [kept, taken] = ["kept", "taken"].map((name) => loop.callSoon(() => log.push(name)));
      expect(kept).toBeInstanceOf(Handle);
      expect([kept?.cancelled(), taken?.cancelled()]).toEqual([false, false]);
      taken?.cancel();
      expect(taken?.cancelled()).toBe(true);
      await sleep(0);
      expect(log).toEqual(["kept"]);
      kept?.cancel();
      expect(kept?.cancelled()).toBe(false);
    }));

  test("of callLater knows when it is due (CPython: test_events TimerTests.test_when, TimerTests.test_timer; test_base_events BaseEventLoopTests.test_call_later)", () =>
    runVirtual(async () => {
      const loop = getRunningLoop();
      const calls: unknown[] = [];
      const handle = loop.callLater(10, (...args: number[]) => calls.push(args), {
        args: [1, 2, 3],
      });
      expect(handle).toBeInstanceOf(TimerHandle);
      expect([handle.when, handle.cancelled()]).toEqual([loop.time() + 10, false]);
      await sleep(0);
      expect(calls).toEqual([]);
      handle.cancel();
      expect([handle.when, handle.cancelled()]).toEqual([10, true]);
      await sleep(20);
      expect(calls).toEqual([]);
    }));

  test("may be referred to weakly, and is collected with its callback when it was cancelled or has run (CPython: test_events HandleTests.test_handle_weakref)", async () => {
    const alive: WeakRef<object>[] = [];
    await run(async () => {
      const loop = getRunningLoop();
      (() => {
        for (let i = 0; i < 10; i++) {
          const [soon, later] = [() => {}, () => {}];
          const [first, second] = [loop.callSoon(soon), loop.callLater(10_000, later)];
          second.cancel();
          for (const each of [soon, later, first, second]) alive.push(new WeakRef<object>(each));
        }
      })();
      await sleep(0);
    });
    const left = () => alive.filter((each) => each.deref() !== undefined).length;
    for (let i = 0; i < 50 && left() > 0; i++) {
      await sleep(0);
      collectGarbage();
    }
    expect(left()).toBe(0);
  });

  test("that is cancelled leaves the timers at once, wherever it stands among them (CPython, differs: test_base_events BaseEventLoopTests.test__run_once_cancelled_event_cleanup)", () => {
    const queue = new TimerQueue(() => {});
    const schedule = (when: number): TimerHandle => {
      const timer = new TimerHandle(queue, when, () => {}, null);
      queue.push(timer);
      return timer;
    };
    const kept = schedule(3000);
    for (const when of [3600, 3600, 100, 100]) {
      const timer = schedule(when);
      expect(queue.size).toBe(2);
      timer.cancel();
      expect([queue.size, queue.first]).toEqual([1, kept]);
    }
  });
});

test("what is no function, no number, no array and no Context is refused (CPython: test_base_events BaseEventLoopTests.test_call_soon_non_callable)", () => {
  const loop = getRunningLoop();
  const callback = (): void => {};
  expect(() => loop.callSoon(1 as never)).toThrow(
    new TypeError("Expected `callback` to be a function, got `1` (number)"),
  );
  expect(() => loop.callLater(null as never, callback)).toThrow(TypeError);
  expect(() => loop.callLater(1, undefined as never)).toThrow("`callback`");
  expect(() => loop.callSoon(callback, { args: 5 as never })).toThrow(
    new TypeError("Expected `options.args` to be an array, got `5` (number)"),
  );
  expect(() => loop.callSoon(callback, { context: new Map() as never })).toThrow(
    "Expected `options.context` to be a Context",
  );
  expect(() => new Future().addDoneCallback(callback, { context: 1 as never })).toThrow(
    "Expected `options.context` to be a Context, got `1` (number)",
  );
});

describe("context variables", () => {
  const variable = new ContextVar("variable", { defaultValue: "unset" });

  /** The ways to have something called later, each with what calls it in the end. */
  const WAYS = [
    [
      "callSoon",
      (callback: () => void, options?: object) => getRunningLoop().callSoon(callback, options),
    ],
    [
      "callLater",
      (callback: () => void, options?: object) => getRunningLoop().callLater(1, callback, options),
    ],
    [
      "callAt",
      (callback: () => void, options?: object) =>
        getRunningLoop().callAt(getRunningLoop().time() + 1, callback, options),
    ],
    [
      "addDoneCallback",
      (callback: () => void, options?: object) => {
        const future = new Future<void>();
        future.addDoneCallback(callback, options);
        future.setResult();
      },
    ],
  ] as const;

  test.each(WAYS)(
    "%s takes a copy of them when it is called: neither sees what the other sets",
    (_name, later) =>
      runVirtual(async () => {
        const seen: string[] = [];
        variable.set("before");
        later(() => {
          seen.push(variable.get());
          variable.set("by the callback");
          seen.push(variable.get());
        });
        variable.set("after");
        await sleep(2);
        expect(seen).toEqual(["before", "by the callback"]);
        expect(variable.get()).toBe("after");
      }),
  );

  test.each(WAYS)(
    "%s runs in the context that it is given, and what it sets stays there",
    (_name, later) =>
      runVirtual(async () => {
        const context = copyContext();
        runInContext(context, () => variable.set("given"));
        const seen: string[] = [];
        later(
          () => {
            seen.push(variable.get());
            variable.set("changed");
          },
          { context },
        );
        await sleep(2);
        expect(seen).toEqual(["given"]);
        expect(runInContext(context, () => variable.get())).toBe("changed");
        expect(variable.get()).toBe("unset");
      }),
  );

  test("a handle gives the context of its callback", () =>
    runVirtual(async () => {
      const context = copyContext();
      expect(
        getRunningLoop()
          .callSoon(() => {}, { context })
          .getContext(),
      ).toBe(context);
      expect(
        getRunningLoop()
          .callLater(1, () => {}, { context })
          .getContext(),
      ).toBe(context);
      variable.set("copied");
      const copied = getRunningLoop()
        .callSoon(() => {})
        .getContext();
      expect(runInContext(copied, () => variable.get())).toBe("copied");
    }));

  test("a task that a callback creates takes them along; other work that it leaves goes on with the scheduler's", () =>
    runVirtual(async () => {
      const seen: string[] = [];
      const look = async (): Promise<void> => {
        await sleep(1);
        seen.push(variable.get());
      };
      variable.set("scheduler's");
      getRunningLoop().callSoon(() => {
        variable.set("callback's");
        createTask(look);
        void look();
      });
      await sleep(5);
      expect(seen.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["callback's", "scheduler's"]);
    }));

  test("stores of the user's own come along by themselves", () =>
    runVirtual(async () => {
      const store = new AsyncLocalStorage<string>();
      const seen: unknown[] = [];
      for (const [, later] of WAYS)
        store.run("mine", () =>
          later(() => seen.push(store.getStore()), { context: copyContext() }),
        );
      await sleep(2);
      expect(seen).toEqual(["mine", "mine", "mine", "mine"]);
    }));

  /** What the exception handler saw of the variable. */
  async function seenByHandler(body: () => unknown): Promise<unknown[]> {
    const seen: unknown[] = [];
    await runVirtual(async () => {
      getRunningLoop().setExceptionHandler(({ exception }: ExceptionContext) =>
        seen.push([(exception as Error).message, variable.get()]),
      );
      await body();
      await sleep(1);
    });
    return seen;
  }

  const fail = (): never => {
    variable.set("bar");
    throw new Error("division by zero");
  };

  test("of a callback that throws are seen by the exception handler (CPython: test_futures2 FutureTests.test_handle_exc_handler_correct_context)", async () => {
    for (const [, later] of WAYS)
      expect(await seenByHandler(() => later(fail))).toEqual([["division by zero", "bar"]]);
  });

  test("of a task that failed are seen by the exception handler (CPython: test_futures2 FutureTests.test_task_exc_handler_correct_context)", async () => {
    const lost = () => void createTask(async () => fail());
    expect(await seenByHandler(lost)).toEqual([["division by zero", "bar"]]);
    const failsAtTheEnd = async (): Promise<void> => {
      createTask(() => sleep(10_000).finally(fail));
      await sleep(1);
    };
    expect(await seenByHandler(failsAtTheEnd)).toEqual([["division by zero", "bar"]]);
  });
});
