/**
 * The bridge to OpenTelemetry, with its real SDK.
 */
import * as api from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { createTask, run, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { currentSpan, OpenTelemetryContext, span, startSpan, startTracing } from "ambit/tracing";
import { Application } from "ambit/web";
import { afterEach, expect, test } from "vitest";

afterEach(() => {
  api.trace.disable();
  api.context.disable();
});

/** What the SDK hands to an exporter. */
async function exported(
  body: () => unknown,
  how: { context?: boolean; off?: boolean } = {},
): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(how.off === true ? { sampler: new AlwaysOffSampler() } : {}),
  });
  provider.register(how.context === false ? {} : { contextManager: new OpenTelemetryContext(api) });
  const tracing = startTracing({ serviceName: "test", openTelemetry: api });
  try {
    await body();
  } finally {
    await tracing.close();
  }
  const spans = exporter.getFinishedSpans();
  await provider.shutdown();
  return [...spans];
}

function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.find((each) => each.name === name);
  if (found === undefined)
    throw new Error(`no ${name} in ${spans.map((each) => each.name).join()}`);
  return found;
}

test("a span has its name, kind, attributes, events, links, status and times there, too", async () => {
  const link = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };
  const spans = await exported(async () => {
    const made = startSpan("first", {
      kind: "producer",
      attributes: { a: 1 },
      links: [{ context: link, attributes: { why: "because" } }],
    });
    made.setAttribute("b", ["x"]).addEvent("e", { c: true }).updateName("second");
    await sleep(5);
    made.fail(new RangeError("too far")).end();
  });
  const told = named(spans, "second");
  expect(told.kind).toBe(api.SpanKind.PRODUCER);
  expect(told.attributes).toEqual({ a: 1, b: ["x"], "error.type": "RangeError" });
  expect(told.events.map(({ name }) => name)).toEqual(["e", "exception"]);
  expect(told.links.map(({ context, attributes }) => [context.spanId, attributes])).toEqual([
    [link.spanId, { why: "because" }],
  ]);
  expect(told.status).toEqual({ code: api.SpanStatusCode.ERROR, message: "too far" });
  const [seconds, nanoseconds] = told.duration;
  expect(seconds * 1000 + nanoseconds / 1e6).toBeGreaterThan(4);
});

test("requests, tasks and spans make one trace there, across the network", async () => {
  const spans = await exported(() =>
    run(async () => {
      const app = new Application();
      app.get("/:id", async () => {
        await createTask(() => sleep(1), { name: "look up" });
        return "done";
      });
      await using server = await app.start({ port: 0 });
      await using session = new ClientSession();
      await span("visit", async () => (await session.get(`${server.url}/7`)).text());
    }),
  );
  expect(new Set(spans.map((each) => each.spanContext().traceId)).size).toBe(1);
  const parents = ["look up", "GET /:id", "GET", "visit"].map((name) => named(spans, name));
  expect(parents.map((each) => each.parentSpanContext?.spanId)).toEqual([
    ...parents.slice(1).map((each) => each.spanContext().spanId),
    undefined,
  ]);
});

test("spans of instrumented libraries are children of ours, and ours of theirs", async () => {
  const tracer = api.trace.getTracer("library");
  const spans = await exported(() =>
    span("ours", async () => {
      await sleep(1);
      expect(api.trace.getActiveSpan()?.spanContext().spanId).toBe(currentSpan()?.context.spanId);
      await tracer.startActiveSpan("theirs", async (theirs) => {
        await sleep(1);
        await span("below", () => sleep(1));
        theirs.end();
      });
      const bound = api.context.bind(
        api.trace.setSpan(api.ROOT_CONTEXT, tracer.startSpan("apart", { root: true })),
        () => span("bound", () => api.trace.getActiveSpan()?.spanContext().traceId),
      );
      expect(bound()).not.toBe(currentSpan()?.context.traceId);
    }),
  );
  expect(named(spans, "theirs").parentSpanContext?.spanId).toBe(
    named(spans, "ours").spanContext().spanId,
  );
  expect(named(spans, "below").parentSpanContext?.spanId).toBe(
    named(spans, "theirs").spanContext().spanId,
  );
});

test("with the SDK's own context manager, ours are children of its active span", async () => {
  const spans = await exported(
    () =>
      api.trace.getTracer("library").startActiveSpan("theirs", (theirs) => {
        span("ours", () => {});
        theirs.end();
      }),
    { context: false },
  );
  expect(named(spans, "ours").parentSpanContext?.spanId).toBe(
    named(spans, "theirs").spanContext().spanId,
  );
});

test("the SDK decides what is sampled, and servers are told", async () => {
  const seen: (string | null)[] = [];
  const spans = await exported(
    () =>
      run(async () => {
        const app = new Application();
        app.get("/", (request) => {
          seen.push(request.headers.get("traceparent"));
          return "done";
        });
        await using server = await app.start({ port: 0 });
        await using session = new ClientSession();
        await (await session.get(server.url)).text();
      }),
    { off: true },
  );
  expect(spans).toEqual([]);
  expect(seen).toEqual([expect.stringMatching(/-00$/)]);
});

test("a caller's tracestate goes on to the next server", async () => {
  const seen: (string | null)[] = [];
  await exported(() =>
    run(async () => {
      const app = new Application();
      await using session = new ClientSession();
      app.get("/next", (request) => {
        seen.push(request.headers.get("tracestate"));
        return "done";
      });
      app.get("/", async ({ url }) => (await session.get(`${url.origin}/next`)).text());
      await using server = await app.start({ port: 0 });
      const parent = {
        traceId: "a".repeat(32),
        spanId: "b".repeat(16),
        sampled: true,
        traceState: "vendor=1",
      };
      await span("visit", async () => (await session.get(server.url)).text(), { parent });
    }),
  );
  expect(seen).toEqual(["vendor=1"]);
});
