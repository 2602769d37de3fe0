/*
 * Calls that a worker in another process runs: results, errors and what is said of a call.
 */
import { createTask, isCancelled } from "ambit";
import {
  CallDeadlineError,
  DistributedExecutor,
  type DistributedOptions,
  DistributedWorker,
  PayloadTooLargeError,
  task,
  TaskVersionError,
  UnknownTaskError,
  UnregisteredTaskError,
} from "ambit/distributed";
import { ExecutorShutdownError } from "ambit/futures";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import * as tasks from "./tasks.mjs";
import { endWorkers, executorOf, freshQueue, startWorker } from "./workers.ts";

describe.skipIf(redisMissing() !== null)("calls on another machine", () => {
  const served = serveRedis();
  afterAll(endWorkers);

  // One worker for most of the tests: to start a process takes longer than all that they do.
  const queue = "calls";
  beforeAll(async () => {
    await startWorker({
      redis: served.server.url,
      queue,
      executor: "inline",
      concurrency: 8,
      inlineLimit: 1000,
      maxPayload: 100_000,
    });
  });

  function pair(options: DistributedOptions = {}): DistributedExecutor {
    return executorOf(served, queue, options);
  }

  test("a result comes back, and so do those of many calls, in their order", async () => {
    const executor = pair();
    expect(await executor.submit(tasks.add, 1, 2)).toBe(3);
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    const squares: number[] = [];
    for await (const square of executor.map(tasks.square, numbers, { chunkSize: 30 }))
      squares.push(square);
    expect(squares).toEqual(numbers.map((n) => n * n));
    expect(executor.underWay).toBe(0);
  });

  test("functions run in threads of the worker, and see their call and the caller's variables there", async () => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, concurrency: 1 });
    const executor = executorOf(served, queue);
    const first = await executor.submit(tasks.call);
    expect(first).toMatchObject({ name: "test.call", attempt: 1, idempotencyKey: first?.id });
    await createTask(async () => {
      tasks.user.set("ada");
      expect(await executor.submit(tasks.whoIsIt)).toBe("ada");
    });
    const squares: number[] = [];
    for await (const each of executor.map(tasks.square, [1, 2, 3], { chunkSize: 2 }))
      squares.push(each);
    expect(squares).toEqual([1, 4, 9]);
  });

  test("whatever can be cloned arrives as it was", async () => {
    const executor = pair();
    await fc.assert(
      fc.asyncProperty(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
        }),
        async (value) => {
          expect(await executor.submit(tasks.echo, value)).toStrictEqual(structuredClone(value));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("an error comes back with its fields, its cause and both stacks", async () => {
    const executor = pair();
    const call = executor.submit(tasks.print, 3);
    const error = await call.then(
      () => null,
      (thrown: unknown) => thrown as InstanceType<typeof tasks.OutOfPaper>,
    );
    expect(error).toBeInstanceOf(tasks.OutOfPaper);
    expect(error).toMatchObject({ message: "out of paper", sheets: 3 });
    expect(error?.cause).toBeInstanceOf(RangeError);
    expect(error?.stack).toMatch(/tasks\.mjs[^]*'test\.print' was submitted[^]*calls\.test\.ts/);
  });

  test("what fails is tried again, as often as was said", async () => {
    const executor = pair();
    expect(await executor.with({ attempts: 3, backoff: 1 }).submit(tasks.flaky, 2)).toBe(3);
    const fixed = { type: "fixed", delay: 1, jitter: 0.5 } as const;
    await expect(
      executor.with({ attempts: 2, backoff: fixed }).submit(tasks.flaky, 2),
    ).rejects.toThrow("attempt 2 failed");
  });

  test("a failed chunk fails the mapping", async () => {
    const executor = pair();
    const mapping = executor.map(tasks.print, [1, 2, 3], { chunkSize: 2 });
    await expect(mapping.next()).rejects.toThrow("out of paper");
    expect((await mapping.next()).done).toBe(true);
  });

  test.each([
    ["the worker itself", { executor: "inline" }],
    ["a thread of the worker", {}],
    ["a process of the worker", { processes: true }],
  ] as const)("progress is heard on the way, from %s", async (_, how) => {
    const queue = freshQueue();
    await startWorker({ redis: served.server.url, queue, concurrency: 1, ...how });
    const executor = executorOf(served, queue);
    const heard: unknown[] = [];
    const calls = executor.with({ onProgress: (value) => heard.push(value) });
    expect(await calls.submit(tasks.steps, 3)).toBe("done");
    expect(heard).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
  });

  test("calls of one deduplication key are one call, then and later", async () => {
    const executor = pair();
    const once = executor.with({ deduplicationKey: "order 7" });
    const both = [once.submit(tasks.add, 1, 1), once.submit(tasks.add, 2, 2)];
    expect(await Promise.all(both)).toEqual([2, 2]);
    expect(await once.submit(tasks.add, 3, 3)).toBe(2);
    expect((await once.submit(tasks.call))?.idempotencyKey).toBe("order 7");
    expect(() => once.map(tasks.square, [1])).toThrow("would all be one call");
  });

  test("the first priority is first", async () => {
    const queue = freshQueue();
    const executor = executorOf(served, queue);
    const order: string[] = [];
    const calls = [3, 1, 2].map(async (priority) => {
      const name = await executor.with({ priority }).submit(tasks.echo, `${priority}`);
      order.push(name as string);
    });
    const delayed = executor.with({ delay: 50 }).submit(tasks.echo, "later");
    await expect
      .poll(() => executor.queueStatistics())
      .toMatchObject({ waiting: 3, delayed: 1, active: 0, workers: 0 });
    await startWorker({ redis: served.server.url, queue, executor: "inline", concurrency: 1 });
    await Promise.all(calls);
    expect(order).toEqual(["1", "2", "3"]);
    expect(await delayed).toBe("later");
  });

  test("no more calls begin in a time than the rate limit says, on all workers together", async () => {
    const queue = freshQueue();
    const rateLimit = { max: 2, duration: 600_000 };
    const worker = { redis: served.server.url, queue, executor: "inline", rateLimit } as const;
    await startWorker(worker);
    await startWorker(worker);
    const executor = executorOf(served, queue);
    const calls = [1, 2, 3, 4, 5].map((n) => executor.submit(tasks.square, n));
    await expect
      .poll(() => executor.queueStatistics(), { timeout: 10_000 })
      .toMatchObject({ completed: 2, active: 0, waiting: 3 });
    await expect.poll(() => calls.filter((call) => call.done())).toHaveLength(2);
    for (const call of calls) call.cancel();
  });

  test.each([
    [{ max: 0, duration: 1000 }, "options.rateLimit.max"],
    [{ max: 1, duration: 0.5 }, "options.rateLimit.duration"],
    ["fast", "options.rateLimit"],
  ])("a rate limit of %j is refused", (rateLimit, words) => {
    const options = { redis: served.server.url, rateLimit } as never;
    expect(() => new DistributedWorker(options)).toThrow(words);
  });

  test("large arguments and results travel beside the queue; too large ones are refused", async () => {
    const limits = { inlineLimit: 1000, maxPayload: 100_000 };
    const executor = pair(limits);
    const large = new Uint8Array(50_000).fill(7);
    expect(await executor.submit(tasks.echo, large)).toEqual(large);
    const tooLarge = executor.submit(tasks.echo, new Uint8Array(200_000));
    await expect(tooLarge).rejects.toThrow(PayloadTooLargeError);
    await expect(tooLarge).rejects.toThrow(
      /the arguments of 'test\.echo' are 2000\d\d bytes, and `maxPayload` is 100000/,
    );
    await expect(executor.submit(tasks.bytes, 200_000)).rejects.toThrow(PayloadTooLargeError);
  });

  test("a function without a name, one that the worker does not have, and another version are refused", async () => {
    const executor = pair();
    expect(() => executor.submit((n: number) => n, 1)).toThrow(UnregisteredTaskError);
    const unknown = task("test.unknown", (n: number) => n);
    await expect(executor.submit(unknown, 1)).rejects.toThrow(UnknownTaskError);
    await expect(executor.submit(unknown, 1)).rejects.toThrow(
      /no task 'test\.unknown'; it has test\.add, /,
    );
    const newer = task("test.versioned", () => "new", { version: "2" });
    await expect(executor.submit(newer)).rejects.toThrow(TaskVersionError);
    task("test.versioned", tasks.versioned, { version: "1" });
  });

  test("what cannot be cloned fails its call alone, and says where it is", async () => {
    const executor = pair();
    await expect(executor.submit(tasks.echo, { then: [() => 1] })).rejects.toThrow(
      "the arguments of 'test.echo' cannot be sent to another machine: args[0].then[0] cannot be cloned",
    );
    expect(await executor.submit(tasks.add, 1, 1)).toBe(2);
  });

  test("without a worker a call fails at its deadline, and no worker runs it later", async () => {
    const queue = freshQueue();
    const executor = executorOf(served, queue);
    const late = executor.with({ deadline: 30 }).submit(tasks.add, 1, 2);
    await expect(late).rejects.toThrow(CallDeadlineError);
    await expect(late).rejects.toThrow("'test.add' gave no result within 30 ms");
    await expect.poll(async () => (await executor.queueStatistics()).waiting).toBe(0);
  });

  test("shutdown lets calls end; after it none is taken; with cancelFutures those that wait are dropped", async () => {
    const queue = freshQueue();
    const executor = new DistributedExecutor({ redis: served.server.url, queue });
    const call = executor.submit(tasks.add, 1, 2);
    const ending = executor.shutdown();
    expect(() => executor.submit(tasks.add, 1, 2)).toThrow(ExecutorShutdownError);
    const worker = new DistributedWorker({
      redis: served.server.url,
      queue,
      executor: "inline",
    });
    onTestFinished(() => worker.close());
    expect(await call).toBe(3);
    await ending;
    const other = new DistributedExecutor({ redis: served.server.url, queue: freshQueue() });
    const dropped = other.submit(tasks.add, 1, 2);
    await other.shutdown({ cancelFutures: true });
    expect(dropped.cancelled()).toBe(true);
    expect(isCancelled(await dropped.then(null, (error: unknown) => error))).toBe(true);
  });

  test("bad options are refused at once", () => {
    expect(() => new DistributedExecutor({ redis: "http://u:secret@x" })).toThrow(
      /^Expected `options\.redis` to be a URL such as `redis:\/\/localhost:6379`, or options, got `'http:\/\/\*\*\*@x'`/,
    );
    expect(() => new DistributedExecutor({ queue: "a:b" })).toThrow(RangeError);
    expect(() => new DistributedExecutor({ deadline: 0 })).toThrow(RangeError);
    expect(() => new DistributedWorker({ concurrency: 0 })).toThrow(RangeError);
    expect(() => new DistributedWorker({ executor: "threads" as never })).toThrow(RangeError);
    const executor = executorOf(served, freshQueue());
    expect(() => executor.with({ priority: 0 })).toThrow(RangeError);
    expect(() => executor.with({ attempts: 1.5 })).toThrow(RangeError);
    expect(() => executor.with({ backoff: { type: "linear" as never, delay: 1 } })).toThrow(
      TypeError,
    );
  });
});
