/**
 * What only pools of processes do. Real processes, so real time; files stand where a sleep would.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { isCancelled, sleep, wait } from "ambit";
import {
  BrokenProcessPool,
  ExecutorShutdownError,
  ProcessPoolExecutor,
  type ProcessPoolOptions,
  transfer,
  WorkerLostError,
} from "ambit/futures";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import * as files from "./fileTasks.mjs";
import * as tasks from "./tasks.mjs";

const { square } = tasks;
const folder = mkdtempSync(join(tmpdir(), "ambit-processes-"));
afterAll(() => rmSync(folder, { recursive: true }));

let paths = 0;
const path = (): string => join(folder, String(paths++));

async function appears(file: string): Promise<string> {
  while (!existsSync(file)) await sleep(1);
  return readFileSync(file, "utf8").trim();
}

async function withPool<T>(
  options: ProcessPoolOptions,
  body: (pool: ProcessPoolExecutor) => Promise<T>,
): Promise<T> {
  const pool = new ProcessPoolExecutor(options);
  try {
    return await body(pool);
  } finally {
    await pool.shutdown();
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended and that nobody has asked for yet is none any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ends(pid: number): Promise<void> {
  while (alive(pid)) await sleep(2);
}

const pidsOf = (pool: ProcessPoolExecutor): number[] =>
  pool.statistics().processes.map(({ pid }) => pid);

/** How often each id is in a log. */
function runsIn(log: string): Map<number, number> {
  const runs = new Map<number, number>();
  if (!existsSync(log)) return runs;
  for (const line of readFileSync(log, "utf8").split("\n")) {
    if (line !== "") runs.set(Number(line), (runs.get(Number(line)) ?? 0) + 1);
  }
  return runs;
}

test("a call runs in another process, which is used again and has the pool's name", async () => {
  await withPool({ maxWorkers: 2, processNamePrefix: "Special" }, async (pool) => {
    const pid = await pool.submit(files.pid);
    expect(pid).not.toBe(process.pid);
    expect(await pool.submit(files.pid)).toBe(pid);
    expect(pool.statistics()).toMatchObject({
      processes: [{ name: "Special_0", pid }],
      maxWorkers: 2,
      waiting: 0,
    });
    expect(inspect(pool)).toMatch(/^ProcessPoolExecutor \{ processes: 1 of 2, running: \d/);
  });
});

test("there are at most as many processes as the machine runs at once, unless told otherwise", async () => {
  const pool = new ProcessPoolExecutor();
  expect(pool.statistics().maxWorkers).toBe(availableParallelism());
  await pool.shutdown();
});

test.each([
  [{ maxWorkers: 0 }, "Expected `options.maxWorkers` to be an integer of at least 1"],
  [{ maxTasksPerChild: 0 }, "Expected `options.maxTasksPerChild`"],
  [{ grace: NaN }, "Expected `options.grace`"],
  [{ maxOldGenerationSizeMb: 3 }, "Expected `options.maxOldGenerationSizeMb`"],
  [{ execArgv: "--flag" as never }, "Expected `options.execArgv` to be a list of flags"],
  [{ env: "A=1" as never }, "Expected `options.env` to be an object"],
])("the options %j are refused", (options, words) => {
  expect(() => new ProcessPoolExecutor(options)).toThrow(words);
});

test("a process is replaced after maxTasksPerChild calls (CPython: concurrent.futures ProcessPoolExecutorTest.test_max_tasks_per_child)", async () => {
  await withPool({ maxWorkers: 1, maxTasksPerChild: 3 }, async (pool) => {
    const pids = await Promise.all(Array.from({ length: 7 }, () => pool.submit(files.pid)));
    expect(new Set(pids.slice(0, 3)).size).toBe(1);
    expect(new Set(pids.slice(3, 6)).size).toBe(1);
    expect(new Set(pids).size).toBe(3);
  });
});

test("a shutdown ends with processes that were about to be replaced (CPython: concurrent.futures ProcessPoolExecutorTest.test_max_tasks_early_shutdown)", async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 2, maxTasksPerChild: 1 });
  const calls = Array.from({ length: 5 }, (_, x) => pool.submit(square, x));
  await pool.shutdown();
  expect(calls.map((call) => call.result())).toEqual([0, 1, 4, 9, 16]);
});

