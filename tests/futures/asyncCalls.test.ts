/**
 * Async functions on a worker's own loop: what `asyncio.run_coroutine_threadsafe` does, by a call of a pool of threads or of
 * processes. Real workers, so real time; files stand where threads could share memory.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { CancelledError, getRunningLoop, sleep, timeout, TimeoutError } from "ambit";
import type { PoolExecutor } from "ambit/futures";
import { afterAll, describe, expect, test } from "vitest";
import { KINDS } from "./executorKinds.ts";
import { untilCancelled } from "./fileTasks.mjs";
import { addLater, breakTaskFactory, napping } from "./tasks.mjs";

const folder = mkdtempSync(join(tmpdir(), "ambit-async-calls-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const freshPath = (): string => join(folder, String(files++));

describe.each(KINDS)("in a %s", (_, { open }) => {
  async function withOne<T>(body: (pool: PoolExecutor) => Promise<T>): Promise<T> {
    const pool = open({ maxWorkers: 1 });
    try {
      return await body(pool);
    } finally {
      await pool.shutdown();
    }
  }

  test("an async function runs on the worker's own loop and gives its result (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe)", async () => {
    await withOne(async (pool) => {
      expect(await pool.submit(addLater, 1, 2)).toBe(3);
      expect(await pool.submit(napping, 1, "rested")).toBe("rested");
    });
  });

  test("what an async function throws after a wait is thrown here (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_exception)", async () => {
    await withOne(async (pool) => {
      const call = pool.submit(addLater, 1, 2, { fail: true });
      await expect(call).rejects.toThrow("Fail!");
    });
  });

  test("a deadline here ends the wait there, after its clean-up (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_with_timeout)", async () => {
    await withOne(async (pool) => {
      const [begun, ended] = [freshPath(), freshPath()];
      const call = pool.submit(untilCancelled, begun, ended);
      const limited = timeout(60_000, async (limit) => {
        while (!existsSync(begun)) await sleep(1);
        limit.reschedule(getRunningLoop().time());
        return await call;
      });
      await expect(limited).rejects.toThrow(TimeoutError);
      expect([call.cancelled(), inspect(pool)]).toEqual([
        true,
        expect.stringContaining("running: 0"),
      ]);
      expect(existsSync(ended)).toBe(true);
    });
  });

  test("an async function that cancels its own task gives a call that was cancelled (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_cancelled)", async () => {
    await withOne(async (pool) => {
      const call = pool.submit(addLater, 1, 2, { cancel: true });
      await expect(call).rejects.toThrow(CancelledError);
      expect(call.cancelled()).toBe(true);
    });
  });

  test("a task factory that throws there is a failure of the call here (CPython: test_tasks RunCoroutineThreadsafeTests.test_run_coroutine_threadsafe_task_factory_exception)", async () => {
    await withOne(async (pool) => {
      await pool.submit(breakTaskFactory);
      await expect(pool.submit(addLater, 1, 2)).rejects.toThrow("no tasks here");
    });
  });
});
