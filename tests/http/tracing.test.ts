/*
 * Traces: which signals come, in which order, with what, and in whose context.
 *
 * Over real sockets, so in real time: most signals are the network's.
 */
import { createTask, currentTask, getRunningLoop, run, type Task } from "ambit";
import {
  type AnyTraceConfig,
  ClientSession,
  type TraceConfig,
  type TraceResponse,
} from "ambit/http";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { closedPort, hangs, Origin, until } from "./origin.ts";
import { ScriptedTransport } from "./scripted.ts";

const SIGNALS = [
  "onRequestStart",
  "onRequestChunkSent",
  "onRequestEnd",
  "onRequestException",
  "onRequestRedirect",
  "onRequestHeadersSent",
  "onResponseChunkReceived",
  "onConnectionQueuedStart",
  "onConnectionQueuedEnd",
  "onConnectionCreateStart",
  "onConnectionCreateEnd",
  "onConnectionReuseConn",
  "onDnsResolveHostStart",
  "onDnsResolveHostEnd",
  "onDnsCacheHit",
  "onDnsCacheMiss",
] as const satisfies readonly (keyof AnyTraceConfig)[];

interface Noted {
  readonly signal: string;
  readonly context: object;
  readonly params: Record<string, unknown>;
  readonly task: Task<unknown> | null;
}

/** A trace that writes down every signal, as `RequestStart`. */
function noting(): { trace: AnyTraceConfig; noted: Noted[]; signals: () => string[] } {
  const noted: Noted[] = [];
  const listeners = SIGNALS.map((name) => {
    const listener = (context: object, params: object): void => {
      noted.push({
        signal: name.slice(2),
        context,
        params: params as Record<string, unknown>,
        task: currentTask(),
      });
    };
    return [name, listener];
  });
  const trace = Object.fromEntries(listeners) as AnyTraceConfig;
  return { trace, noted, signals: () => noted.map(({ signal }) => signal) };
}

describe("the signals", () => {
  test("of a request over a new connection, and of one over a used one", async () => {
    await using origin = await Origin.start();
    const { trace, noted, signals } = noting();
    await using session = new ClientSession({ traces: [trace] });
    await (await session.get(`${origin.url}/a`)).text();
    // The head and a small body come together: the caller goes on after both.
    expect(signals()).toEqual([
      "RequestStart",
      "ConnectionCreateStart",
      "ConnectionCreateEnd",
      "RequestHeadersSent",
      "ResponseChunkReceived",
      "RequestEnd",
    ]);
    expect(noted[0]?.params).toMatchObject({ method: "GET", url: `${origin.url}/a` });
    noted.length = 0;
    await (await session.get(`${origin.url}/b`)).text();
    expect(signals().slice(0, 3)).toEqual([
      "RequestStart",
      "ConnectionReuseConn",
      "RequestHeadersSent",
    ]);
    expect(noted[1]?.params).toEqual({ origin: origin.url });
  });

  test("of a queue", async () => {
    await using origin = await Origin.start(hangs);
    const { trace, signals } = noting();
    await using session = new ClientSession({ limit: 1, traces: [trace] });
    const first = await session.get(`${origin.url}/half`);
    const second = session.get(`${origin.url}/b`);
    await until(() => signals().includes("ConnectionQueuedStart"));
    expect(signals()).not.toContain("ConnectionQueuedEnd");
    first.release();
    await (await second).text();
    expect(signals()).toContain("ConnectionQueuedEnd");
  });

  test("of a redirect, once per attempt for start and end", async () => {
    const transport = new ScriptedTransport((_, index) => {
      return [{ status: 302, headers: { location: "/b" } }, { status: 503 }][index] ?? {};
    });
    const { trace, noted, signals } = noting();
    await using session = new ClientSession({ transport, traces: [trace], retry: { delay: 0 } });
    await session.get("http://a.test/a");
    expect(signals()).toEqual([
      "RequestStart",
      "RequestRedirect",
      "RequestEnd",
      "RequestStart",
      "RequestEnd",
    ]);
    const statuses = noted.map(({ params }) => (params as Partial<TraceResponse>).response?.status);
    expect(statuses).toEqual([undefined, 302, 503, undefined, 200]);
    expect(noted[0]?.context).toBe(noted[4]?.context);
  });

  test("of a body that is sent: as a whole, and in chunks", async () => {
    await using origin = await Origin.start((request, answer) => {
      request.resume().on("end", () => answer.end());
    });
    const { trace, noted } = noting();
    await using session = new ClientSession({ traces: [trace] });
    const chunks = (): string[] =>
      noted
        .filter(({ signal }) => signal === "RequestChunkSent")
        .map(({ params }) => Buffer.from(params["chunk"] as Uint8Array).toString());
    await (await session.post(origin.url, { body: "whole" })).text();
    expect(chunks()).toEqual(["whole"]);
    noted.length = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("one");
      yield Buffer.from("two");
    }
    await (await session.post(origin.url, { body: body() })).text();
    expect(chunks()).toEqual(["one", "two"]);
  });

  test("of a failure, and of a cancel", async () => {
    const { trace, noted } = noting();
    await using session = new ClientSession({ traces: [trace] });
    const error = await session.get(await closedPort()).catch((thrown: unknown) => thrown);
    expect(noted.at(-1)).toMatchObject({ signal: "RequestException", params: { error } });
    await using origin = await Origin.start(hangs);
    const task = createTask(() => session.get(`${origin.url}/hang`));
    await until(() => origin.open === 1);
    task.cancel();
    await expect((async () => task)()).rejects.toThrow("cancelled");
    expect(noted.at(-1)).toMatchObject({
      signal: "RequestException",
      params: { error: { name: "CancelledError" } },
    });
  });

  test("of the name of a host", async () => {
    await using origin = await Origin.start();
    const { trace, noted, signals } = noting();
    await using session = new ClientSession({ traces: [trace] });
    const url = origin.url.replace("127.0.0.1", "localhost");
    await (await session.get(url)).text();
    expect(signals()).toEqual(expect.arrayContaining(["DnsResolveHostStart", "DnsResolveHostEnd"]));
    const start = noted.find(({ signal }) => signal === "DnsResolveHostStart");
    expect(start?.params).toEqual({ host: "localhost" });
  });
});

