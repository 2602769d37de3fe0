/**
 * The types of executors: arguments are checked against the function, results are what awaiting them gives.
 */
import {
  callback,
  type ConcurrentFuture,
  errorClass,
  type Executor,
  progress,
  type ResultStream,
  runInExecutor,
  task,
  ThreadPoolExecutor,
  toThread,
  transfer,
} from "ambit/futures";
import { expectTypeOf, test } from "vitest";

declare const executor: Executor;
declare const pool: ThreadPoolExecutor;
declare function add(a: number, b: number): number;
declare function read(path: string, encoding?: "utf8"): Promise<string>;
declare function first<T>(items: readonly T[]): T | undefined;

declare function primes(from: number): AsyncGenerator<bigint>;
declare function first2(): Promise<string[]>;

interface Tasks {
  add: typeof add;
  read: typeof read;
  readonly limit: number;
  readonly Point: new () => object;
}

test("submit checks the arguments, and gives a call of the awaited result", () => {
  expectTypeOf(() => executor.submit(add, 1, 2)).returns.toEqualTypeOf<ConcurrentFuture<number>>();
  expectTypeOf(() => executor.submit(read, "a")).returns.toEqualTypeOf<ConcurrentFuture<string>>();
  expectTypeOf(() => executor.submit(read, "a", "utf8")).returns.toEqualTypeOf<
    ConcurrentFuture<string>
  >();
  expectTypeOf(() => executor.submit(first<number>, [1])).returns.toEqualTypeOf<
    ConcurrentFuture<number | undefined>
  >();
  // @ts-expect-error -- an argument is missing
  void executor.submit(add, 1);
  // @ts-expect-error -- an argument is of the wrong type
  void executor.submit(add, 1, "2");
  // @ts-expect-error -- one argument too many
  void executor.submit(add, 1, 2, 3);
  // @ts-expect-error -- a promise is no function
  void executor.submit(read("a"));
});

test("toThread and runInExecutor do the same, and give a promise", () => {
  expectTypeOf(() => toThread(add, 1, 2)).returns.toEqualTypeOf<Promise<number>>();
  expectTypeOf(() => toThread(read, "a")).returns.toEqualTypeOf<Promise<string>>();
  expectTypeOf(() => runInExecutor(null, add, 1, 2)).returns.toEqualTypeOf<Promise<number>>();
  expectTypeOf(() => runInExecutor(pool, read, "a")).returns.toEqualTypeOf<Promise<string>>();
  // @ts-expect-error -- an argument is of the wrong type
  void toThread(add, "1", 2);
  // @ts-expect-error -- the executor comes first
  void runInExecutor(add, 1, 2);
  // @ts-expect-error -- an argument is of the wrong type
  void runInExecutor(null, read, 5);
});

test("map takes items of the function's argument, and gives awaited results", () => {
  expectTypeOf(() => executor.map(read, ["a", "b"])).returns.toEqualTypeOf<
    AsyncIterableIterator<string>
  >();
  expectTypeOf(() => executor.map((x: number) => x > 1, new Set([1]))).returns.toEqualTypeOf<
    AsyncIterableIterator<boolean>
  >();
  // @ts-expect-error -- items of the wrong type
  void executor.map(read, [1, 2]);
  // @ts-expect-error -- a function of two arguments
  void executor.map(add, [1, 2]);
  // @ts-expect-error -- no such option
  void executor.map(read, ["a"], { chunks: 2 });
});

test("a module's functions are calls of the pool; what is no function is not there", () => {
  const tasks = () => pool.module<Tasks>("file:///tasks.js");
  expectTypeOf(tasks).returns.toHaveProperty("add");
  expectTypeOf(() => tasks().add(1, 2)).returns.toEqualTypeOf<ConcurrentFuture<number>>();
  expectTypeOf(() => tasks().read("a")).returns.toEqualTypeOf<ConcurrentFuture<string>>();
  // @ts-expect-error -- an argument is of the wrong type
  void tasks().add("1", 2);
  // @ts-expect-error -- no function
  void tasks().limit;
  // @ts-expect-error -- a class is not called
  void tasks().Point;
  // @ts-expect-error -- no such function
  void tasks().subtract(1, 2);
});

test("stream gives the items of a generator, or of an iterable", () => {
  const stream = () => pool.stream(primes, 5);
  expectTypeOf(stream).returns.toEqualTypeOf<ResultStream<bigint>>();
  expectTypeOf(() => pool.stream(first2)).returns.toEqualTypeOf<ResultStream<string>>();
  expectTypeOf(stream).returns.toExtend<AsyncIterableIterator<bigint>>();
  const there = () => pool.module<{ primes: typeof primes }>("file:///tasks.js").primes;
  expectTypeOf(() => there().stream(1)).returns.toEqualTypeOf<ResultStream<bigint>>();
  // @ts-expect-error -- a generator is not called
  void there()(1);
  // @ts-expect-error -- a number is no iterable
  void pool.stream(add, 1, 2);
  // @ts-expect-error -- an argument is of the wrong type
  void pool.stream(primes, "5");
});

test("callbacks are functions of the same arguments", () => {
  const ask = () => callback((n: number) => `${n}`);
  expectTypeOf(ask).returns.toEqualTypeOf<(n: number) => Promise<string>>();
  expectTypeOf(() => progress((n: number) => void n)).returns.toEqualTypeOf<(n: number) => void>();
  // @ts-expect-error -- no function
  void callback(5);
  // @ts-expect-error -- no such option
  void progress(() => {}, { often: 5 });
});

test("task, transfer and errorClass give what they were given", () => {
  expectTypeOf(() => task("file:///tasks.js", "add", add)).returns.toEqualTypeOf<typeof add>();
  expectTypeOf(() => transfer(new Uint8Array(1))).returns.toEqualTypeOf<Uint8Array<ArrayBuffer>>();
  class Own extends Error {}
  expectTypeOf(() => errorClass("own", Own)).returns.toEqualTypeOf<typeof Own>();
  // @ts-expect-error -- no function
  void task("file:///tasks.js", "add", 5);
  // @ts-expect-error -- a number cannot be moved
  void transfer(5);
  // @ts-expect-error -- no class of errors
  void errorClass("own", Map);
});
