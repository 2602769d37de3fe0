/**
 * Spans of requests, over real sockets: real time.
 */
import { createServer } from "node:http";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createTask, Event, getRunningLoop, run, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import {
  currentSpan,
  type FinishedSpan,
  type PropagationFormat,
  span,
  withoutTracing,
} from "ambit/tracing";
import { Application, empty, redirect, type RequestEvent, stream } from "ambit/web";
import { describe, expect, test } from "vitest";
import { only, traced, treeOf } from "./traced.ts";

interface Signs {
  readonly begun: Event;
  readonly left: Event;
  readonly goOn: Event;
}

/** Two applications, of which the first asks the second. */
async function chain(
  body: (url: string, session: ClientSession, signs: Signs) => Promise<void>,
): Promise<void> {
  const signs: Signs = { begun: new Event(), left: new Event(), goOn: new Event() };
  await using session = new ClientSession();
  const inner = new Application();
  inner.get("/price/:id<int>", ({ params }) => ({ price: params.id * 2 }));
  await using innerServer = await inner.start({ port: 0 });
  const outer = new Application();
  outer.get("/shop/:id<int>", async ({ params }) => {
    const response = await session.get(`${innerServer.url}/price/${params.id}`);
    return response.json<object>();
  });
  outer.get("/fails", () => {
    throw new RangeError("too far");
  });
  outer.get("/teapot", () => empty({ status: 418 }));
  outer.get("/slow", async () => {
    signs.begun.set();
    try {
      await sleep(60_000);
    } finally {
      signs.left.set();
    }
    return "late";
  });
  outer.get("/pieces", () =>
    stream(async (writer) => {
      await writer.write("first");
      await signs.goOn.wait();
      await writer.write("last");
    }),
  );
  await using outerServer = await outer.start({ port: 0 });
  await body(outerServer.url, session, signs);
}

describe.each([[["w3c"]], [["b3"]], [["b3multi"]], [["w3c", "b3", "b3multi"]]] as [
  PropagationFormat[],
][])("with %s", (inject) => {
  test("client, server, client and server make one trace, each the child of the one before", async () => {
    const spans = await traced(
      () =>
        run(() =>
          chain(async (url, session) => {
            await span("visit", async () => {
              const response = await session.get(`${url}/shop/21`);
              expect(await response.json()).toEqual({ price: 42 });
            });
          }),
        ),
      { inject },
    );
    expect(treeOf(spans)).toBe(
      "visit (client GET (server GET /shop/:id<int> (client GET (server GET /price/:id<int>))))",
    );
    expect(new Set(spans.map(({ context }) => context.traceId)).size).toBe(1);
  });

  test("what the first does not sample, nobody records", async () => {
    const spans = await traced(
      () =>
        run(() =>
          chain(async (url, session) => {
            await (await session.get(`${url}/shop/21`)).json();
          }),
        ),
      { inject, sampling: ({ parent }) => parent?.sampled ?? false },
    );
    expect(spans).toEqual([]);
  });
});

test("a request has the attributes of OpenTelemetry's conventions on both sides", async () => {
  const spans = await traced(() =>
    run(() =>
      chain(async (url, session) => {
        const headers = { "user-agent": "test/1" };
        await (await session.get(`${url}/shop/7?q=1&sig=secret`, { headers })).json();
      }),
    ),
  );
  const server = only(spans, "GET /shop/:id<int>");
  const port = expect.any(Number) as number;
  expect(server.attributes).toEqual({
    "http.request.method": "GET",
    "url.path": "/shop/7",
    "url.query": "q=1&sig=REDACTED",
    "url.scheme": "http",
    "http.route": "/shop/:id<int>",
    "server.address": "127.0.0.1",
    "server.port": port,
    "client.address": "127.0.0.1",
    "network.peer.address": "127.0.0.1",
    "network.peer.port": port,
    "network.protocol.version": "1.1",
    "user_agent.original": "test/1",
    "http.response.status_code": 200,
  });
  const client = spans.find(({ kind, parentId }) => kind === "client" && parentId === null);
  expect(client?.attributes).toEqual({
    "http.request.method": "GET",
    "url.full": expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+\/shop\/7\?q=1&sig=REDACTED$/,
    ) as string,
    "server.address": "127.0.0.1",
    "server.port": port,
    "network.protocol.version": "1.1",
    "http.response.status_code": 200,
  });
});

