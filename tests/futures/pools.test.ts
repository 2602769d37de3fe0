/**
 * What pools of threads and pools of processes do alike. Real workers, so real time; files stand where a sleep would.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import {
  CancelledError,
  ContextVar,
  createTask,
  getRunningLoop,
  isCancelled,
  sleep,
  timeout,
  TimeoutError,
  wait,
} from "ambit";
import {
  BrokenProcessPool,
  BrokenThreadPool,
  ExecutorShutdownError,
  ProcessPoolExecutor,
  runInExecutor,
  task as named,
  ThreadPoolExecutor,
  UnreachableFunctionError,
  WorkerLostError,
} from "ambit/futures";
import { afterAll, describe, expect, test } from "vitest";
import { reportUnretrieved } from "../../src/core/unretrieved.ts";
import * as files from "./fileTasks.mjs";
import * as tasks from "./tasks.mjs";

const { add, napping, square } = tasks;
const folder = mkdtempSync(join(tmpdir(), "ambit-pools-"));
afterAll(() => rmSync(folder, { recursive: true }));

let paths = 0;
const path = (): string => join(folder, String(paths++));

async function appears(file: string): Promise<void> {
  while (!existsSync(file)) await sleep(1);
}

interface Options {
  readonly maxWorkers: number;
  readonly grace?: number;
  readonly initializer?: (...args: never[]) => unknown;
  readonly initArgs?: readonly unknown[];
}

describe.each([
  ["thread", (options: Options) => new ThreadPoolExecutor(options), BrokenThreadPool],
  ["process", (options: Options) => new ProcessPoolExecutor(options), BrokenProcessPool],
] as const)("a %s pool", (noun, make, Broken) => {
  async function withPool<T>(
    options: Options,
    body: (pool: ThreadPoolExecutor | ProcessPoolExecutor) => Promise<T>,
  ): Promise<T> {
    const pool = make(options);
    try {
      return await body(pool);
    } finally {
      await pool.shutdown();
    }
  }

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

  test("of a mapping that failed, the failures of the other calls are not told as overlooked", async () => {
    const told: unknown[] = [];
    const loop = getRunningLoop();
    loop.setExceptionHandler(({ exception }) => told.push(exception));
    try {
      await withPool({ maxWorkers: 2, grace: 60_000 }, async (pool) => {
        const results = pool.map(tasks.failingSoon, [true, false]);
        await expect(results.next()).rejects.toThrow("soon");
      });
      reportUnretrieved(null);
    } finally {
      loop.setExceptionHandler(null);
    }
    expect(told).toEqual([]);
  });

  test("a failure of a mapped call is thrown when its turn comes, and cancels the rest", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const results = pool.map(tasks.failing, [7, 8]);
      await expect(results.next()).rejects.toThrow("no 7");
      expect(await results.next()).toEqual({ done: true, value: undefined });
    });
  });

  test("after a shutdown no call is taken on (CPython: concurrent.futures ExecutorShutdownTest.test_run_after_shutdown)", async () => {
    const pool = make({ maxWorkers: 1 });
    await pool.shutdown();
    expect(() => pool.submit(add, 2, 5)).toThrow(ExecutorShutdownError);
    expect(() => pool.map(square, [1])).toThrow("it takes no calls after shutdown");
  });

  test("a call that is cancelled right before a shutdown does not hold it up (CPython: concurrent.futures ExecutorShutdownTest.test_hang_gh94440)", async () => {
    for (const calls of [1, 3]) {
      const pool = make({ maxWorkers: 1 });
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

  test("an error comes back with its class, fields, cause and the stack of the worker", async () => {
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
        `the result.deep[0] cannot be cloned for the ${noun} that called`,
      );
    });
  });

  test("a function that no worker can find is refused with what to do", async () => {
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

  test("the initializer runs in each worker before its first call", async () => {
    await withPool(
      { maxWorkers: 1, initializer: tasks.initialize, initArgs: ["yes"] },
      async (pool) => {
        expect(await pool.submit(tasks.seesInitialized)).toBe("yes");
      },
    );
  });

  test("a failing initializer breaks the pool: its calls fail, and it takes no more", async () => {
    const pool = make({ maxWorkers: 1, initializer: tasks.failingInitializer });
    const calls = [pool.submit(square, 1), pool.submit(square, 2)];
    for (const call of calls) await expect(call).rejects.toThrow(Broken);
    expect(calls[0]?.exception()).toMatchObject({ cause: { message: "the initializer failed" } });
    expect(() => pool.submit(square, 3)).toThrow(Broken);
    await pool.shutdown();
  });

  test("a worker that ends under a call fails that call alone, and is replaced", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const lost = pool.submit(tasks.leaving);
      const next = pool.submit(square, 5);
      await expect(lost).rejects.toThrow(WorkerLostError);
      await expect(lost).rejects.toMatchObject({ exitCode: 3 });
      expect(await next).toBe(25);
    });
  });

  test("two who ask a mapping at once get a result each", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const results = pool.map(square, [1, 2, 3]);
      const given = await Promise.all([results.next(), results.next(), results.next()]);
      expect(given.map(({ value }) => value as number)).toEqual([1, 4, 9]);
      expect((await results.next()).done).toBe(true);
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

  test("calls begin in order, and one that is cancelled while it waits never runs", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const [gate, log] = [path(), path()];
      const first = pool.submit(files.atGate, gate, "open");
      const calls = [1, 2, 3].map((id) => pool.submit(files.note, log, id));
      while (!first.running()) await sleep(1);
      expect(calls[1]?.cancel("not wanted")).toBe(true);
      writeFileSync(gate, "");
      expect(await first).toBe("open");
      await wait(calls);
      expect(await pool.submit(files.read, log)).toBe("1\n3\n");
      await expect(calls[1]).rejects.toThrow("not wanted");
    });
  });

  test("cancelling who awaits a running call throws out of its wait there, and its clean-up ends first", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const [begun, ended] = [path(), path()];
      const task = createTask(async () => await pool.submit(files.untilCancelled, begun, ended));
      await appears(begun);
      task.cancel("the client left");
      const error = await task.then(null, (thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CancelledError);
      expect((error as Error).message).toContain("the client left");
      expect(existsSync(ended)).toBe(true);
    });
  });

  test("a deadline ends a call there", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const [begun, ended] = [path(), path()];
      const limited = timeout(60_000, async (limit) => {
        const call = pool.submit(files.untilCancelled, begun, ended);
        await appears(begun);
        limit.reschedule(0);
        await call;
      });
      await expect(limited).rejects.toThrow(TimeoutError);
      expect(existsSync(ended)).toBe(true);
    });
  });

  test("a loop that never awaits sees that it is to stop, and what it returns counts", async () => {
    await withPool({ maxWorkers: 1, grace: 60_000 }, async (pool) => {
      const begun = path();
      const call = pool.submit(files.spinning, begun);
      await appears(begun);
      expect([call.running(), call.cancel()]).toEqual([true, true]);
      expect(await call).toBe("stopped by the flag");
      expect(await pool.submit(square, 2)).toBe(4);
    });
  });

  test("a call that does not stop is ended with its worker after the grace period, and the pool goes on", async () => {
    await withPool({ maxWorkers: 1, grace: 20 }, async (pool) => {
      const [begun, log] = [path(), path()];
      const call = pool.submit(files.spinningForEver, begun);
      const neighbour = pool.submit(files.note, log, 1);
      await appears(begun);
      call.cancel();
      const error = await call.then(null, (thrown: unknown) => thrown);
      expect(isCancelled(error)).toBe(true);
      expect(await neighbour).toBe(1);
      expect(await pool.submit(files.read, log)).toBe("1\n");
    });
  });

  test("a shutdown with cancelFutures drops what has not begun, and lets the rest end", async () => {
    const gate = path();
    const pool = make({ maxWorkers: 1 });
    const calls = Array.from({ length: 5 }, () => pool.submit(files.atGate, gate, 9));
    while (!(calls[0] as (typeof calls)[0]).running()) await sleep(1);
    const down = pool.shutdown({ cancelFutures: true });
    expect(calls.map((call) => call.cancelled())).toEqual([false, true, true, true, true]);
    writeFileSync(gate, "");
    await down;
    expect(calls[0]?.result()).toBe(9);
  });

  test("context variables arrive", async () => {
    const user = new ContextVar("user", { defaultValue: "nobody" });
    await withPool({ maxWorkers: 1 }, async (pool) => {
      await createTask(async () => {
        user.set("parrot");
        expect(await pool.submit(tasks.whoIsIt)).toBe("parrot");
      });
      expect(await pool.submit(tasks.whoIsIt)).toBe("nobody");
    });
  });

  test("runInExecutor, named functions and Ambit's own tasks work in it", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      expect(await runInExecutor(pool, add, 1, 2)).toBe(3);
      expect(await runInExecutor(pool, tasks.taskName)).toBe("taskName");
      const there = named(new URL("./tasks.mjs", import.meta.url), "square", (x: number) => x);
      expect(await pool.submit(there, 7)).toBe(49);
      await expect(pool.submit(files.failAfter, 1)).rejects.toThrow(RangeError);
    });
  });

  test("an initializer that ends the worker breaks the pool, and no call hangs", async () => {
    const pool = make({ maxWorkers: 1, initializer: files.exitInitializer });
    const calls = [pool.submit(square, 1), pool.submit(square, 2)];
    for (const call of calls) await expect(call).rejects.toThrow(Broken);
    expect(() => pool.submit(square, 3)).toThrow(Broken);
    await pool.shutdown();
  });

  test("large values arrive whole, and typed arrays alone on their buffers", async () => {
    await withPool({ maxWorkers: 1 }, async (pool) => {
      const bytes = Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251);
      expect(Buffer.compare((await pool.submit(files.echo, bytes)) as Uint8Array, bytes)).toBe(0);
      const all = {
        bytes: new Uint8Array([1, 2, 3]),
        view: new DataView(new Uint8Array([9, 8]).buffer),
        when: new Date(0),
        map: new Map([["a", 1]]),
      };
      expect(await pool.submit(files.kinds, all)).toEqual([true, 9, true, 1]);
    });
  });
});
