/**
 * Generators that run on other threads, and whoever reads them. Real threads, so real time.
 */
import { createTask, isCancelled, run, sleep, timeout, TimeoutError } from "ambit";
import { callback, ProcessPoolExecutor, ThreadPoolExecutor, WorkerLostError } from "ambit/futures";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as tasks from "./talkTasks.mjs";

let pool: ThreadPoolExecutor;
beforeAll(() => void (pool = new ThreadPoolExecutor({ maxWorkers: 1 })));
afterAll(() => pool.shutdown());

const numbers = () => new Int32Array(new SharedArrayBuffer(8));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

test("items of an async generator come in order, however many", async () => {
  expect(await all(pool.stream(tasks.counting, 5))).toEqual([0, 1, 2, 3, 4]);
  const many = await all(pool.stream(tasks.counting, 5000));
  expect(many).toEqual(Array.from({ length: 5000 }, (_, n) => n));
});

test("so do those of a sync generator, and of an iterable that is given later", async () => {
  expect(await all(pool.stream(tasks.squares, 4))).toEqual([0, 1, 4, 9]);
  expect(await all(pool.stream(tasks.laterArray, 3))).toEqual([0, 1, 2]);
  expect(await all(pool.stream(tasks.squares, 0))).toEqual([]);
});

test("a module's generators are streamed by their names", async () => {
  const url = new URL("./talkTasks.mjs", import.meta.url);
  const there = pool.module<typeof tasks>(url);
  expect(await all(there.squares.stream(3))).toEqual([0, 1, 4]);
});

test("the generator is ahead of its reader by no more than the buffer", async () => {
  const made = numbers();
  const stream = pool.withOptions({ bufferSize: 4 }).stream(tasks.counting, 1000, made);
  const seen: number[] = [];
  for await (const item of stream) {
    seen.push(item);
    if (seen.length % 10 === 0) await sleep(2);
    expect(Atomics.load(made, 0)).toBeLessThanOrEqual(seen.length + 4);
    if (seen.length === 50) break;
  }
  expect(seen.at(-1)).toBe(49);
});

test("leaving the loop runs the generator's clean-up, and goes on after it", async () => {
  const made = numbers();
  for await (const item of pool.stream(tasks.counting, 1_000_000, made)) if (item === 3) break;
  expect(Atomics.load(made, 1)).toBe(1);
  expect(Atomics.load(made, 0)).toBeLessThan(200);
});

test("leaving the loop interrupts the generator's wait", async () => {
  const seen = numbers();
  for await (const item of pool.stream(tasks.waiting, seen)) {
    expect(item).toBe("first");
    break;
  }
  expect(Atomics.load(seen, 0)).toBe(1);
});

test("a reader that is cancelled ends the generator, and then goes on", async () => {
  const seen = numbers();
  const task = createTask(async () => await all(pool.stream(tasks.waiting, seen)));
  await sleep(20);
  task.cancel();
  expect(isCancelled(await task.then(null, (error: unknown) => error))).toBe(true);
  expect(pool.statistics().running).toBe(0);
});

test("a reader that runs out of time ends the generator", async () => {
  const seen = numbers();
  const stream = pool.stream(tasks.waiting, seen);
  expect(await stream.next()).toEqual({ done: false, value: "first" });
  await expect(timeout(5, () => stream.next())).rejects.toThrow(TimeoutError);
  expect(Atomics.load(seen, 0)).toBe(1);
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

test("a generator that never awaits sees that it is to stop", async () => {
  const seen = numbers();
  const stream = pool.withOptions({ bufferSize: 1 }).stream(tasks.spinning, seen);
  await stream.next();
  while (Atomics.load(seen, 0) === 0) await sleep(1);
  await stream.return();
  expect(Atomics.load(seen, 1)).toBe(1);
});

test("what the generator throws comes after its items", async () => {
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const item of pool.stream(tasks.failingAfter, 3)) seen.push(item);
  };
  await expect(read()).rejects.toThrow(new RangeError("no more"));
  expect(seen).toEqual([0, 1, 4]);
});

test("what its clean-up throws is thrown where the loop is left", async () => {
  const stream = pool.withOptions({ bufferSize: 1 }).stream(tasks.failingCleanUp);
  await stream.next();
  await expect(stream.return()).rejects.toThrow("the clean-up failed");
});

test("an item that cannot be cloned ends the stream, and is named", async () => {
  await expect(all(pool.stream(tasks.unclonable))).rejects.toThrow(
    /items of the stream\[\d\]\.deep\[0\] cannot be cloned for the thread that called/,
  );
});

test("items that are marked are moved", async () => {
  const sizes: number[] = [];
  for await (const bytes of pool.stream(tasks.buffers, 200)) {
    expect(bytes[999]).toBe(sizes.length % 256);
    sizes.push(bytes.byteLength);
  }
  expect(new Set(sizes)).toEqual(new Set([1000]));
});

test("a function that gives no iterable is refused, and so is a generator that is not streamed", async () => {
  await expect(all(pool.stream(tasks.notIterable as never))).rejects.toThrow(
    "stream of 'notIterable': it gave no iterable",
  );
  await expect(pool.submit(tasks.squares, 3)).rejects.toThrow(
    "it is a generator: call it with executor.stream(fn, …args)",
  );
});

test("a worker that is lost ends the stream after the items that came", async () => {
  const seen: number[] = [];
  const read = async (): Promise<void> => {
    for await (const item of pool.withOptions({ bufferSize: 1 }).stream(tasks.leavingAfter))
      seen.push(item);
  };
  await expect(read()).rejects.toThrow(WorkerLostError);
  expect(seen).toEqual([0, 1, 2]);
});

test("a stream that nobody reads and that is disposed of ends before it began", async () => {
  const made = numbers();
  const busy = pool.submit(tasks.slowly, 1, 20);
  const stream = pool.stream(tasks.counting, 10, made);
  await stream[Symbol.asyncDispose]();
  expect(await busy).toBe(1);
  expect(Atomics.load(made, 0)).toBe(0);
});

test("processes stream, too, and call back", async () => {
  await run(async () => {
    await using processes = new ProcessPoolExecutor({ maxWorkers: 1 });
    const made: number[] = [];
    for await (const item of processes.stream(tasks.counting, 100_000))
      if (made.push(item) === 500) break;
    expect(made).toEqual(Array.from({ length: 500 }, (_, n) => n));
    await expect(all(processes.stream(tasks.failingAfter, 2))).rejects.toThrow("no more");
    await expect(all(processes.stream(tasks.unclonable))).rejects.toThrow("cannot be cloned");
    const ask = callback((n: number) => n * 10);
    expect(await processes.submit(tasks.sumOf, ask, 200)).toBe(199_000);
  });
});

test("a buffer of less than one item is refused", () => {
  expect(() => pool.withOptions({ bufferSize: 0 })).toThrow("Expected `options.bufferSize`");
  expect(() => pool.withOptions({ abandonOnCancel: 1 as never })).toThrow(
    "Expected `options.abandonOnCancel`",
  );
});
