/*
 * Future: its states, what each of them allows, and failures that nobody looks at, as asyncio's own tests have it.
 * Collection is asked for, not waited for: `gc` comes from V8's own switch.
 */
import { setFlagsFromString } from "node:v8";
import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import {
  allTasks,
  CancelledError,
  createTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  InvalidStateError,
  Runner,
  sleep,
  Task,
  waitFor,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Each thing that only a pending future allows is refused, and a cancel is answered with false. */
function expectSettled(future: Future<number>): void {
  expect(future.done()).toBe(true);
  expect(() => future.setResult(0)).toThrow(InvalidStateError);
  expect(() => future.setException(new Error())).toThrow(InvalidStateError);
  expect(future.cancel()).toBe(false);
}

describe("a future", () => {
  test("is pending at first, then cancelled by a cancel (CPython: test_futures BaseFutureTests.test_initial_state)", () => {
    const future = new Future();
    expect([future.done(), future.cancelled()]).toEqual([false, false]);
    future.cancel();
    expect(future.cancelled()).toBe(true);
  });

  test("that was cancelled throws that from result and exception (CPython: test_futures BaseFutureTests.test_cancel)", () => {
    const future = new Future<number>();
    expect(future.cancel()).toBe(true);
    expect(future.cancelled()).toBe(true);
    expect(() => future.result()).toThrow(CancelledError);
    expect(() => future.exception()).toThrow(CancelledError);
    expectSettled(future);
  });

  test("that has a result gives it, and no exception (CPython: test_futures BaseFutureTests.test_result)", () => {
    const future = new Future<number>();
    expect(() => future.result()).toThrow(InvalidStateError);
    future.setResult(42);
    expect([future.result(), future.exception(), future.cancelled()]).toEqual([
      42,
      undefined,
      false,
    ]);
    expectSettled(future);
  });

  test("that has failed throws the error from result, and gives it from exception (CPython: test_futures BaseFutureTests.test_exception)", () => {
    const future = new Future<number>();
    const error = new RangeError("no");
    expect(() => future.exception()).toThrow(InvalidStateError);
    future.setException(error);
    expect(() => future.result()).toThrow(error);
    expect([future.exception(), future.cancelled()]).toEqual([error, false]);
    expectSettled(future);
  });

  test("fails with what it is given: of a class no instance is made (CPython, differs: test_futures BaseFutureTests.test_exception_class)", () => {
    const future = new Future<number>();
    future.setException(RangeError);
    expect(future.exception()).toBe(RangeError);
  });

  test("is told by its class, and a task is one too (CPython: test_futures BaseFutureTests.test_isfuture)", () => {
    // oxlint-disable-next-line unicorn/no-thenable -- the case at hand
    for (const other of [Future, 1, { then: () => {} }, Promise.resolve(), null]) {
      expect(other instanceof Future).toBe(false);
    }
    expect(new Future() instanceof Future).toBe(true);
    expect(Task.prototype instanceof Future).toBe(true);
  });

  test("prints its state (CPython: test_futures BaseFutureTests.test_future_repr)", () => {
    const [pending, cancelled, good, bad] = [1, 2, 3, 4].map(() => new Future<number>());
    cancelled?.cancel();
    good?.setResult(4);
    bad?.setException(new RangeError("no"));
    expect(inspect(pending)).toBe("<Future pending>");
    expect(inspect(cancelled)).toBe("<Future cancelled>");
    expect(inspect(good)).toBe("<Future finished result=4>");
    expect(inspect(bad)).toBe("<Future finished exception=RangeError: no>");
    bad?.exception();
  });

  test("that holds itself in its result prints all the same (CPython: test_futures2 FutureReprTests.test_recursive_repr_for_pending_tasks)", () =>
    runVirtual(async () => {
      const task = createTask(async () => new Set(allTasks()), { name: "lister" });
      const all = await waitFor(task, 10_000);
      expect(all.has(task)).toBe(true);
      expect(inspect(task)).toMatch(/^<Task finished name='lister' .*result=Set/);
      expect(inspect(task)).toMatch(/<Task finished name='lister' .*result=\.\.\./);
    }));

  test("adds nothing to its error, however often it is awaited (CPython: test_futures2 FutureTests.test_future_traceback)", () =>
    runVirtual(async () => {
      const error = new TypeError("42");
      const { stack } = error;
      const task = createTask(() => Promise.reject(error));
      for (let i = 0; i < 5; i++) {
        expect(await task.then(null, (thrown: unknown) => thrown)).toBe(error);
        expect(error.stack).toBe(stack);
      }
    }));
});

describe("the reason of a cancel", () => {
  test("is in the error that is thrown (CPython: test_futures BaseFutureTests.test_future_cancel_message_getter)", async () => {
    const [plain, told] = [new Future(), new Future()];
    plain.cancel();
    told.cancel("my message");
    await expect(plain).rejects.toMatchObject({ name: "CancelledError", reason: undefined });
    await expect(told).rejects.toMatchObject({
      name: "CancelledError",
      reason: "my message",
      message: "the future was cancelled: my message",
    });
  });

  test("stays what it was at first (CPython, differs: test_futures BaseFutureTests.test_future_cancel_message_setter)", async () => {
    const future = new Future();
    future.cancel("my message");
    expect(future.cancel("my new message")).toBe(false);
    await expect(future).rejects.toMatchObject({ reason: "my message" });
  });
});

describe("a failure that nobody looks at", () => {
  /** What is reported of a future that is let go of, when it is collected and when the runner ends. */
  async function reportsOf(
    use: (future: Future<number>) => void,
    debug = false,
  ): Promise<ExceptionContext[]> {
    const reports: ExceptionContext[] = [];
    await runVirtual(
      async () => {
        getRunningLoop().setExceptionHandler((context) => reports.push(context));
        await createTask(async () => use(new Future<number>()));
        await sleep(1);
      },
      { debug },
    );
    return reports;
  }

  const boom = new Error("boom");

  test.each([
    ["that is still pending", "test_tb_logger_abandoned", () => {}],
    [
      "that has a result",
      "test_tb_logger_result_unretrieved",
      (future: Future<number>) => future.setResult(42),
    ],
    [
      "whose result was looked at",
      "test_tb_logger_result_retrieved",
      (future: Future<number>) => {
        future.setResult(42);
        future.result();
      },
    ],
    [
      "that has failed and was cancelled then",
      "test_tb_logger_not_called_after_cancel",
      (future: Future<number>) => {
        future.setException(boom);
        future.cancel();
      },
    ],
    [
      "whose exception was looked at",
      "test_tb_logger_exception_retrieved",
      (future: Future<number>) => {
        future.setException(boom);
        future.exception();
      },
    ],
    [
      "whose result threw the exception",
      "test_tb_logger_exception_result_retrieved",
      (future: Future<number>) => {
        future.setException(boom);
        try {
          future.result();
        } catch {
          // looked at
        }
      },
    ],
  ] as const)(
    "is none in a future %s (CPython: test_futures BaseFutureTests.%s)",
    async (_what, _name, use) => {
      expect(await reportsOf(use)).toEqual([]);
    },
  );

  test.each([
    ["", "test_future_exception_never_retrieved", false],
    [", in debug mode too", "test_future_exception_never_retrieved_debug", true],
  ])(
    "is reported once, with the error%s (CPython: test_futures BaseFutureTests.%s)",
    async (_how, _name, debug) => {
      const reports = await reportsOf((future) => future.setException(boom), debug);
      expect(reports).toHaveLength(1);
      expect(reports[0]).toMatchObject({
        message: "a future failed and nobody looked at its exception",
        exception: boom,
      });
      expect(reports[0]?.exception).toBe(boom);
    },
  );

  test("is reported when the future is collected (CPython: test_futures BaseFutureTests.test_tb_logger_exception_unretrieved)", async () => {
    const reports: unknown[] = [];
    const runner = new Runner();
    await runner.run(async () => {
      const loop = getRunningLoop();
      const before = loop.getExceptionHandler();
      loop.setExceptionHandler(({ exception }) => reports.push(exception));
      (() => new Future<number>().setException(boom))();
      for (let i = 0; i < 50 && reports.length === 0; i++) {
        await sleep(0);
        collectGarbage();
      }
      expect(reports).toEqual([boom]);
      loop.setExceptionHandler(before);
    });
    await runner.close();
  });

  test("or none: futures are collected with their results (CPython: test_futures BaseFutureTests.test_future_del_collect)", async () => {
    const alive: WeakRef<object>[] = [];
    (() => {
      for (let i = 0; i < 100; i++) {
        const future = new Future<object>();
        const result = { toString: () => "evil" };
        future.setResult(result);
        alive.push(new WeakRef<object>(future), new WeakRef<object>(result));
      }
    })();
    const left = () => alive.filter((each) => each.deref() !== undefined).length;
    for (let i = 0; i < 50 && left() > 0; i++) {
      await sleep(0);
      collectGarbage();
    }
    expect(left()).toBe(0);
  });
});