describe("a listener", () => {
  test("gets a context per call, made from what the request gives", async () => {
    const seen: string[] = [];
    const trace: TraceConfig<{ name: string; starts: number }> = {
      createContext: (given) => ({ name: String(given), starts: 0 }),
      onRequestStart: (context) => void context.starts++,
      onRequestEnd: ({ name, starts }, { response }) => {
        seen.push(`${name} ${starts} ${response.status}`);
      },
    };
    const transport = new ScriptedTransport(() => ({}));
    await using session = new ClientSession({ transport, traces: [trace] });
    await session.get("http://a.test/", { traceContext: "one" });
    await session.get("http://a.test/");
    expect(seen).toEqual(["one 1 200", "undefined 1 200"]);
  });

  test("runs in the requesting task's async context, whoever else uses the connection", async () => {
    await using origin = await Origin.start();
    const { trace, noted } = noting();
    const local = new AsyncLocalStorage<string>();
    const locals: (string | undefined)[] = [];
    const reading: TraceConfig = {
      onResponseChunkReceived: () => void locals.push(local.getStore()),
    };
    await using session = new ClientSession({ limit: 1, traces: [trace, reading] });
    await run(async () => {
      const tasks = ["one", "two"].map((name) =>
        createTask(() => local.run(name, async () => (await session.get(origin.url)).text())),
      );
      for (const task of tasks) await task;
      const ofTask = (task: Task<unknown> | null): string[] =>
        noted.filter((each) => each.task === task).map(({ signal }) => signal);
      for (const task of tasks)
        expect(ofTask(task)).toEqual(
          expect.arrayContaining(["RequestStart", "RequestHeadersSent", "ResponseChunkReceived"]),
        );
      expect(noted.every(({ task }) => tasks.includes(task as never))).toBe(true);
    });
    expect(locals).toEqual(["one", "two"]);
  });

  test("that throws is reported, and changes nothing", async () => {
    const transport = new ScriptedTransport(() => ({ text: "fine" }));
    const reported: unknown[] = [];
    const trace: TraceConfig = {
      onRequestStart() {
        throw new Error("a listener's own");
      },
    };
    await run(async () => {
      const loop = getRunningLoop();
      const before = loop.getExceptionHandler();
      loop.setExceptionHandler(({ exception }) => void reported.push(exception));
      try {
        await using session = new ClientSession({ transport, traces: [trace] });
        expect(await (await session.get("http://a.test/")).text()).toBe("fine");
      } finally {
        loop.setExceptionHandler(before);
      }
    });
    expect(reported).toMatchObject([{ message: "a listener's own" }]);
  });

  test.each([["x"], [[1]], [[null]]])("cannot be %o", (traces) => {
    expect(() => new ClientSession({ traces: traces as never })).toThrow(
      "Expected `options.traces` to be an array of objects",
    );
  });
});