test("a failure is told on both sides; what is the client's own fault only on its side", async () => {
  const spans = await traced(() =>
    run(() =>
      chain(async (url, session) => {
        const errors: unknown[] = [];
        getRunningLoop().setExceptionHandler(({ exception }) => void errors.push(exception));
        await (await session.get(`${url}/fails`)).text();
        await (await session.get(`${url}/teapot`)).text();
        await (await session.get(`${url}/none`)).text();
        expect(errors).toHaveLength(1);
      }),
    ),
  );
  const told = (found: FinishedSpan): unknown => [
    found.attributes["http.response.status_code"],
    found.status,
    found.attributes["error.type"],
  ];
  const ofKind = (kind: string): unknown[] => spans.filter((each) => each.kind === kind).map(told);
  expect(ofKind("server")).toEqual([
    [500, "error", "RangeError"],
    [418, "unset", undefined],
    [404, "unset", undefined],
  ]);
  expect(ofKind("client")).toEqual([
    [500, "error", "500"],
    [418, "error", "418"],
    [404, "error", "404"],
  ]);
  const failed = only(spans, "GET /fails");
  expect(failed.statusMessage).toBe("too far");
  expect(
    failed.events.map(({ name, attributes }) => [name, attributes["exception.message"]]),
  ).toEqual([["exception", "too far"]]);
  // No route, no name of the client's making.
  expect(spans.filter(({ kind }) => kind === "server").map(({ name }) => name)).toContain("GET");
});

test("a request that nobody can be connected for fails with its error", async () => {
  const spans = await traced(() =>
    run(async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, "close");
      await using session = new ClientSession();
      await expect(session.get(`http://127.0.0.1:${port}/`)).rejects.toThrow("connect");
    }),
  );
  const [failed] = spans;
  expect([failed?.kind, failed?.status, failed?.attributes["error.type"]]).toEqual([
    "client",
    "error",
    "ConnectorError",
  ]);
});

test("a cancelled request says so on both sides, and is no error", async () => {
  const spans = await traced(() =>
    run(() =>
      chain(async (url, session, { begun, left }) => {
        const asked = createTask(() => session.get(`${url}/slow`));
        await begun.wait();
        asked.cancel("enough");
        await expect(asked).rejects.toThrow("enough");
        await left.wait();
      }),
    ),
  );
  const told = spans.map(({ kind, status, attributes }) => [
    kind,
    status,
    attributes["ambit.cancelled"],
    attributes["ambit.cancel.reason"],
  ]);
  expect(told.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
    ["client", "unset", true, undefined],
    ["server", "unset", true, "the client has left"],
  ]);
});

test("a timeout is an error of the client's span", async () => {
  const spans = await traced(() =>
    run(() =>
      chain(async (url, session, { left }) => {
        await expect(session.get(`${url}/slow`, { timeout: 20 })).rejects.toThrow("20 ms");
        await left.wait();
      }),
    ),
  );
  const client = spans.find(({ kind }) => kind === "client");
  expect([client?.status, client?.attributes["error.type"]]).toEqual([
    "error",
    "ClientTimeoutError",
  ]);
});

test("the spans of a body that comes in pieces end with its last byte", async () => {
  await traced((reporter) =>
    run(async () => {
      await chain(async (url, session, { goOn }) => {
        const response = await session.get(`${url}/pieces`);
        const texts: string[] = [];
        let early: number | null = null;
        for await (const piece of response.body) {
          early ??= reporter.spans.length;
          texts.push(Buffer.from(piece).toString());
          goOn.set();
        }
        expect([texts.join(""), early]).toEqual(["firstlast", 0]);
        expect(reporter.spans.map(({ kind }) => kind)).toContain("client");
      });
      expect(reporter.spans.map(({ kind }) => kind).toSorted()).toEqual(["client", "server"]);
    }),
  );
});

test("a body that nobody wants ends its span, which tells", async () => {
  const spans = await traced(() =>
    run(() =>
      chain(async (url, session, { goOn }) => {
        const response = await session.get(`${url}/pieces`);
        response.release();
        goOn.set();
      }),
    ),
  );
  const client = spans.find(({ kind }) => kind === "client");
  expect(client?.events.map(({ name }) => name)).toEqual(["body released"]);
});

test("each redirect and each retry is a request of its own", async () => {
  let asked = 0;
  const spans = await traced(() =>
    run(async () => {
      const app = new Application();
      app.get("/from", () => redirect("/to"));
      app.get("/to", () => empty({ status: ++asked < 2 ? 503 : 200 }));
      await using server = await app.start({ port: 0 });
      await using session = new ClientSession({ retry: { attempts: 2, delay: 1 } });
      await span("all", async () => {
        await (await session.get(`${server.url}/from`)).text();
      });
    }),
  );
  const clients = spans.filter(({ kind }) => kind === "client");
  expect(
    clients.map(({ attributes }) => [
      attributes["http.response.status_code"],
      attributes["http.request.resend_count"],
    ]),
  ).toEqual([
    [302, undefined],
    [503, undefined],
    [302, 1],
    [200, 1],
  ]);
  const { context } = only(spans, "all");
  expect(clients.every(({ parentId }) => parentId === context.spanId)).toBe(true);
  const ids = new Set(clients.map((each) => each.context.spanId));
  const parents = spans.filter(({ kind }) => kind === "server").map(({ parentId }) => parentId);
  expect(new Set(parents)).toEqual(ids);
});

