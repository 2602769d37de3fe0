/**
 * Real threads, so real time: nothing here waits longer than a thread takes to start, and gates in shared memory stand
 * where a sleep would.
 */
import { availableParallelism } from "node:os";
import { inspect } from "node:util";
import { setEnvironmentData } from "node:worker_threads";
import {
  CancelledError,
  ContextVar,
  createTask,
  type ExceptionContext,
  getRunningLoop,
  isCancelled,
  onRunnerEnd,
  run,
  sleep,
  TimeoutError,
  wait,
} from "ambit";
import {
  ExecutorShutdownError,
  getDefaultExecutor,
  runInExecutor,
  shutdownDefaultExecutor,
  ThreadPoolExecutor,
  toThread,
  WorkerLostError,
} from "ambit/futures";
import { runVirtual } from "ambit/testing";
import { afterAll, expect, test } from "vitest";
import * as tasks from "./tasks.mjs";

afterAll(() => shutdownDefaultExecutor());

const { abs, add, atGate, blocking, divmod, square } = tasks;

async function withPool<T>(
  options: ConstructorParameters<typeof ThreadPoolExecutor>[0],
  body: (pool: ThreadPoolExecutor) => Promise<T>,
): Promise<T> {
  const pool = new ThreadPoolExecutor(options);
  try {
    return await body(pool);
  } finally {
    await pool.shutdown();
  }
}

const numbers = () => new Int32Array(new SharedArrayBuffer(8));

async function reads(shared: Int32Array, value: number): Promise<void> {
  while (Atomics.load(shared, 0) !== value) await sleep(1);
}

test("a call runs on another thread and gives its result", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const sum = pool.submit(add, 40, 2);
    expect([sum.done(), sum.running()]).toEqual([false, false]);
    expect(await sum).toBe(42);
    expect(await pool.submit(tasks.thread)).toBeGreaterThan(0);
  });
});

test("an idle thread is used again, and a busy one makes the pool start another (CPython: concurrent.futures ThreadPoolExecutorTest.test_idle_thread_reuse)", async () => {
  await withPool({ maxWorkers: 3 }, async (pool) => {
    for (const x of [21, 6, 3]) await pool.submit(square, x);
    expect(pool.statistics().threads).toHaveLength(1);
    const gate = numbers();
    const calls = [pool.submit(atGate, gate), pool.submit(atGate, gate)];
    while (pool.statistics().running < 2) await sleep(1);
    expect(pool.statistics().threads).toHaveLength(2);
    Atomics.store(gate, 0, 7);
    Atomics.notify(gate, 0);
    expect(await Promise.all(calls)).toEqual([7, 7]);
  });
});

test("there are at most as many threads as the machine runs at once, unless told otherwise (CPython: concurrent.futures ThreadPoolExecutorTest.test_default_workers)", async () => {
  const pool = new ThreadPoolExecutor();
  expect(pool.statistics().maxWorkers).toBe(availableParallelism());
  await pool.shutdown();
  expect(() => new ThreadPoolExecutor({ maxWorkers: 0 })).toThrow(
    "Expected `options.maxWorkers` to be an integer of at least 1, got `0` (number)",
  );
});

test("threads have the prefix as their name, and a number (CPython: concurrent.futures ThreadPoolShutdownTest.test_thread_names_assigned, ThreadPoolShutdownTest.test_thread_names_default)", async () => {
  await withPool({ maxWorkers: 1, threadNamePrefix: "SpecialPool" }, async (pool) => {
    expect(await pool.submit(tasks.threadName)).toBe("SpecialPool_0");
    expect(pool.statistics().threads).toEqual(["SpecialPool_0"]);
  });
  await withPool({ maxWorkers: 1 }, async (pool) => {
    expect(await pool.submit(tasks.threadName)).toMatch(/^ThreadPoolExecutor-\d+_0$/);
  });
});

test("`await using` ends the pool when its calls have ended (CPython: concurrent.futures ThreadPoolShutdownTest.test_context_manager_shutdown, ThreadPoolShutdownTest.test_threads_terminate)", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const items = pool.map(abs, [-5, -4, 3]);
  const calls = Array.from({ length: 3 }, () => pool.submit(square, 21));
  await pool[Symbol.asyncDispose]();
  expect(pool.statistics()).toMatchObject({ threads: [], running: 0, waiting: 0 });
  const values: number[] = [];
  for await (const x of items) values.push(x);
  expect(values).toEqual([5, 4, 3]);
  expect(calls.map((call) => call.result())).toEqual([441, 441, 441]);
});

test("map takes the calls on at once, though nobody reads them (CPython: concurrent.futures ThreadPoolExecutorTest.test_map_submits_without_iteration)", async () => {
  const counter = numbers();
  await withPool({ maxWorkers: 2 }, async (pool) => {
    pool.map(
      tasks.count,
      Array.from({ length: 10 }, () => counter),
    );
  });
  expect(Atomics.load(counter, 0)).toBe(10);
});