test("flags, environment and heap are as told", async () => {
  const options = { maxWorkers: 1, execArgv: ["--no-warnings"], maxOldGenerationSizeMb: 64 };
  await withPool({ ...options, env: { ...process.env, AMBIT_TEST: "here" } }, async (pool) => {
    const [flags, name, value] = await pool.submit(files.argv);
    expect(flags).toEqual(["--no-warnings", "--max-old-space-size=64"]);
    expect([name, value]).toEqual([expect.stringMatching(/^ProcessPoolExecutor-\d+_0$/), "here"]);
  });
});

test("flags that Node.js refuses break the pool, and no call hangs", async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 1, execArgv: ["--no-such-flag"] });
  await expect(pool.submit(square, 1)).rejects.toThrow(BrokenProcessPool);
  await pool.shutdown();
});

test("what transfer marks is copied, and shared memory is refused", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const bytes = new Uint8Array(1000);
    expect(await pool.submit(tasks.lengthOf, transfer(bytes))).toBe(1000);
    expect(bytes.byteLength).toBe(1000);
    const shared = { deep: [new Int32Array(new SharedArrayBuffer(8))] };
    const call = pool.submit(files.echo, shared);
    await expect(call).rejects.toThrow("args[0].deep[0] cannot be cloned for another process");
    await expect(call).rejects.toMatchObject({
      cause: { message: expect.stringContaining("SharedArrayBuffer") as string },
    });
    expect(await pool.submit(square, 3)).toBe(9);
  });
});

test("a process that exits by itself fails the call that it ran, and is replaced", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    await expect(pool.submit(files.exitCleanly)).rejects.toMatchObject({
      name: "WorkerLostError",
      exitCode: 0,
    });
    expect(await pool.submit(square, 3)).toBe(9);
  });
});

test("a process that somebody kills fails the call that it ran, and calls behind it run once (CPython, differs: concurrent.futures ProcessPoolExecutorTest.test_killed_child)", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const [begun, log] = [path(), path()];
    const call = pool.submit(files.spinningForEver, begun);
    const behind = pool.submit(files.note, log, 1);
    await appears(begun);
    const [pid] = pidsOf(pool);
    process.kill(pid as number, "SIGKILL");
    await expect(call).rejects.toThrow(/was ended by SIGKILL.* while it ran 'spinningForEver'/);
    await expect(call).rejects.toMatchObject({ exitCode: -9 });
    expect(await behind).toBe(1);
    expect(runsIn(log)).toEqual(new Map([[1, 1]]));
  });
});

test("a process that is out of memory fails its call with an error that says so", async () => {
  await withPool({ maxWorkers: 1, maxOldGenerationSizeMb: 32 }, async (pool) => {
    const call = pool.submit(files.fillMemory);
    await expect(call).rejects.toThrow(WorkerLostError);
    await expect(call).rejects.toThrow(/out of memory \(its heap of 32 MiB was full\)/);
    expect(await pool.submit(square, 3)).toBe(9);
  });
});

test("a cancel kills native code, and what a call has started and waits for", async () => {
  await withPool({ maxWorkers: 2, grace: 1 }, async (pool) => {
    const [hashing, executing] = [path(), path()];
    const calls = [
      pool.submit(files.hashingForEver, hashing),
      pool.submit(files.executingForEver, executing),
    ];
    const hasher = Number(await appears(hashing));
    const sleeper = Number(await appears(executing));
    expect([alive(hasher), alive(sleeper)]).toEqual([true, true]);
    for (const call of calls) call.cancel();
    for (const call of calls)
      expect(isCancelled(await call.then(null, (error: unknown) => error))).toBe(true);
    await ends(hasher);
    await ends(sleeper);
    expect(await pool.submit(square, 3)).toBe(9);
  });
});