test("a handler has the request's span, and may add to it", async () => {
  const spans = await traced(() =>
    run(async () => {
      const app = new Application();
      app.get("/", async () => {
        currentSpan()?.setAttribute("shop.user", 7);
        await createTask(() => sleep(1), { name: "look up" });
        return span("render", () => "done");
      });
      await using server = await app.start({ port: 0 });
      await using session = new ClientSession();
      await (await session.get(server.url)).text();
      await withoutTracing(async () => (await session.get(server.url)).text());
    }),
  );
  expect(treeOf(spans)).toBe(
    "client GET (server GET / (look up, render)); server GET / (look up, render)",
  );
  const server = spans.find(({ kind }) => kind === "server");
  expect(server?.attributes["shop.user"]).toBe(7);
});

test("the span of a request begins when its head was there, and those that follow each other fit each other", async () => {
  const begun: number[] = [];
  const hear = (message: unknown): void => void begun.push((message as RequestEvent).began);
  subscribe("ambit:web.request.started", hear);
  const spans = await traced(() =>
    run(async () => {
      const app = new Application();
      app.get("/", () => "done");
      await using server = await app.start({ port: 0 });
      await using session = new ClientSession();
      for (let i = 0; i < 5; i++) await (await session.get(server.url)).text();
    }),
  );
  unsubscribe("ambit:web.request.started", hear);
  const server = spans.filter(({ kind }) => kind === "server");
  expect([server.length, begun.length]).toEqual([5, 5]);
  // What makes a loop's time one of the wall is the same for all.
  const [epoch = 0, ...others] = server.map(({ startTime }, i) => startTime - (begun[i] ?? 0));
  for (const each of others) expect(Math.abs(each - epoch)).toBeLessThan(0.001);
});

test("a server that is started inside a span does not hang its requests under that", async () => {
  const spans = await traced(() =>
    run(async () => {
      const app = new Application();
      app.get("/", () => "done");
      await using session = new ClientSession();
      await span("start", async () => {
        const server = await app.start({ port: 0 });
        await withoutTracing(async () => (await session.get(server.url)).text());
        await server.close();
      });
    }),
  );
  const server = only(spans, "GET /");
  expect(server.parentId).toBeNull();
  expect(server.context.traceId).not.toBe(only(spans, "start").context.traceId);
});

describe("of callers", () => {
  const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  const CALLER = "00f067aa0ba902b7";

  async function asked(
    headers: Record<string, string>,
    options: Parameters<typeof traced>[1] = {},
  ): Promise<FinishedSpan | undefined> {
    const spans = await traced(
      () =>
        run(async () => {
          const app = new Application();
          app.get("/", () => "done");
          await using server = await app.start({ port: 0 });
          await using session = new ClientSession();
          await (await session.get(server.url, { headers })).text();
        }),
      { ...options, http: false },
    );
    expect(spans.length).toBeLessThan(2);
    return spans[0];
  }

  test("those that are not trusted begin a new trace", async () => {
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
    expect((await asked(headers))?.context.traceId).toBe(TRACE);
    const apart = await asked(headers, { trustCaller: () => false });
    expect(apart?.context.traceId).not.toBe(TRACE);
    expect(apart?.parentId).toBeNull();
  });

  test("requests that are ignored have no span", async () => {
    expect(await asked({}, { ignoreRequest: ({ path }) => path === "/" })).toBeUndefined();
  });

  test("tracestate comes along", async () => {
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: "a=1, b=2" };
    expect((await asked(headers))?.context.traceState).toBe("a=1,b=2");
  });

  test("a decision without a trace is followed: not to record, or to record in any case", async () => {
    expect(await asked({ b3: "0" })).toBeUndefined();
    const debugged = await asked({ "x-b3-flags": "1" }, { sampling: 0 });
    expect([debugged?.parentId, debugged?.context.debug]).toEqual([null, true]);
  });

  test("B3's span may be shared, and has then the caller's id and parent", async () => {
    const headers = { b3: `${TRACE}-${CALLER}-1-05e3ac9a4f6e3b90` };
    const shared = await asked(headers, { joinB3: true });
    expect([shared?.context.spanId, shared?.parentId, shared?.shared]).toEqual([
      CALLER,
      "05e3ac9a4f6e3b90",
      true,
    ]);
    const own = await asked(headers);
    expect([own?.parentId, own?.shared]).toEqual([CALLER, false]);
  });

  test("a trace that only some server is told of stays here", async () => {
    const seen: (string | null)[] = [];
    await traced(
      () =>
        run(async () => {
          const app = new Application();
          app.get("/:where", (request) => {
            seen.push(request.headers.get("traceparent"));
            return "done";
          });
          await using server = await app.start({ port: 0 });
          await using session = new ClientSession();
          // A copied header is replaced: the server is to know its caller, not its caller's caller.
          const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
          await (await session.get(`${server.url}/in`, { headers })).text();
          await (await session.get(`${server.url}/out`)).text();
        }),
      { propagateTo: (url) => url.endsWith("/in"), web: false },
    );
    expect(seen).toEqual([expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/), null]);
    expect(seen[0]).not.toContain(TRACE);
  });
});
