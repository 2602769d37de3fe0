/**
 * Reporters: against a session that stands in for the network, in virtual time, and against real servers.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createTask, getRunningLoop, run, sleep } from "ambit";
import { ClientSession, type MockHandler, MockTransport } from "ambit/http";
import { runVirtual } from "ambit/testing";
import {
  type BatchReporterOptions,
  encodeOtlp,
  OtlpReporter,
  span,
  startSpan,
  startTracing,
  type Tracing,
  ZipkinReporter,
} from "ambit/tracing";
import { describe, expect, test } from "vitest";
import { traced } from "./traced.ts";

interface Scene {
  readonly reporter: ZipkinReporter;
  readonly tracing: Tracing;
  /** The names of the spans of each batch that came, and when. */
  readonly batches: [at: number, names: string[]][];
  readonly errors: string[];
}

/** A server that answers as it is told, in virtual time. */
function scene(
  body: (scene: Scene) => unknown,
  answer: (batch: number) => ReturnType<MockHandler>,
  options: BatchReporterOptions = {},
): Promise<Scene> {
  return runVirtual(async () => {
    const batches: Scene["batches"] = [];
    const errors: string[] = [];
    const transport = new MockTransport((request) => {
      const spans = JSON.parse(Buffer.from(request.bytes).toString()) as { name: string }[];
      const at = Math.round(getRunningLoop().time());
      batches.push([at, spans.map(({ name }) => name)]);
      return answer(batches.length);
    });
    await using session = new ClientSession({ transport });
    const onError = (error: unknown): void => void errors.push(String(error));
    const reporter = new ZipkinReporter({ session, onError, ...options });
    const tracing = startTracing({ serviceName: "test", reporters: [reporter] });
    const made = { reporter, tracing, batches, errors };
    try {
      await body(made);
    } finally {
      await tracing.close();
    }
    return made;
  });
}

function make(...names: string[]): void {
  for (const name of names) span(name, () => {});
}

const taken = (): { status: number } => ({ status: 202 });

