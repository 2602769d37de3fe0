/**
 * `ambit trace`: what it takes, keeps and shows; over real sockets.
 */
import { createTask, run, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import {
  encodeOtlp,
  encodeZipkin,
  MemoryReporter,
  OtlpReporter,
  span,
  startTracing,
  ZipkinReporter,
} from "ambit/tracing";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { runCommandLine } from "../../../src/cli/commandLine.ts";
import { traceApp } from "../../../src/cli/trace/traceApp.ts";
import {
  TraceStore,
  type TraceSummary,
  type WholeTrace,
} from "../../../src/cli/trace/traceStore.ts";
import { fromOtlp, fromZipkin, type ViewSpan } from "../../../src/cli/trace/viewSpan.ts";
import { FakePipe } from "../screen.ts";

async function ambit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new FakePipe(), new FakePipe()];
  const code = await runCommandLine(["trace", ...args], {
    in: () => Readable.from([]),
    out,
    err,
    env: {},
  });
  return { code, out: out.text, err: err.text };
}

/** A viewer in this process. */
async function viewing(
  body: (url: string, session: ClientSession, store: TraceStore, told: ViewSpan[]) => Promise<void>,
  limit = 10,
): Promise<void> {
  await run(async () => {
    const store = new TraceStore(limit);
    const told: ViewSpan[] = [];
    await using server = await traceApp(store, (spans) => void told.push(...spans)).start({
      port: 0,
    });
    await using session = new ClientSession({ baseUrl: `${server.url}/` });
    await body(server.url, session, store, told);
  });
}

test.each([
  ["Zipkin's", ZipkinReporter, "api/v2/spans"],
  ["OTLP's", OtlpReporter, "v1/traces"],
] as const)(
  "takes %s spans from a program, and tells the same of them",
  async (_, Reporter, path) => {
    await viewing(async (url, session, _store, told) => {
      const reporter = new Reporter({ url: `${url}/${path}` });
      const tracing = startTracing({
        serviceName: "shop",
        reporters: [reporter],
        http: false,
        web: false,
      });
      await span("visit", async (visit) => {
        visit.addEvent("begun");
        await createTask(() => sleep(1), { name: "look up" });
        await span("pay", async () => {
          throw new RangeError("too much");
        }).catch(() => {});
        const left = createTask(() => sleep(60_000), { name: "left" });
        await sleep(1);
        left.cancel();
        await left.then(undefined, () => {});
      });
      await tracing.close();
      expect(reporter.statistics().sent).toBe(4);
      const { traces } = await (await session.get("api/traces")).json<{ traces: TraceSummary[] }>();
      expect(traces).toEqual([
        expect.objectContaining({ name: "visit", services: ["shop"], spans: 4, errors: 1 }),
      ]);
      const trace = await (
        await session.get(`api/traces/${traces[0]?.traceId}`)
      ).json<WholeTrace>();
      const names = trace.list.map(({ name, error, cancelled }) => [name, error, cancelled]);
      expect(names).toEqual([
        ["visit", false, false],
        ["look up", false, false],
        ["pay", true, false],
        ["left", false, true],
      ]);
      const [visit, ...below] = trace.list;
      expect(below.every(({ parentId }) => parentId === visit?.id)).toBe(true);
      expect(visit?.events.map(({ name }) => name)).toEqual(["begun"]);
      expect(trace.list[2]?.tags["error"]).toBe("too much");
      expect(told).toHaveLength(4);
    });
  },
);

test("both formats are read as the same span", () => {
  const reporter = new MemoryReporter();
  const tracing = startTracing({ serviceName: "shop", reporters: [reporter] });
  span("a", (here) => void here.setAttributes({ n: 7, l: [1, 2], s: "x" }), { kind: "client" });
  void tracing.close();
  const resource = { serviceName: "shop", attributes: {} };
  const [zipkin] = fromZipkin(JSON.parse(encodeZipkin(reporter.spans, resource)));
  const [otlp] = fromOtlp(JSON.parse(encodeOtlp(reporter.spans, resource)));
  const { tags, duration, ...rest } = zipkin as ViewSpan;
  expect(otlp).toMatchObject(rest);
  expect([tags["n"], otlp?.tags["n"], tags["l"], otlp?.tags["l"]]).toEqual([
    "7",
    "7",
    "[1,2]",
    "[1, 2]",
  ]);
  expect(Math.abs(duration - (otlp?.duration ?? 0))).toBeLessThanOrEqual(1);
});

