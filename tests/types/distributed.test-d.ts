/**
 * The types of calls on other machines: arguments and results are the function's, as with every executor. Checked by
 * tests/project/types.test.ts; never run.
 */
import {
  type CurrentCall,
  currentCall,
  DistributedExecutor,
  DistributedWorker,
  type QueueStatistics,
  task,
} from "ambit/distributed";
import type { ConcurrentFuture, Executor } from "ambit/futures";
import { expectTypeOf, test } from "vitest";

declare const executor: DistributedExecutor;
declare function resize(url: string, width: number): Promise<Uint8Array>;

test("a task is the function that it was made of", () => {
  expectTypeOf(task("image.resize", resize)).toExtend<typeof resize>();
  // @ts-expect-error -- no function
  void task("image.resize", 7);
});

test("it is an executor: submit and map check arguments, and give awaited results", () => {
  expectTypeOf(executor).toExtend<Executor>();
  expectTypeOf(() => executor.submit(resize, "a", 1)).returns.toEqualTypeOf<
    ConcurrentFuture<Uint8Array>
  >();
  expectTypeOf(() =>
    executor.map((n: number) => String(n), [1], { chunkSize: 10 }),
  ).returns.toEqualTypeOf<AsyncIterableIterator<string>>();
  // @ts-expect-error -- an argument is of the wrong type
  void executor.submit(resize, "a", "1");
});

test("options of calls give another view of the same executor", () => {
  expectTypeOf(() =>
    executor.with({ priority: 1, delay: 5, attempts: 3, deduplicationKey: "k" }),
  ).returns.toEqualTypeOf<DistributedExecutor>();
  // @ts-expect-error -- no such option
  void executor.with({ urgency: 1 });
  // @ts-expect-error -- one of two
  void new DistributedExecutor({ orphans: "keep" });
});

test("what can be asked", () => {
  expectTypeOf(executor.queueStatistics()).resolves.toEqualTypeOf<QueueStatistics>();
  expectTypeOf(currentCall).returns.toEqualTypeOf<CurrentCall | null>();
  expectTypeOf<Parameters<DistributedWorker["close"]>>().toEqualTypeOf<
    [grace?: number | undefined]
  >();
  // @ts-expect-error -- "inline" or an Executor
  void new DistributedWorker({ executor: "threads" });
});
