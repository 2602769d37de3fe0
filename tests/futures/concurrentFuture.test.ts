/**
 * The states of a call, without any executor: what a ConcurrentFuture allows in each of them.
 */
import { inspect } from "node:util";
import {
  CancelledError,
  getRunningLoop,
  InvalidStateError,
  shield,
  sleep,
  timeout,
  TimeoutError,
  type ExceptionContext,
} from "ambit";
import {
  ALL_COMPLETED,
  asCompleted,
  ConcurrentFuture,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  wait,
} from "ambit/futures";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

const pending = (): ConcurrentFuture<number> => new ConcurrentFuture();

function running(): ConcurrentFuture<number> {
  const future = pending();
  future.setRunningOrNotifyCancel();
  return future;
}

function cancelled(): ConcurrentFuture<number> {
  const future = pending();
  future.cancel();
  return future;
}

function successful(value = 42): ConcurrentFuture<number> {
  const future = pending();
  future.setResult(value);
  return future;
}

function failed(error: unknown = new Error("disk full")): ConcurrentFuture<number> {
  const future = pending();
  future.setException(error);
  future.exception();
  return future;
}

const all = () => [pending(), running(), cancelled(), failed(), successful()];

test("a done callback gets the future, with its result, its exception or its cancellation (CPython: concurrent.futures FutureTests.test_done_callback_with_result, FutureTests.test_done_callback_with_exception, FutureTests.test_done_callback_with_cancel)", async () => {
  await runVirtual(async () => {
    const seen: unknown[] = [];
    const [result, exception, cancel] = [pending(), pending(), pending()];
    result.addDoneCallback((future) => seen.push(future.result()));
    exception.addDoneCallback((future) => seen.push(future.exception()));
    cancel.addDoneCallback((future) => seen.push(future.cancelled()));
    result.setResult(5);
    exception.setException("test");
    expect(cancel.cancel()).toBe(true);
    await sleep(0);
    expect(seen).toEqual([5, "test", true]);
  });
});

test("a callback that throws is reported, and the others run (CPython: concurrent.futures FutureTests.test_done_callback_raises)", async () => {
  await runVirtual(async () => {
    const reports: ExceptionContext[] = [];
    getRunningLoop().setExceptionHandler((context) => reports.push(context));
    const seen: string[] = [];
    const future = pending();
    future.addDoneCallback(() => {
      seen.push("raising");
      throw new Error("doh!");
    });
    future.addDoneCallback(() => seen.push("next"));
    future.setResult(5);
    await sleep(0);
    expect(seen).toEqual(["raising", "next"]);
    expect(reports.map(({ exception }) => String(exception))).toEqual(["Error: doh!"]);
  });
});

test("a callback added to a future that is done is called soon (CPython: concurrent.futures FutureTests.test_done_callback_already_successful, FutureTests.test_done_callback_already_failed, FutureTests.test_done_callback_already_cancelled)", async () => {
  await runVirtual(async () => {
    const seen: unknown[] = [];
    successful(5).addDoneCallback((future) => seen.push(future.result()));
    failed("test").addDoneCallback((future) => seen.push(future.exception()));
    cancelled().addDoneCallback((future) => seen.push(future.cancelled()));
    await sleep(0);
    expect(seen).toEqual([5, "test", true]);
  });
});

test("a throwing callback added to a future that is done is reported (CPython: concurrent.futures FutureTests.test_done_callback_raises_already_succeeded)", async () => {
  await runVirtual(async () => {
    const reports: ExceptionContext[] = [];
    getRunningLoop().setExceptionHandler((context) => reports.push(context));
    successful().addDoneCallback(() => {
      throw new Error("doh!");
    });
    await sleep(0);
    expect(reports).toMatchObject([
      { message: "a callback threw", exception: { message: "doh!" } },
    ]);
  });
});

test("it prints its state (CPython: concurrent.futures FutureTests.test_repr)", () => {
  expect(all().map((future) => inspect(future))).toEqual([
    "<ConcurrentFuture pending>",
    "<ConcurrentFuture running>",
    "<ConcurrentFuture cancelled>",
    "<ConcurrentFuture finished exception=Error: disk full>",
    "<ConcurrentFuture finished result=42>",
  ]);
});