test.each(["SIGTERM", "SIGKILL"] as const)(
  "processes ended by %s fail what they ran, and what waits is cancelled",
  async (signal) => {
    const pool = new ProcessPoolExecutor({ maxWorkers: 2 });
    const begun = path();
    const running = pool.submit(files.spinningForEver, begun);
    await appears(begun);
    const waiting = Array.from({ length: 5 }, () => pool.submit(files.atGate, path()));
    while (pool.statistics().running < 2) await sleep(1);
    const pids = pidsOf(pool);
    await (signal === "SIGTERM" ? pool.terminateWorkers() : pool.killWorkers());
    expect(pids.map(alive)).toEqual([false, false]);
    expect(running.exception()).toBeInstanceOf(BrokenProcessPool);
    expect(String(running.exception())).toContain(signal);
    expect(waiting.slice(1).every((call) => call.cancelled())).toBe(true);
    expect(waiting[0]?.done()).toBe(true);
    expect(() => pool.submit(square, 1)).toThrow(ExecutorShutdownError);
    await Promise.allSettled(waiting);
  },
);

test("ending the processes of a pool that has none, or again, is fine", async () => {
  const pool = new ProcessPoolExecutor({ maxWorkers: 1 });
  await pool.killWorkers();
  await pool.terminateWorkers();
  await pool.shutdown();
  expect(pool.statistics().processes).toEqual([]);
});

test("of calls that were sent together, none that has begun runs twice when the process is killed", async () => {
  await withPool({ maxWorkers: 1 }, async (pool) => {
    const log = path();
    // Known to be quick from now on, so that the next ones travel together.
    for (let at = 0; at < 20; at++) await pool.submit(files.noteOrDie, path(), 0, -1);
    const calls = Array.from({ length: 100 }, (_, id) => pool.submit(files.noteOrDie, log, id, 50));
    await Promise.allSettled(calls);
    const runs = runsIn(log);
    expect([...runs.values()].every((times) => times === 1)).toBe(true);
    expect(runs.size).toBe(100);
    expect(calls[50]?.exception()).toBeInstanceOf(WorkerLostError);
    for (const call of calls.slice(51)) expect(call.exception()).toBeUndefined();
  });
});

test("kill -9 at any moment: every call ends, none runs twice, and what has a result ran once", async () => {
  const schedule = fc.record({
    calls: fc.integer({ min: 20, max: 200 }),
    ms: fc.constantFrom(0, 0, 0.2, 1),
    // After so many calls have run, a process is killed.
    kills: fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 3 }),
    cancels: fc.array(fc.nat(199), { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(schedule, async ({ calls: count, ms, kills, cancels }) => {
      const log = path();
      const pool = new ProcessPoolExecutor({ maxWorkers: 2, grace: 50 });
      for (let at = 0; at < 4; at++) await pool.submit(files.noteSlowly, path(), 0, 0);
      const calls = Array.from({ length: count }, (_, id) =>
        pool.submit(files.noteSlowly, log, id, ms),
      );
      const all = wait(calls);
      for (const at of cancels) calls[at]?.cancel();
      for (const after of kills.toSorted((a, b) => a - b)) {
        while (runsIn(log).size < after && !calls.every((call) => call.done())) await sleep(0);
        const [pid] = pidsOf(pool);
        if (pid !== undefined && pid > 0 && alive(pid)) process.kill(pid, "SIGKILL");
      }
      await all;
      await pool.shutdown();
      const runs = runsIn(log);
      for (const [id, call] of calls.entries()) {
        const times = runs.get(id) ?? 0;
        expect(times).toBeLessThanOrEqual(1);
        if (call.cancelled()) continue;
        const error = call.exception();
        const right =
          error === undefined
            ? times === 1 && call.result() === id
            : error instanceof WorkerLostError;
        expect(right, String(error)).toBe(true);
      }
      rmSync(log, { force: true });
    }),
    { numRuns: 4 },
  );
});