describe("a reporter", () => {
  test("waits a while for more, sends a whole batch at once, and counts", async () => {
    const { batches, reporter } = await scene(
      async () => {
        make("a");
        await sleep(500);
        make("b");
        await sleep(2000);
        make("c", "d", "e", "f");
        await sleep(1);
      },
      taken,
      { batchSize: 3 },
    );
    expect(batches).toEqual([
      [1000, ["a", "b"]],
      [2500, ["c", "d", "e"]],
      // At the end.
      [2501, ["f"]],
    ]);
    expect(reporter.statistics()).toEqual({
      reported: 6,
      sent: 6,
      dropped: 0,
      queued: 0,
      retries: 0,
    });
  });

  test("has what came while it sent wait for a whole batch again, unless it is flushed", async () => {
    const { batches } = await scene(
      async ({ reporter }) => {
        make("a", "b", "c");
        await sleep(100);
        make("d");
        await sleep(300);
        make("e");
        await sleep(5000);
        make("f", "g", "h");
        await sleep(100);
        make("i");
        await reporter.flush();
        make("j");
        await sleep(5000);
      },
      () => sleep(200).then(taken),
      { batchSize: 3 },
    );
    expect(batches).toEqual([
      [0, ["a", "b", "c"]],
      [1200, ["d", "e"]],
      [5400, ["f", "g", "h"]],
      [5600, ["i"]],
      [6800, ["j"]],
    ]);
  });

  test("tries again what the server does not take now, with growing pauses and its `Retry-After`", async () => {
    const { batches, reporter, errors } = await scene(
      async () => {
        make("a");
        await sleep(60_000);
      },
      (batch) => {
        if (batch === 1) return { status: 500 };
        if (batch === 2) return { status: 429, headers: { "retry-after": "7" } };
        return batch === 3 ? { status: 503 } : taken();
      },
    );
    expect(batches.map(([at]) => at)).toEqual([1000, 1500, 8500, 10_500]);
    expect(reporter.statistics()).toMatchObject({ sent: 1, dropped: 0, retries: 3 });
    expect(errors[0]).toBe(
      "SpansRefusedError: http://127.0.0.1:9411/api/v2/spans answered 500 to 1 spans",
    );
  });

  test("gives a batch up after its attempts, or at once when the server refuses it", async () => {
    const { batches, reporter } = await scene(
      async () => {
        make("a");
        await sleep(60_000);
        make("b");
        await sleep(60_000);
      },
      (batch) => ({ status: batch <= 3 ? 503 : 400 }),
      { attempts: 3 },
    );
    expect(batches).toHaveLength(4);
    expect(reporter.statistics()).toMatchObject({ reported: 2, sent: 0, dropped: 2, retries: 2 });
  });

  test("drops what is too much while the server is slow, and never holds the program up", async () => {
    const { reporter, batches } = await scene(
      async (here) => {
        make("a", "b");
        await sleep(1);
        const began = getRunningLoop().time();
        make("c", "d", "e", "f", "g");
        expect(getRunningLoop().time()).toBe(began);
        expect(here.reporter.statistics()).toMatchObject({ queued: 4, dropped: 3 });
        await sleep(20_000);
      },
      () => sleep(9000).then(taken),
      { queueSize: 4, batchSize: 2 },
    );
    expect(batches.flatMap(([, names]) => names)).toEqual(["a", "b", "c", "d"]);
    expect(reporter.statistics()).toMatchObject({ sent: 4, dropped: 3, queued: 0 });
  });

  test("takes a server that does not answer for one that failed", async () => {
    const { reporter, errors } = await scene(
      async () => {
        make("a");
        await sleep(10_000);
      },
      (batch) => (batch === 1 ? sleep(60_000).then(taken) : taken()),
      { timeout: 2000 },
    );
    expect(reporter.statistics()).toMatchObject({ sent: 1, retries: 1 });
    expect(errors[0]).toContain("2000 ms");
  });

  test("sends what is left at the end, also what was on its way", async () => {
    const { batches, reporter } = await scene(
      async () => {
        make("a", "b");
        await sleep(1);
        make("c");
      },
      (batch) => (batch === 1 ? sleep(60_000).then(taken) : taken()),
      { batchSize: 2 },
    );
    expect(batches.map(([, names]) => names)).toEqual([["a", "b"], ["a", "b"], ["c"]]);
    expect(reporter.statistics()).toMatchObject({ sent: 3, dropped: 0, queued: 0 });
  });

  test("does not wait for ever at the end, and counts what it could not send", async () => {
    let ended = 0;
    const { reporter } = await scene(
      async ({ tracing }) => {
        make("a", "b");
        await tracing.close();
        ended = getRunningLoop().time();
        make("late");
      },
      () => sleep(60_000).then(taken),
      { closeTimeout: 3000 },
    );
    expect(ended).toBe(3000);
    expect(reporter.statistics()).toMatchObject({ sent: 0, dropped: 2, queued: 0, reported: 2 });
  });

  test("flushes what there is so far, without waiting for more", async () => {
    const { batches } = await scene(async ({ tracing, reporter }) => {
      make("a");
      await tracing.flush();
      expect(getRunningLoop().time()).toBe(0);
      expect(reporter.statistics().sent).toBe(1);
      await tracing.flush();
      make("b");
      const flushing = createTask(() => tracing.flush());
      await sleep(0);
      flushing.cancel();
      await flushing.then(undefined, () => {});
    }, taken);
    expect(batches.flatMap(([, names]) => names)).toEqual(["a", "b"]);
  });

  test("is flushed by the end of the run, inside a shield, when the run is cancelled", async () => {
    const sent: string[] = [];
    await runVirtual(async () => {
      const transport = new MockTransport(async ({ bytes }) => {
        await sleep(100);
        sent.push(
          ...(JSON.parse(Buffer.from(bytes).toString()) as { name: string }[]).map(
            (each) => each.name,
          ),
        );
        return taken();
      });
      const program = createTask(() =>
        run(async () => {
          const session = new ClientSession({ transport });
          const reporter = new ZipkinReporter({ session });
          startTracing({ serviceName: "test", reporters: [reporter] });
          make("a");
          await span("b", () => sleep(60_000));
        }),
      );
      await sleep(10);
      program.cancel();
      await expect(program).rejects.toThrow("cancelled");
    });
    expect(sent).toEqual(["a", "b"]);
  });

  test("sends a batch before it is too long, however few spans it has", async () => {
    const { batches } = await scene(async () => {
      const text = "x".repeat(50_000);
      for (let i = 0; i < 50; i++) startSpan(`span ${i}`, { attributes: { text } }).end();
      await sleep(5000);
    }, taken);
    expect(batches.map(([at, names]) => [at, names.length])).toEqual([
      [0, 19],
      [0, 19],
      [1000, 12],
    ]);
  });

  test("leaves out a span that cannot be written, and tells of it", async () => {
    const { batches, reporter, errors } = await scene(async (here) => {
      make("a");
      here.reporter.report({ name: 7 } as never);
      await here.reporter.flush();
      here.reporter.report({ name: 7 } as never);
      await here.reporter.flush();
      make("b");
    }, taken);
    expect(batches.flatMap(([, names]) => names)).toEqual(["a", "b"]);
    expect(reporter.statistics()).toMatchObject({ reported: 4, sent: 2, dropped: 2, queued: 0 });
    expect(errors).toHaveLength(2);
  });

  test("makes no spans of its own requests", async () => {
    const { batches } = await scene(async () => {
      make("a");
      await sleep(5000);
    }, taken);
    expect(batches.flatMap(([, names]) => names)).toEqual(["a"]);
  });

  test("tells of an onError that throws, and goes on", async () => {
    const told: string[] = [];
    const { reporter } = await scene(
      async () => {
        getRunningLoop().setExceptionHandler(({ message }) => void told.push(message));
        make("a");
        await sleep(5000);
      },
      (batch) => (batch === 1 ? { status: 503 } : taken()),
      {
        onError: () => {
          throw new Error("no");
        },
      },
    );
    expect([told, reporter.statistics().sent]).toEqual([
      ["onError of a reporter of spans threw"],
      1,
    ]);
  });

  test("refuses options that make no sense, and a second program", () => {
    expect(() => new ZipkinReporter({ url: "nowhere" })).toThrow("`options.url`");
    expect(() => new ZipkinReporter({ url: "ftp://a/" })).toThrow("http or https");
    expect(() => new ZipkinReporter({ queueSize: 0 })).toThrow("`options.queueSize`");
    expect(() => new ZipkinReporter({ batchSize: 1.5 })).toThrow("`options.batchSize`");
    expect(() => new ZipkinReporter({ interval: 0 })).toThrow("`options.interval`");
    expect(() => new OtlpReporter({ timeout: "1" as never })).toThrow("`options.timeout`");
    expect(() => new OtlpReporter({ onError: 1 as never })).toThrow("`options.onError`");
  });
});