test("only a call that has not begun is dropped by cancel (CPython: concurrent.futures FutureTests.test_cancel)", () => {
  expect(all().map((future) => future.cancel())).toEqual([true, false, false, false, false]);
  const future = running();
  future.cancel();
  expect(future.running()).toBe(true);
});

test("cancelled, done and running tell the state (CPython: concurrent.futures FutureTests.test_cancelled, FutureTests.test_done, FutureTests.test_running)", () => {
  const states = all();
  expect(states.map((future) => future.cancelled())).toEqual([false, false, true, false, false]);
  expect(states.map((future) => future.done())).toEqual([false, false, true, true, true]);
  expect(states.map((future) => future.running())).toEqual([false, true, false, false, false]);
});

test("waiting for a result with a time limit leaves the call as it is (CPython: concurrent.futures FutureTests.test_result_with_timeout, FutureTests.test_exception_with_timeout)", async () => {
  await runVirtual(async () => {
    for (const future of [pending(), running()]) {
      await expect(timeout(1, () => shield(future))).rejects.toThrow(TimeoutError);
      expect(future.done()).toBe(false);
    }
    await expect(timeout(1, () => shield(cancelled()))).rejects.toThrow(CancelledError);
    await expect(timeout(1, () => shield(failed()))).rejects.toThrow("disk full");
    expect(await timeout(1, () => shield(successful()))).toBe(42);
    expect(() => cancelled().exception()).toThrow(CancelledError);
    expect(failed().exception()).toMatchObject({ message: "disk full" });
    expect(successful().exception()).toBeUndefined();
  });
});

test("who waits gets the result that is set later (CPython: concurrent.futures FutureTests.test_result_with_success, FutureTests.test_exception_with_success)", async () => {
  await runVirtual(async () => {
    const [result, exception] = [running(), running()];
    getRunningLoop().callLater(5, () => {
      result.setResult(42);
      exception.setException(new Error("disk full"));
    });
    expect(await result).toBe(42);
    await expect(exception).rejects.toThrow("disk full");
  });
});

test("who waits for a call that is dropped gets its CancelledError (CPython: concurrent.futures FutureTests.test_result_with_cancel)", async () => {
  await runVirtual(async () => {
    const future = pending();
    getRunningLoop().callLater(5, () => future.cancel());
    await expect(future).rejects.toThrow(CancelledError);
  });
});

test("an outcome is set once (CPython: concurrent.futures FutureTests.test_multiple_set_result, FutureTests.test_multiple_set_exception)", () => {
  const result = successful(1);
  expect(() => result.setResult(2)).toThrow(InvalidStateError);
  expect([result.done(), result.result()]).toEqual([true, 1]);
  const error = new RangeError("first");
  const exception = failed(error);
  expect(() => exception.setException(new Error("second"))).toThrow(InvalidStateError);
  expect(exception.exception()).toBe(error);
});

test("a call begins once, and not after it was dropped", () => {
  expect(cancelled().setRunningOrNotifyCancel()).toBe(false);
  expect(() => running().setRunningOrNotifyCancel()).toThrow(InvalidStateError);
  expect(() => successful().setRunningOrNotifyCancel()).toThrow("a call begins once");
});

test("wait ends with the first call that ends, or at once if one has (CPython: concurrent.futures WaitTests.test_first_completed, WaitTests.test_first_completed_some_already_completed)", async () => {
  await runVirtual(async () => {
    const [first, second] = [running(), running()];
    getRunningLoop().callLater(5, () => first.setResult(1));
    const some = await wait([first, second], { returnWhen: FIRST_COMPLETED });
    expect([[...some.done], [...some.pending]]).toEqual([[first], [second]]);
    const [gone, good, open] = [cancelled(), successful(), running()];
    const now = await wait([gone, good, open], { returnWhen: FIRST_COMPLETED });
    expect([[...now.done], [...now.pending]]).toEqual([[gone, good], [open]]);
  });
});