test("a reader that runs out of time cancels the calls that have not begun, and the one it waits for (CPython: concurrent.futures ThreadPoolExecutorTest.test_executor_map_current_future_cancel)", async () => {
  await withPool({ maxWorkers: 1, grace: 1 }, async (pool) => {
    const gate = numbers();
    const running = pool.submit(atGate, gate);
    const ticks = pool.map(square, [1, 2, 3], { timeout: 5 });
    await expect(ticks.next()).rejects.toThrow(TimeoutError);
    expect(pool.statistics().waiting).toBe(0);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    expect(await running).toBe(1);
  });
});

test("leaving a loop over map drops the calls that are left", async () => {
  const counter = numbers();
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const gate = numbers();
    Atomics.store(gate, 0, 1);
    for await (const _ of pool.map(atGate, [gate, counter, counter])) {
      Atomics.store(counter, 0, 5);
      Atomics.notify(counter, 0);
      break;
    }
    expect(pool.statistics().waiting).toBe(0);
  });
});

test("calls that were taken on before a shutdown all end (CPython: concurrent.futures ExecutorShutdownTest.test_hang_issue12364, ThreadPoolShutdownTest.test_shutdown_no_wait)", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
  const calls = Array.from({ length: 50 }, (_, x) => pool.submit(square, x));
  await pool.shutdown({ wait: false });
  expect(calls.every((call) => call.done())).toBe(false);
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 50 }, (_, x) => x * x));
  await pool.shutdown();
  expect(pool.statistics().threads).toEqual([]);
});

test("a shutdown with cancelFutures drops what has not begun, and lets the rest end (CPython: concurrent.futures ExecutorShutdownTest.test_cancel_futures, ThreadPoolShutdownTest.test_cancel_futures_wait_false)", async () => {
  const gate = numbers();
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const calls = Array.from({ length: 5 }, () => pool.submit(atGate, gate));
  while (!(calls[0] as (typeof calls)[0]).running()) await sleep(1);
  const down = pool.shutdown({ cancelFutures: true });
  expect(calls.map((call) => call.cancelled())).toEqual([false, true, true, true, true]);
  Atomics.store(gate, 0, 9);
  Atomics.notify(gate, 0);
  await down;
  expect(calls[0]?.result()).toBe(9);
});

test("of calls that were sent together, none that has begun runs twice when the thread ends", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const counter = numbers();
    // Known to be quick from now on, so that the next ones travel together.
    for (let i = 0; i < 5; i++) await pool.submit(tasks.countOrLeave, counter);
    Atomics.store(counter, 0, 0);
    const calls = [false, true, false].map((leave) =>
      pool.submit(tasks.countOrLeave, counter, leave),
    );
    await wait(calls);
    expect(Atomics.load(counter, 0)).toBe(3);
    expect(calls[1]?.exception()).toBeInstanceOf(WorkerLostError);
    expect(calls[2]?.exception()).toBeUndefined();
    // Its result had not been told, or it had: then it is there.
    expect([undefined, "WorkerLostError"]).toContain((calls[0]?.exception() as Error)?.name);
  });
});

test("a quick call goes to the thread that has least to do, and not behind one that turns out to be slow", async () => {
  await withPool({ maxWorkers: 2, minWorkers: 2 }, async (pool) => {
    const [open, shut] = [numbers(), numbers()];
    Atomics.store(open, 0, 9);
    // Known to be quick from now on, however long the first one took to load.
    for (let i = 0; i < 40; i++) await pool.submit(atGate, open);
    const held = pool.submit(atGate, shut);
    while (!held.running()) await sleep(1);
    expect(await pool.submit(atGate, open)).toBe(9);
    expect(held.done()).toBe(false);
    Atomics.store(shut, 0, 1);
    Atomics.notify(shut, 0);
    expect(await held).toBe(1);
  });
});

test("a call that is cancelled while its module is loaded never runs", async () => {
  const [counter, gate] = [numbers(), numbers()];
  setEnvironmentData("slowModule.gate", gate);
  try {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      await pool.submit(square, 1); // its thread runs
      const url = new URL("./slowModule.mjs", import.meta.url);
      const { countLater } = pool.module<typeof import("./slowModule.mjs")>(url);
      const cut = countLater(counter);
      while (!cut.running()) await sleep(1);
      await sleep(5);
      cut.cancel();
      Atomics.store(gate, 0, 1);
      await expect(cut).rejects.toThrow(CancelledError);
      await countLater(counter); // not cancelled, it runs
    });
  } finally {
    setEnvironmentData("slowModule.gate", undefined);
  }
  expect(Atomics.load(counter, 0)).toBe(1);
});

test("virtual time stands still while a thread works, and while the program's end waits for it", async () => {
  const times: number[] = [];
  const reports: ExceptionContext[] = [];
  await runVirtual(async () => {
    const loop = getRunningLoop();
    loop.setExceptionHandler((context) => reports.push(context));
    onRunnerEnd(() => void times.push(loop.time())); // called last
    expect(await toThread(blocking, 40)).toBe(40);
    times.push(loop.time());
  });
  expect({ times, reports }).toEqual({ times: [0, 0], reports: [] });
});

