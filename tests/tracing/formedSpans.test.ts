/**
 * Spans of requests, of whose attributes most are shared: what is set, read and written of them is what a span of its own
 * would have. Over real sockets: real time.
 */
import * as fc from "fast-check";
import { request as nodeRequest } from "node:http";
import { run } from "ambit";
import {
  type AttributeValue,
  currentSpan,
  encodeOtlp,
  encodeZipkin,
  type FinishedSpan,
  type Span,
  type TracingOptions,
} from "ambit/tracing";
import { Application } from "ambit/web";
import { expect, test } from "vitest";
import { plain, traced } from "./traced.ts";
import { checked } from "./zipkinRules.ts";

const RESOURCE = { serviceName: "Shop", attributes: { "service.version": "1.2" } };

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What its handler does with the span. */
  readonly change?: (span: Span) => void;
}

/** The spans of requests, one after the other. */
function served(
  asks: readonly Ask[],
  options: Partial<TracingOptions> = {},
): Promise<readonly FinishedSpan[]> {
  return run(() =>
    traced(async () => {
      const app = new Application();
      let change: Ask["change"] = undefined;
      app.route(["GET", "POST"], "/users/:id", () => {
        change?.(currentSpan() as Span);
        return "ok";
      });
      await using server = await app.start({ port: 0 });
      for (const ask of asks) {
        ({ change } = ask);
        await answered(server.port, ask);
      }
    }, options),
  );
}

function answered(port: number, { method = "GET", path = "/users/1", headers = {} }: Ask) {
  return new Promise<void>((resolve, reject) => {
    const asked = nodeRequest({ port, method, path, headers, agent: false }, (answer) => {
      answer.resume().once("end", () => resolve());
    });
    asked.once("error", reject).end();
  });
}

/** What an encoder makes of a span, and of the same without a form. */
function bothWays(spans: readonly FinishedSpan[]) {
  const own = spans.map((each) => plain(each));
  const sorted = ({ attributes, ...rest }: { attributes: { key: string }[] }) => ({
    ...rest,
    attributes: [...attributes].sort((a, b) => (a.key < b.key ? -1 : 1)),
  });
  const ofOtlp = (text: string) =>
    JSON.parse(text).resourceSpans[0].scopeSpans[0].spans.map(sorted) as unknown;
  return {
    zipkin: [spans, own].map((each) => checked(encodeZipkin(each, RESOURCE))),
    otlp: [spans, own].map((each) => ofOtlp(encodeOtlp(each, RESOURCE))),
  };
}

const names = fc.constantFrom(
  "http.route",
  "http.request.method",
  "url.path",
  "url.query",
  "network.peer.address",
  "network.peer.port",
  "http.response.status_code",
  "peer.service",
  "shop.user",
  "shop.items",
);
const values = fc.constantFrom<AttributeValue>("a", "ä€😀", '"\\\n', 7, -1.5, true, ["x", "y"], "");
const asks = fc.record({
  headers: fc.record({
    host: fc.constantFrom("a.example", "b.example:81", "[::1]:82"),
    "user-agent": fc.constantFrom("one", 'two "2"', "three".repeat(60)),
  }),
  method: fc.constantFrom("GET", "POST", "HEAD", "PROPFIND"),
  path: fc.constantFrom("/users/1", "/users/2", "/users/2?sig=secret&a=b", "/none"),
  changes: fc.array(fc.tuple(names, values), { maxLength: 4 }),
  rename: fc.boolean(),
});

test("whatever is asked, and set by handlers, both formats tell what the span has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(asks, { minLength: 1, maxLength: 12 }), async (all) => {
      const expected: Record<string, AttributeValue>[] = [];
      const spans = await served(
        all.map(({ changes, rename, ...ask }) => ({
          ...ask,
          change: (span: Span) => {
            for (const [name, value] of changes) span.setAttribute(name, value);
            if (rename) span.updateName("other name");
            expected.push(Object.fromEntries(changes));
          },
        })),
      );
      const handled = spans.filter(
        ({ name }) => name === "other name" || /^(GET|HEAD|POST) \//.test(name),
      );
      expect(handled).toHaveLength(expected.length);
      for (const [at, { attributes }] of handled.entries()) {
        // The status is set last, whatever a handler made of it.
        const { "http.response.status_code": _, ...set } = expected[at] ?? {};
        expect(attributes).toMatchObject(set);
        expect(attributes["http.response.status_code"]).toBe(200);
      }
      const { zipkin, otlp } = bothWays(spans);
      expect(zipkin[0]).toEqual(zipkin[1]);
      expect(otlp[0]).toEqual(otlp[1]);
    }),
    { numRuns: 40 },
  );
});

test("what was set in one span is in no other of its route", async () => {
  const spans = await served([
    { change: (span) => span.setAttribute("http.route", "/mine").setAttribute("url.path", "/x") },
    {},
    { change: (span) => span.setAttribute("shop.user", 1) },
    {},
  ]);
  expect(
    spans.map(({ attributes }) => [
      attributes["http.route"],
      attributes["url.path"],
      attributes["shop.user"],
    ]),
  ).toEqual([
    ["/mine", "/x", undefined],
    ["/users/:id", "/users/1", undefined],
    ["/users/:id", "/users/1", 1],
    ["/users/:id", "/users/1", undefined],
  ]);
});

test("a span keeps 128 attributes, those of its route among them", async () => {
  const fill = (span: Span): void => {
    for (let i = 0; i < 200; i++) span.setAttribute(`a${i}`, i);
  };
  const steady = (span: Span): void => {
    span.setAttribute("http.route", "/other");
    fill(span);
  };
  for (const each of await served([{ change: fill }, { change: steady }])) {
    const { attributes, dropped } = each;
    const own = Object.keys(attributes).filter((name) => /^a\d+$/.test(name)).length;
    // Some places may be empty, and are kept for what may come.
    expect(own).toBeGreaterThan(100);
    expect(Object.keys(attributes).length).toBeLessThanOrEqual(128);
    expect(own + dropped).toBe(200);
    expect(attributes["http.response.status_code"]).toBe(200);
  }
});

test("each name by which a server is called has spans of its own, however many there are", async () => {
  const hosts = Array.from({ length: 150 }, (_, i) => `host${i % 100}.example:${1000 + i}`);
  const spans = await served(hosts.map((host) => ({ headers: { host } })));
  const called = ({ attributes }: FinishedSpan): string =>
    `${String(attributes["server.address"])}:${String(attributes["server.port"])}`;
  expect(spans.map(called)).toEqual(hosts);
});

test("a span that is not sampled has no attributes, whatever is set", async () => {
  const seen: unknown[] = [];
  const change = (span: Span): void => {
    span.setAttribute("shop.user", 1).setAttribute("url.path", "/x");
    seen.push(span.attributes);
  };
  expect(await served([{ change }], { sampling: 0 })).toEqual([]);
  expect(seen).toEqual([{}]);
});

test("a method that is none of HTTP's is told as it was sent, and in no name", async () => {
  const [first, second, third] = await served([
    { method: "PROPFIND" },
    { method: "MKCOL" },
    { method: "GET" },
  ]);
  expect([first, second, third].map((each) => each?.name)).toEqual([
    "HTTP",
    "HTTP",
    "GET /users/:id",
  ]);
  expect(first?.attributes).toMatchObject({
    "http.request.method": "_OTHER",
    "http.request.method_original": "PROPFIND",
  });
  expect(second?.attributes["http.request.method_original"]).toBe("MKCOL");
  expect(third?.attributes).not.toHaveProperty("http.request.method_original");
});