/** A real server that answers with those statuses, one after the other, then with 202. */
async function listening(
  statuses: (number | "cut" | "hang")[],
): Promise<{ server: Server; url: string; bodies: string[] }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      const status = statuses.shift() ?? 202;
      if (status === "cut") request.socket.destroy();
      else if (status !== "hang") response.writeHead(status).end();
      if (status === 202) bodies.push(body);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, bodies, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function closed(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

describe("over a real socket", () => {
  test("a server that cuts, hangs and fails gets everything once in the end", async () => {
    const { server, url, bodies } = await listening(["cut", 500, "hang"]);
    const reporter = new ZipkinReporter({ url, delay: 5, timeout: 200 });
    await run(async () => {
      const tracing = startTracing({ serviceName: "test", reporters: [reporter] });
      make("a", "b");
      await tracing.flush();
    });
    await closed(server);
    expect(bodies.map((body) => (JSON.parse(body) as unknown[]).length)).toEqual([2]);
    expect(reporter.statistics()).toMatchObject({ sent: 2, dropped: 0, retries: 3 });
  });

  test("each batch is what was reported, though the memory of those before it is used again", async () => {
    const { server, url, bodies } = await listening([]);
    const reporter = new ZipkinReporter({ url, batchSize: 100 });
    const names = Array.from({ length: 1000 }, (_, i) => `span ${i}`);
    await run(async () => {
      startTracing({ serviceName: "test", reporters: [reporter] });
      for (const [i, name] of names.entries()) {
        make(name);
        if (i % 70 === 0) await sleep(2);
      }
    });
    await closed(server);
    const sent = bodies.flatMap((body) => JSON.parse(body) as { name: string }[]);
    expect(sent.map(({ name }) => name)).toEqual(names);
  });

  test("a batch that was refused is sent again as it was, though others are made meanwhile", async () => {
    const { server, url, bodies } = await listening([503, 500]);
    const reporter = new ZipkinReporter({ url, batchSize: 50, delay: 50 });
    const names = Array.from({ length: 200 }, (_, i) => `span ${i}`);
    await run(async () => {
      startTracing({ serviceName: "test", reporters: [reporter] });
      make(...names.slice(0, 50));
      // Others begin to be written while the first ones wait to be sent again.
      while (reporter.statistics().retries === 0) await sleep(1);
      make(...names.slice(50));
    });
    await closed(server);
    const sent = bodies.flatMap((body) => JSON.parse(body) as { name: string }[]);
    expect(sent.map(({ name }) => name)).toEqual(names);
    expect(reporter.statistics()).toMatchObject({ sent: 200, dropped: 0, retries: 2 });
  });

  test("a server that is down costs the spans, and nothing else", async () => {
    const { server, url } = await listening([]);
    await closed(server);
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const reporter = new OtlpReporter({ url, delay: 5, attempts: 2, onError });
    const value = await run(async () => {
      startTracing({ serviceName: "test", reporters: [reporter] });
      make("a");
      return 42;
    });
    expect(value).toBe(42);
    expect(reporter.statistics()).toMatchObject({ sent: 0, dropped: 1, retries: 1 });
    expect(errors).toHaveLength(2);
  });
});

test("OTLP has ids in hex, times in nanoseconds as text, and kinds and statuses by number", async () => {
  const parent = {
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    sampled: true,
    traceState: "v=1",
  };
  const spans = await runVirtual(() =>
    traced(async () => {
      const made = startSpan("Get It", {
        kind: "client",
        parent,
        attributes: { s: "x", i: 7, d: 1.5, n: Number.NaN, b: false, l: ["y", "z"] },
        links: [{ context: parent, attributes: { k: 1 } }],
      });
      await sleep(2);
      made.addEvent("e", { a: 1 });
      made.fail(new Error("bad")).end();
    }),
  );
  const [told] = spans;
  const text = encodeOtlp(spans, { serviceName: "Shop", attributes: { "service.version": "2" } });
  const start = Math.round((told?.startTime ?? 0) * 1000);
  expect(JSON.parse(text)).toEqual({
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: "service.name", value: { stringValue: "Shop" } },
            { key: "service.version", value: { stringValue: "2" } },
          ],
        },
        scopeSpans: [
          {
            scope: { name: "ambit" },
            spans: [
              {
                traceId: parent.traceId,
                spanId: told?.context.spanId,
                parentSpanId: parent.spanId,
                traceState: "v=1",
                flags: 1,
                name: "Get It",
                kind: 3,
                startTimeUnixNano: `${start}000`,
                endTimeUnixNano: `${start + 2000}000`,
                attributes: [
                  { key: "s", value: { stringValue: "x" } },
                  { key: "i", value: { intValue: "7" } },
                  { key: "d", value: { doubleValue: 1.5 } },
                  { key: "n", value: { doubleValue: "NaN" } },
                  { key: "b", value: { boolValue: false } },
                  {
                    key: "l",
                    value: { arrayValue: { values: [{ stringValue: "y" }, { stringValue: "z" }] } },
                  },
                  { key: "error.type", value: { stringValue: "Error" } },
                ],
                events: [
                  {
                    timeUnixNano: `${start + 2000}000`,
                    name: "e",
                    attributes: [{ key: "a", value: { intValue: "1" } }],
                  },
                  expect.objectContaining({ name: "exception" }),
                ],
                links: [
                  {
                    traceId: parent.traceId,
                    spanId: parent.spanId,
                    attributes: [{ key: "k", value: { intValue: "1" } }],
                  },
                ],
                status: { code: 2, message: "bad" },
              },
            ],
          },
        ],
      },
    ],
  });
});
