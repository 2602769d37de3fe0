/**
 * Async functions on another thread's loop: what `asyncio.run_coroutine_threadsafe` does, by a call of a pool. Real
 * threads, so real time.
 */
import { CancelledError, getRunningLoop, sleep, timeout, TimeoutError } from "ambit";
import { ThreadPoolExecutor } from "ambit/futures";
import { expect, test } from "vitest";
import { addLater, breakTaskFactory, napping, untilCancelled } from "./tasks.mjs";

async function withThread<T>(body: (pool: ThreadPoolExecutor) => Promise<T>): Promise<T> {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  try {
    return await body(pool);
  } finally {
    await pool.shutdown();
  }
}

test("an async function runs on the thread's own loop and gives its result (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe)", async () => {
  await withThread(async (pool) => {
    expect(await pool.submit(addLater, 1, 2)).toBe(3);
    expect(await pool.submit(napping, 1, "rested")).toBe("rested");
  });
});

test("what an async function throws after a wait is thrown here (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_exception)", async () => {
  await withThread(async (pool) => {
    const call = pool.submit(addLater, 1, 2, { fail: true });
    await expect(call).rejects.toThrow("Fail!");
  });
});

test("a deadline here ends the wait there, after its clean-up (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_timeout)", async () => {
  await withThread(async (pool) => {
    const seen = new Int32Array(new SharedArrayBuffer(4));
    const call = pool.submit(untilCancelled, seen);
    const limited = timeout(60_000, async (limit) => {
      while (Atomics.load(seen, 0) !== 1) await sleep(1);
      limit.reschedule(getRunningLoop().time());
      return await call;
    });
    await expect(limited).rejects.toThrow(TimeoutError);
    expect([call.cancelled(), pool.statistics().running]).toEqual([true, 0]);
    expect(Atomics.load(seen, 0)).toBe(2);
  });
});

test("an async function that cancels its own task gives a call that was cancelled (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_cancelled)", async () => {
  await withThread(async (pool) => {
    const call = pool.submit(addLater, 1, 2, { cancel: true });
    await expect(call).rejects.toThrow(CancelledError);
    expect(call.cancelled()).toBe(true);
  });
});

test("a task factory that throws there is a failure of the call here (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_factory_exception)", async () => {
  await withThread(async (pool) => {
    await pool.submit(breakTaskFactory);
    await expect(pool.submit(addLater, 1, 2)).rejects.toThrow("no tasks here");
  });
});