test("wait ends with the first failure, or at once if there was one; a cancellation is none (CPython: concurrent.futures WaitTests.test_first_exception, WaitTests.test_first_exception_some_already_complete, WaitTests.test_first_exception_one_already_failed)", async () => {
  await runVirtual(async () => {
    const [good, bad, open] = [running(), running(), running()];
    getRunningLoop().callLater(1, () => good.setResult(1));
    getRunningLoop().callLater(2, () => bad.setException(new Error("x")));
    const first = await wait([good, bad, open], { returnWhen: FIRST_EXCEPTION });
    expect([[...first.done], [...first.pending]]).toEqual([[good, bad], [open]]);
    const [done, gone, late] = [successful(), cancelled(), running()];
    getRunningLoop().callLater(1, () => late.setException(new Error("x")));
    const second = await wait([done, gone, late, open], { returnWhen: FIRST_EXCEPTION });
    expect([...second.pending]).toEqual([open]);
    const third = await wait([failed(), open], { returnWhen: FIRST_EXCEPTION });
    expect([...third.pending]).toEqual([open]);
    bad.exception();
    late.exception();
  });
});

test("wait for all leaves nothing pending, however they end (CPython: concurrent.futures WaitTests.test_all_completed, WaitTests.test_20369)", async () => {
  await runVirtual(async () => {
    const late = running();
    getRunningLoop().callLater(1, () => late.setResult(1));
    const futures = [successful(), cancelled(), failed(), late];
    const { done, pending: left } = await wait(futures, { returnWhen: ALL_COMPLETED });
    expect([[...done], left.size]).toEqual([futures, 0]);
    const twice = successful();
    const once = await wait([twice, twice]);
    expect([[...once.done], once.pending.size]).toEqual([[twice], 0]);
  });
});

test("wait with a time limit tells who is not done (CPython: concurrent.futures WaitTests.test_timeout)", async () => {
  await runVirtual(async () => {
    const open = running();
    const done = successful();
    const result = await wait([done, open], { timeout: 5 });
    expect([[...result.done], [...result.pending]]).toEqual([[done], [open]]);
  });
});

test("asCompleted without a time limit gives every call as it ends (CPython: concurrent.futures AsCompletedTests.test_no_timeout)", async () => {
  await runVirtual(async () => {
    const [first, second] = [running(), running()];
    const done = [cancelled(), failed(), successful()];
    getRunningLoop().callLater(1, () => second.setResult(2));
    getRunningLoop().callLater(2, () => first.setResult(1));
    const seen: unknown[] = [];
    for await (const { task } of asCompleted([first, ...done, second])) seen.push(task);
    expect(seen).toEqual([...done, second, first]);
  });
});

test("asCompleted gives what is done before its time is up, then throws (CPython: concurrent.futures AsCompletedTests.test_future_times_out)", async () => {
  await runVirtual(async () => {
    const done = [cancelled(), failed(), successful()];
    for (const limit of [0, 5]) {
      const seen = new Set<unknown>();
      const iterate = async (): Promise<void> => {
        for await (const { task } of asCompleted([...done, pending()], { timeout: limit }))
          seen.add(task);
      };
      await expect(iterate()).rejects.toThrow(TimeoutError);
      expect(seen).toEqual(new Set(done));
    }
  });
});

test("asCompleted says how many of how many were not done (CPython: concurrent.futures AsCompletedTests.test_correct_timeout_exception_msg)", async () => {
  await runVirtual(async () => {
    const futures = [successful(), pending(), running(), successful()];
    const iterate = async (): Promise<void> => {
      for await (const _ of asCompleted(futures, { timeout: 0 }));
    };
    await expect(iterate()).rejects.toThrow("2 of 4");
  });
});

test("asCompleted gives a call that is named twice once, and takes any iterable (CPython: concurrent.futures AsCompletedTests.test_duplicate_futures)", async () => {
  await runVirtual(async () => {
    const late = running();
    getRunningLoop().callLater(2, () => late.setResult(1));
    const seen: unknown[] = [];
    for await (const { task } of asCompleted(new Set([late, late]).values())) seen.push(task);
    expect(seen).toEqual([late]);
    const repeated: unknown[] = [];
    for await (const { task } of asCompleted([late, late])) repeated.push(task);
    expect(repeated).toEqual([late]);
  });
});