test("cancelling a call that waits drops it; the others keep their order", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const gate = numbers();
    const first = pool.submit(atGate, gate);
    const second = pool.submit(square, 2);
    const third = pool.submit(square, 3);
    while (!first.running()) await sleep(1);
    expect([second.cancel("not wanted"), second.cancelled()]).toEqual([true, true]);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    expect(await third).toBe(9);
    await expect(second).rejects.toThrow("not wanted");
  });
});

test("cancelling who awaits a running call throws out of its wait there, and its clean-up ends first", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const seen = numbers();
    const task = createTask(async () => await pool.submit(tasks.untilCancelled, seen));
    await reads(seen, 1);
    task.cancel("the client left");
    const error = await task.then(null, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CancelledError);
    expect((error as Error).message).toContain("the client left");
    expect(Atomics.load(seen, 0)).toBe(2);
  });
});

test("a loop that never awaits sees that it is to stop, and what it returns counts", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const seen = numbers();
    const call = pool.submit(tasks.spinning, seen);
    await reads(seen, 1);
    expect([call.running(), call.cancel()]).toEqual([true, true]);
    expect(await call).toBe("stopped by the flag");
    expect(pool.statistics().threads).toHaveLength(1);
  });
});

test("a call that does not stop is ended with its thread after the grace period, and the pool goes on", async () => {
  await withPool({ maxWorkers: 1, grace: 20 }, async (pool) => {
    const seen = numbers();
    const call = pool.submit(tasks.spinningForEver, seen);
    const neighbour = pool.submit(square, 6);
    await reads(seen, 1);
    call.cancel();
    const error = await call.then(null, (thrown: unknown) => thrown);
    expect(isCancelled(error)).toBe(true);
    const turns = Atomics.load(seen, 1);
    expect(await neighbour).toBe(36);
    expect(Atomics.load(seen, 1)).toBe(turns);
  });
});

test("toThread gives the result of a function on another thread (CPython: test_threads ToThreadTests.test_to_thread, ToThreadTests.test_to_thread_args_kwargs)", async () => {
  expect(await toThread(add, 40, 2)).toBe(42);
  expect(await toThread(divmod, 17, 5)).toEqual([3, 2]);
});

test("toThread throws what the function throws (CPython: test_threads ToThreadTests.test_to_thread_exception)", async () => {
  await expect(toThread(tasks.failing, 1)).rejects.toThrow(RangeError);
});

test("toThread calls the function once (CPython: test_threads ToThreadTests.test_to_thread_once)", async () => {
  const counter = numbers();
  await toThread(tasks.count, counter);
  expect(Atomics.load(counter, 0)).toBe(1);
});

test("toThread can be called many times at once (CPython: test_threads ToThreadTests.test_to_thread_concurrent)", async () => {
  const counter = numbers();
  await Promise.all(Array.from({ length: 10 }, () => toThread(tasks.count, counter)));
  expect(Atomics.load(counter, 0)).toBe(10);
});

test("context variables arrive on the thread (CPython: test_threads ToThreadTests.test_to_thread_contextvars)", async () => {
  const user = new ContextVar("user", { defaultValue: "nobody" });
  await createTask(async () => {
    user.set("parrot");
    expect(await toThread(tasks.whoIsIt)).toBe("parrot");
  });
  expect(await toThread(tasks.whoIsIt)).toBe("nobody");
});

test("a call is a task on its thread, named after its function", async () => {
  expect(await runInExecutor(null, tasks.taskName)).toBe("taskName");
});

test("the default executor is waited for no longer than allowed, and then it is reported (CPython: test_base_events BaseEventLoopTests.test_shutdown_default_executor_timeout)", async () => {
  const reports: ExceptionContext[] = [];
  const gate = numbers();
  await run(async () => {
    getRunningLoop().setExceptionHandler((context) => reports.push(context));
    const call = getDefaultExecutor().submit(atGate, gate);
    await shutdownDefaultExecutor(1);
    expect(call.done()).toBe(false);
    expect(() => getDefaultExecutor().submit(square, 1)).toThrow(ExecutorShutdownError);
    Atomics.store(gate, 0, 5);
    Atomics.notify(gate, 0);
    expect(await call).toBe(5);
  });
  getRunningLoop().setExceptionHandler(null);
  expect(reports).toHaveLength(1);
  expect(reports[0]?.message).toMatch(
    /^the default executor did not end its calls within 1 ms: Thr/,
  );
});

test("outside run, a default executor that was shut down is replaced by the next call", async () => {
  expect(await toThread(square, 3)).toBe(9);
  await shutdownDefaultExecutor();
  expect(await toThread(square, 4)).toBe(16);
});

test("a pool prints how much it has to do", async () => {
  await withPool({ maxWorkers: 2 }, async (pool) => {
    expect(inspect(pool)).toBe("ThreadPoolExecutor { threads: 0 of 2, running: 0, waiting: 0 }");
    await pool.shutdown();
    expect(inspect(pool)).toContain("shut down");
  });
});

test("a synchronous call leaves the loop free", async () => {
  const call = toThread(blocking, 20);
  let turns = 0;
  while (turns < 3) {
    await sleep(1);
    turns++;
  }
  expect(await call).toBe(20);
});
