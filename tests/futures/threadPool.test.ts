/**
 * Real threads, so real time: nothing here waits longer than a thread takes to start, and gates in shared memory stand
 * where a sleep would.
 */
import { availableParallelism } from "node:os";
import { inspect } from "node:util";
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
  BrokenThreadPool,
  ExecutorShutdownError,
  getDefaultExecutor,
  runInExecutor,
  shutdownDefaultExecutor,
  ThreadPoolExecutor,
  toThread,
  UnreachableFunctionError,
  WorkerLostError,
} from "ambit/futures";
import { runVirtual } from "ambit/testing";
import { afterAll, expect, test } from "vitest";
import * as tasks from "./tasks.mjs";

afterAll(() => shutdownDefaultExecutor());

const { abs, add, atGate, blocking, divmod, napping, square } = tasks;

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

test("map gives results in the order of the items, whatever their calls take", async () => {
  await withPool({ maxWorkers: 2 }, async (pool) => {
    const seen: unknown[] = [];
    for await (const x of pool.map(napping, [20, 1, 10])) seen.push(x);
    expect(seen).toEqual([undefined, undefined, undefined]);
    const values: number[] = [];
    for await (const x of pool.map(square, [1, 2, 3, 4, 5], { chunkSize: 2 })) values.push(x);
    expect(values).toEqual([1, 4, 9, 16, 25]);
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

test("map with a buffer reads its items only as the results are taken", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    let read = 0;
    function* items(): Iterable<number> {
      for (let x = 1; x <= 10; x++) {
        read++;
        yield x;
      }
    }
    const values: number[] = [];
    for await (const x of pool.map(square, items(), { bufferSize: 2 })) {
      values.push(x);
      expect(read).toBeLessThanOrEqual(values.length + 2);
      if (values.length === 3) break;
    }
    expect(values).toEqual([1, 4, 9]);
    expect(read).toBe(5);
  });
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

test("a failure of a mapped call is thrown when its turn comes, and cancels the rest", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const results = pool.map(tasks.failing, [7, 8]);
    await expect(results.next()).rejects.toThrow("no 7");
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });
});

test("after a shutdown no call is taken on (CPython: concurrent.futures ExecutorShutdownTest.test_run_after_shutdown)", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  await pool.shutdown();
  expect(() => pool.submit(add, 2, 5)).toThrow(ExecutorShutdownError);
  expect(() => pool.map(square, [1])).toThrow("it takes no calls after shutdown");
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

test("a call that is cancelled right before a shutdown does not hold it up (CPython: concurrent.futures ExecutorShutdownTest.test_hang_gh94440)", async () => {
  for (const calls of [1, 3]) {
    const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
    const futures = Array.from({ length: calls }, () => pool.submit(square, 4));
    for (const future of futures) expect(future.cancel()).toBe(true);
    await pool.shutdown();
    expect(futures.every((future) => future.cancelled())).toBe(true);
  }
});

test("waiting for many calls that end at once misses none (CPython: concurrent.futures ThreadPoolWaitTests.test_pending_calls_race)", async () => {
  await withPool({ maxWorkers: 2 }, async (pool) => {
    const calls = Array.from({ length: 100 }, (_, x) => pool.submit(square, x));
    const { done, pending } = await wait(calls);
    expect([done.size, pending.size]).toEqual([100, 0]);
  });
});

test("an error comes back with its class, fields, cause and the stack of the thread", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const call = pool.submit(tasks.failing, 5);
    await expect(call).rejects.toThrow(RangeError);
    const error = call.exception() as RangeError & { code: string };
    expect(error.message).toBe("no 5");
    expect(error.code).toBe("E_NO");
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.stack).toContain("tasks.mjs");
    expect(inspect(error)).toContain("RangeError: no 5");
    await expect(pool.submit(tasks.failingOwn)).rejects.toMatchObject({
      name: "OwnError",
      message: "own",
    });
  });
});

test("what cannot be cloned is named by its path, and harms no other call", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const bad = pool.submit(square, { x: [1, () => 1] } as never);
    const good = pool.submit(square, 3);
    await expect(bad).rejects.toThrow("submit of 'square': args[0].x[1] cannot be cloned");
    expect(await good).toBe(9);
    await expect(pool.submit(tasks.returnsFunction)).rejects.toThrow(
      "the result.deep[0] cannot be cloned for the thread that called",
    );
  });
});

test("a function that no thread can find is refused with what to do", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const local = (): number => 1;
    await expect(pool.submit(local)).rejects.toThrow(UnreachableFunctionError);
    await expect(pool.submit(local)).rejects.toThrow(
      /'local', which another thread cannot find.*task\(/s,
    );
    await expect(pool.submit(Math.max, 1, 2)).rejects.toThrow("it is native or bound");
    expect(await pool.submit(square, 2)).toBe(4);
  });
});

test("a module's functions can be called by its URL", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const there = pool.module<typeof tasks>(new URL("./tasks.mjs", import.meta.url));
    expect(await there.add(1, 2)).toBe(3);
    await expect((there as unknown as { nothing(): Promise<void> }).nothing()).rejects.toThrow(
      "exports no function 'nothing'",
    );
  });
});

test("the initializer runs in each thread before its first call", async () => {
  await withPool(
    { maxWorkers: 1, initializer: tasks.initialize, initArgs: ["yes"] },
    async (pool) => {
      expect(await pool.submit(tasks.seesInitialized)).toBe("yes");
    },
  );
});

test("a failing initializer breaks the pool: its calls fail, and it takes no more", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1, initializer: tasks.failingInitializer });
  const calls = [pool.submit(square, 1), pool.submit(square, 2)];
  for (const call of calls) await expect(call).rejects.toThrow(BrokenThreadPool);
  expect(calls[0]?.exception()).toMatchObject({ cause: { message: "the initializer failed" } });
  expect(() => pool.submit(square, 3)).toThrow(BrokenThreadPool);
  await pool.shutdown();
});

test("a thread that ends under a call fails that call alone, and is replaced", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const lost = pool.submit(tasks.leaving);
    const next = pool.submit(square, 5);
    await expect(lost).rejects.toThrow(WorkerLostError);
    await expect(lost).rejects.toMatchObject({ exitCode: 3 });
    expect(await next).toBe(25);
  });
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

test("a call that is cancelled while its module is loaded never runs", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const counter = numbers();
    const url = new URL("./slowModule.mjs", import.meta.url);
    const call = pool.module<typeof import("./slowModule.mjs")>(url).countLater(counter);
    await call; // not cancelled, it runs
    const other = new ThreadPoolExecutor({ maxWorkers: 1 });
    await other.submit(square, 1); // its thread runs
    const cut = other.module<typeof import("./slowModule.mjs")>(url).countLater(counter);
    while (!cut.running()) await sleep(1);
    await sleep(5);
    cut.cancel();
    await expect(cut).rejects.toThrow(CancelledError);
    await other.shutdown();
    expect(Atomics.load(counter, 0)).toBe(1);
  });
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

test("two who ask a mapping at once get a result each", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const results = pool.map(square, [1, 2, 3]);
    const given = await Promise.all([results.next(), results.next(), results.next()]);
    expect(given.map(({ value }) => value as number)).toEqual([1, 4, 9]);
    expect((await results.next()).done).toBe(true);
  });
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

test("many small calls go out in batches and all come back", async () => {
  await withPool({ maxWorkers: 2 }, async (pool) => {
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 2000 }, (_, x) => pool.submit(add, x, round));
      const results = await Promise.all(calls);
      expect(results).toEqual(Array.from({ length: 2000 }, (_, x) => x + round));
    }
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