test("keeps the newest traces, each span once", async () => {
  await viewing(async (_url, session, store) => {
    const spanOf = (trace: number): object => ({
      traceId: String(trace).padStart(32, "1"),
      id: "00f067aa0ba902b7",
      timestamp: 1,
      duration: 1,
    });
    for (let at = 0; at < 15; at++) {
      const body = [spanOf(at), spanOf(at)];
      expect((await session.post("api/v2/spans", { json: body })).status).toBe(202);
    }
    expect(
      store.list().map(({ traceId, spans }) => [Number(traceId.slice(-2)) % 100, spans]),
    ).toEqual(
      [14, 13, 12, 11, 10].map((at) => [at, 1]).concat([9, 8, 7, 6, 5].map((at) => [10 + at, 1])),
    );
    await session.delete("api/traces");
    expect(store.list()).toEqual([]);
  });
});

test("refuses what are no spans, other media types, and other hosts", async () => {
  await viewing(async (_url, session, store) => {
    const status = async (
      path: string,
      body: string,
      headers: Record<string, string> = {},
    ): Promise<number> => {
      const all = { "content-type": "application/json", ...headers };
      return (await session.post(path, { body, headers: all })).status;
    };
    expect(await status("api/v2/spans", "{}")).toBe(400);
    expect(await status("api/v2/spans", "[1]")).toBe(400);
    expect(await status("api/v2/spans", '[{"traceId":"x","id":"y"}]')).toBe(400);
    expect(await status("api/v2/spans", "[")).toBe(400);
    expect(await status("v1/traces", "[]")).toBe(400);
    expect(await status("v1/traces", "x", { "content-type": "application/x-protobuf" })).toBe(415);
    // A form of another origin's page may send this without being asked.
    expect(await status("api/v2/spans", "[]", { "content-type": "text/plain" })).toBe(415);
    expect(await status("api/v2/spans", "[]", { host: "evil.example" })).toBe(421);
    expect((await session.get("api/traces/123")).status).toBe(404);
    expect(store.list()).toEqual([]);
    // Fields of the wrong type are left out; what is a span stays.
    const odd = {
      traceId: "a".repeat(16),
      id: "b".repeat(16),
      name: 1,
      tags: 7,
      annotations: "x",
      timestamp: "y",
    };
    expect(await status("api/v2/spans", JSON.stringify([odd]))).toBe(202);
    expect(store.list()).toHaveLength(1);
  });
});

test("the page loads nothing from anywhere, and its policy knows its own script alone", async () => {
  await viewing(async (_url, session) => {
    const response = await session.get("");
    const page = await response.text();
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/,
    );
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toContain("innerHTML");
    expect(page).toContain("prefers-color-scheme: dark");
  });
});

test("says what is wrong with its command line, and helps", async () => {
  expect((await ambit("--help")).out).toContain("Usage: ambit trace");
  expect(await ambit("--port", "x")).toMatchObject({ code: 2 });
  expect((await ambit("more")).err).toBe(
    "ambit trace: it takes no `more`; see `ambit trace --help`\n",
  );
});

async function untilMatch(
  child: ChildProcess,
  stream: "stdout" | "stderr",
  what: RegExp,
): Promise<string> {
  let text = "";
  for await (const piece of child[stream] as Readable) {
    text += String(piece);
    const match = what.exec(text);
    if (match !== null) return match[1] as string;
  }
  throw new Error(`no ${what} in ${text}`);
}

test("the installed command prints each span as a line of JSON, and ends by a signal with code 0", async () => {
  const child = spawn(process.execPath, ["dist/cli/main.js", "trace", "--port", "0", "--json"]);
  try {
    const url = await untilMatch(child, "stderr", /(http:\S+\/) shows/);
    const line = untilMatch(child, "stdout", /(.*)\n/);
    await run(async () => {
      await using session = new ClientSession({ baseUrl: url });
      const body = [{ traceId: "a".repeat(32), id: "b".repeat(16), name: "told" }];
      await session.post("api/v2/spans", { json: body });
    });
    expect(JSON.parse(await line)).toMatchObject({ name: "told", traceId: "a".repeat(32) });
    const busy = await runBusy(url);
    expect(busy).toMatchObject({ code: 1 });
    expect(busy.err).toContain("EADDRINUSE; `--port 0` takes a free one");
  } finally {
    child.kill("SIGTERM");
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(0);
  }
});

function runBusy(url: string): Promise<{ code: number; err: string }> {
  return ambit("--port", new URL(url).port);
}
