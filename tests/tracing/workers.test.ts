/**
 * Spans of what functions do in the workers of pools, threads and processes, without a word of tracing: real ones, real
 * time. They run what was built.
 */
import { run, sleep } from "ambit";
import { type Executor, ProcessPoolExecutor, ThreadPoolExecutor } from "ambit/futures";
import {
  type FinishedSpan,
  MemoryReporter,
  span,
  startTracing,
  type TracingOptions,
} from "ambit/tracing";
import { Application } from "ambit/web";
import { describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import { only, treeOf, untilThere } from "./traced.ts";
import { get, getElsewhere, named, ping, traceAlone } from "./tracingTasks.mjs";

type Work = () => PromiseLike<unknown>;

/** Traces work in a span, and then some outside of any. */
type Trace = (work: Work, outside?: Work) => Promise<void>;

async function nothing(): Promise<void> {}

interface Traced {
  readonly spans: readonly FinishedSpan[];
  /** The header of each request, with the ids of its trace and of its span. */
  readonly traceparents: readonly (string | undefined)[];
}

/** Runs a body with a server that notes headers, and a tracing that can be ended, until so many spans are there. */
async function tracedUntil(
  count: number,
  body: (url: string, trace: Trace) => Promise<unknown>,
  options: Partial<TracingOptions> = {},
): Promise<Traced> {
  const reporter = new MemoryReporter();
  const traceparents: (string | undefined)[] = [];
  const app = new Application();
  app.get("/", (request) => {
    traceparents.push(request.headers.get("traceparent") ?? undefined);
    return "hello";
  });
  const trace: Trace = async (work, outside = nothing) => {
    const settings = { serviceName: "test", web: false, ...options, reporters: [reporter] };
    await using _ = startTracing(settings);
    await span("work", async () => await work());
    await outside();
    await untilThere(reporter, count);
  };
  await run(async () => {
    await using server = await app.start({ port: 0 });
    await body(`${server.url}/`, trace);
  });
  return { spans: reporter.spans, traceparents };
}

type Options = { readonly initializer?: () => void };

const KINDS: readonly [kind: string, open: (options?: Options) => Executor][] = [
  ["thread", (options = {}) => new ThreadPoolExecutor({ maxWorkers: 1, ...options })],
  ["process", (options = {}) => new ProcessPoolExecutor({ maxWorkers: 1, ...options })],
];

describe.each(KINDS)("in a %s", (_kind, open) => {
  test("a request has a span below its call, and carries it on", async () => {
    await using pool = open();
    const { spans, traceparents } = await tracedUntil(3, (url, trace) =>
      trace(async () => expect(await pool.submit(get, url)).toBe("hello")),
    );
    expect(treeOf(spans)).toBe("work (call get (client GET))");
    const { context, attributes } = only(spans, "GET");
    expect(traceparents).toEqual([`00-${context.traceId}-${context.spanId}-01`]);
    expect(attributes["http.response.status_code"]).toBe(200);
  });

  test("a named task has a span, and the call's own task has none beside the call's", async () => {
    await using pool = open();
    const { spans } = await tracedUntil(3, (_, trace) => trace(() => pool.submit(named, 1)));
    expect(treeOf(spans)).toBe("work (call named (nap))");
    const { spans: all } = await tracedUntil(4, (_, trace) => trace(() => pool.submit(named, 1)), {
      tasks: "all",
    });
    expect(treeOf(all)).toMatch(/^work \(call named \(nap, Task-\d+\)\)$/);
  });

  test("a worker that was there before is told when tracing begins, and when it ends", async () => {
    await using pool = open();
    const { spans, traceparents } = await tracedUntil(3, async (url, trace) => {
      await pool.submit(get, url);
      await trace(() => pool.submit(get, url));
      await pool.submit(get, url);
    });
    expect(treeOf(spans)).toBe("work (call get (client GET))");
    expect(traceparents.map((header) => header !== undefined)).toEqual([false, true, false]);
  });

  test("outside of a trace it makes none, and sends no headers", async () => {
    await using pool = open();
    const { spans, traceparents } = await tracedUntil(3, (url, trace) =>
      trace(
        () => pool.submit(named, 1),
        () => pool.submit(get, url),
      ),
    );
    expect(treeOf(spans)).toBe("work (call named (nap))");
    expect(traceparents).toEqual([undefined]);
  });

  test("where a function decides who is told of the trace, a worker tells nobody", async () => {
    await using pool = open();
    const { spans, traceparents } = await tracedUntil(
      3,
      (url, trace) => trace(() => pool.submit(get, url)),
      { propagateTo: () => true },
    );
    expect(treeOf(spans)).toBe("work (call get (client GET))");
    expect(traceparents).toEqual([undefined]);
  });

  test("`http`, `tasks` and `workers` hold there, too", async () => {
    await using pool = open();
    const both = async (options: Partial<TracingOptions>, count: number): Promise<string> => {
      const { spans } = await tracedUntil(
        count,
        (url, trace) =>
          trace(async () => {
            await pool.submit(get, url);
            await pool.submit(named, 1);
          }),
        options,
      );
      return treeOf(spans);
    };
    expect(await both({ http: false }, 4)).toBe("work (call get, call named (nap))");
    expect(await both({ tasks: "none" }, 4)).toBe("work (call get (client GET), call named)");
    expect(await both({ workers: false }, 3)).toBe("work (call get, call named)");
  });

  test("a worker that traces by itself has its own, and none of these", async () => {
    await using pool = open({ initializer: traceAlone });
    const { spans, traceparents } = await tracedUntil(2, (url, trace) =>
      trace(() => pool.submit(get, url)),
    );
    expect(treeOf(spans)).toBe("work (call get)");
    expect(traceparents).toHaveLength(1);
    expect(traceparents[0]).toContain(only(spans, "call get").context.traceId);
  });
});

test("a thread's own pool is traced as well", async () => {
  const pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const { spans } = await tracedUntil(4, async (url, trace) => {
    await trace(() => pool.submit(getElsewhere, url));
    await pool.shutdown();
  });
  expect(treeOf(spans)).toBe("work (call getElsewhere (call get (client GET)))");
});

test("a call that is cancelled while its worker loads what traces it is cancelled, and the next one is traced", async () => {
  await using pool = new ThreadPoolExecutor({ maxWorkers: 1 });
  const { spans } = await tracedUntil(4, async (url, trace) => {
    await pool.submit(named, 0);
    await trace(async () => {
      const first = pool.submit(get, url);
      const second = pool.submit(named, 1);
      await sleep(0);
      first.cancel();
      await second;
      await expect(first).rejects.toThrow("cancelled");
    });
  });
  // The request may have begun, if the worker was quick.
  expect(treeOf(spans)).toMatch(/^work \(call get( \(client GET\))?, call named \(nap\)\)$/);
});

describe.skipIf(redisMissing() !== null)("with Redis", () => {
  const served = serveRedis();

  test.each(KINDS)("a command of a %s has a span below its call", async (_kind, open) => {
    await using pool = open();
    const { spans } = await tracedUntil(3, (_, trace) =>
      trace(() => pool.submit(ping, served.server.url)),
    );
    expect(treeOf(spans)).toBe("work (call ping (client GET))");
    expect(only(spans, "GET").attributes["db.system.name"]).toBe("redis");
  });
});
