/**
 * Spans of calls of pools, in threads and in processes: real ones, real time. They run what was built.
 */
import { run, timeout } from "ambit";
import {
  type Executor,
  ProcessPoolExecutor,
  runInExecutor,
  ThreadPoolExecutor,
  toThread,
} from "ambit/futures";
import {
  encodeZipkin,
  type FinishedSpan,
  MemoryReporter,
  span,
  startTracing,
  type TracingOptions,
} from "ambit/tracing";
import { Application } from "ambit/web";
import { expect, test } from "vitest";
import { delay, double, fails, parentElsewhere, parentOfMine, traceTo } from "./spanWorker.mjs";
import { only, traced, treeOf, untilThere } from "./traced.ts";
import { checked, type ZipkinSpan } from "./zipkinRules.ts";

/** Runs a body in a trace, until so many spans are there: those of threads come a little later. */
async function tracedUntil(
  count: number,
  body: () => Promise<unknown>,
  options: Partial<TracingOptions> = {},
): Promise<readonly FinishedSpan[]> {
  const reporter = new MemoryReporter();
  await run(async () => {
    await using _ = startTracing({ serviceName: "test", ...options, reporters: [reporter] });
    await span("work", body);
    await untilThere(reporter, count);
  });
  return reporter.spans;
}

const pools: readonly [kind: string, open: () => Executor][] = [
  ["thread", () => new ThreadPoolExecutor({ maxWorkers: 1, threadNamePrefix: "pool" })],
  ["process", () => new ProcessPoolExecutor({ maxWorkers: 1, processNamePrefix: "pool" })],
];

for (const [kind, open] of pools) {
  test(`${kind}: a call is a span, and what it does in its worker is below it`, async () => {
    const spans = await tracedUntil(4, async () => {
      await using pool = open();
      expect(await runInExecutor(pool, double, 21)).toBe(42);
    });
    expect(treeOf(spans)).toBe("work (call double (double (below)))");
    const { attributes } = only(spans, "call double");
    expect(attributes).toMatchObject({
      "code.function.name": "double",
      "ambit.executor.kind": kind,
      "ambit.executor.name": "pool",
      "ambit.executor.worker": "pool_0",
    });
    const { "ambit.executor.run_ms": ran, "ambit.executor.wait_ms": waited } = attributes;
    expect([Number(ran) >= 0, Number(waited) > 0]).toEqual([true, true]);
    expect(new Set(spans.map(({ context }) => context.traceId)).size).toBe(1);
    expect(checked(encodeZipkin(spans, { serviceName: "test", attributes: {} }))).toHaveLength(4);
  });

  test(`${kind}: what a call fails with is on its span, and a cancel is no error`, async () => {
    const spans = await tracedUntil(4, async () => {
      await using pool = open();
      await expect(pool.submit(fails)).rejects.toThrow("too far");
      await timeout(50, () => pool.submit(delay, 60_000)).catch(() => {});
      await pool.submit(double, 1);
    });
    const failed = only(spans, "call fails");
    expect([failed.status, failed.statusMessage, failed.attributes["error.type"]]).toEqual([
      "error",
      "too far",
      "RangeError",
    ]);
    const stopped = only(spans, "call delay");
    expect([stopped.status, stopped.attributes["ambit.cancelled"]]).toEqual(["unset", true]);
  });

  test(`${kind}: a call that was cancelled before it had a worker says so, and names none`, async () => {
    const spans = await tracedUntil(3, async () => {
      await using pool = open();
      const first = pool.submit(delay, 60_000);
      const second = pool.submit(double, 1);
      second.cancel("not needed");
      await expect(second).rejects.toThrow("not needed");
      first.cancel("enough");
      await expect(first).rejects.toThrow("enough");
    });
    const { attributes } = only(spans, "call double");
    expect(attributes["ambit.cancelled"]).toBe(true);
    expect(attributes).not.toHaveProperty("ambit.executor.worker");
    expect(attributes).not.toHaveProperty("ambit.executor.run_ms");
  });

  test(`${kind}: a chunk of map is one span, with its number of items`, async () => {
    const spans = await tracedUntil(8, async () => {
      await using pool = open();
      const results: number[] = [];
      for await (const result of pool.map(double, [1, 2, 3], { chunkSize: 3 }))
        results.push(result);
      expect(results).toEqual([2, 4, 6]);
    });
    const call = only(spans, "call double");
    expect(call.attributes["ambit.executor.items"]).toBe(3);
    const below = spans.filter(({ parentId }) => parentId === call.context.spanId);
    expect(below.map(({ name }) => name)).toEqual(["double", "double", "double"]);
  });

  test(`${kind}: outside of a trace, and with \`executors: false\`, there are none`, async () => {
    const outside = new MemoryReporter();
    await run(async () => {
      await using _ = startTracing({ serviceName: "test", reporters: [outside] });
      await using pool = open();
      expect(await pool.submit(parentOfMine)).toBeNull();
    });
    expect(outside.spans).toEqual([]);
    const spans = await tracedUntil(
      3,
      async () => {
        await using pool = open();
        await pool.submit(double, 1);
      },
      { executors: false },
    );
    expect(treeOf(spans)).toBe("work (double (below))");
  });
}

test("the span of a call of a process is there before its result", async () => {
  const reporter = new MemoryReporter();
  await run(async () => {
    await using _ = startTracing({ serviceName: "test", reporters: [reporter] });
    await using pool = new ProcessPoolExecutor({ maxWorkers: 1 });
    await span("work", async () => {
      await pool.submit(double, 1);
      expect(reporter.spans.map(({ name }) => name)).toContain("double");
    });
  });
});

test("a function that only asks where it is sees the context of its call", async () => {
  const spans = await tracedUntil(2, async () => {
    expect(await toThread(parentOfMine)).toMatchObject({ sampled: true });
  });
  expect(treeOf(spans)).toBe("work (call parentOfMine)");
});

test("a worker that is not traced passes the trace on to workers of its own", async () => {
  let found: unknown;
  const elsewhere = async (): Promise<void> => {
    found = await toThread(parentElsewhere);
  };
  const spans = await tracedUntil(2, elsewhere, { workers: false });
  expect(found).toEqual({ ...only(spans, "call parentElsewhere").context });
});

test("a process that traces itself goes on with the trace, and sends what it has before it ends", async () => {
  const zipkin = new Application();
  const received: ZipkinSpan[] = [];
  zipkin.post("/api/v2/spans", async (request) => {
    received.push(...checked(await request.text()));
    return { status: 202 };
  });
  let spans: readonly FinishedSpan[] = [];
  await run(async () => {
    await using server = await zipkin.start({ port: 0 });
    spans = await traced(
      () =>
        span("work", async () => {
          const initArgs = [`${server.url}/api/v2/spans`];
          await using pool = new ProcessPoolExecutor({
            maxWorkers: 1,
            initializer: traceTo,
            initArgs,
          });
          await pool.submit(double, 1);
        }),
      { web: false },
    );
  });
  expect(treeOf(spans)).toBe("work (call double)");
  const call = only(spans, "call double");
  // The call is a task of its worker, which has a name, and so a span.
  const [below, mine, task] = received;
  expect([below?.name, mine?.name, task?.name, received.length]).toEqual([
    "below",
    "double",
    "double",
    3,
  ]);
  expect([below?.parentId, mine?.parentId, task?.parentId]).toEqual([
    mine?.id,
    task?.id,
    call.context.spanId,
  ]);
  expect(received.every(({ traceId }) => traceId === call.context.traceId)).toBe(true);
});
