/**
 * Zipkin's JSON: every text is held against Zipkin's own schema, and against the rules that the schema leaves out.
 */
import * as fc from "fast-check";
import {
  type Attributes,
  encodeZipkin,
  type FinishedSpan,
  type SpanKind,
  span,
  startSpan,
} from "ambit/tracing";
import { runVirtual } from "ambit/testing";
import { sleep } from "ambit";
import { expect, test } from "vitest";
import { plain, traced } from "./traced.ts";
import { checked, rulesBroken, validate } from "./zipkinRules.ts";

const RESOURCE = { serviceName: "Shop", attributes: { "service.version": "1.2" } };

test("the rules find what they are for", () => {
  const id = "352bff9a74ca9ad2";
  const good = {
    traceId: "5af7183fb1d4cf5f",
    id,
    name: "get /api",
    timestamp: 1556604172355737,
    duration: 1431,
    localEndpoint: { serviceName: "backend" },
  };
  expect(rulesBroken(good)).toEqual([]);
  expect(rulesBroken({ ...good, id: id.toUpperCase() })).toEqual(["id"]);
  expect(rulesBroken({ ...good, traceId: "0".repeat(32) })).toEqual(["traceId"]);
  expect(rulesBroken({ ...good, parentId: id })).toEqual(["parentId"]);
  expect(rulesBroken({ ...good, duration: 0.5, timestamp: 1556604172355 })).toEqual([
    "duration",
    "timestamp",
  ]);
  expect(rulesBroken({ ...good, shared: true, name: "A" })).toEqual(["shared", "name"]);
  expect(validate([{ ...good, traceId: "x" }])).toBe(false);
  expect(validate([{ ...good, tags: { a: 1 } }])).toBe(false);
});

test("a span has its times in microseconds, its tags as text, and the service's name in lower case", async () => {
  const spans = await runVirtual(() =>
    traced(async () => {
      await span("Check Out", async (checkout) => {
        checkout.setAttributes({ items: 2, paid: true, names: ["a", "b"], odd: 'a"b\\\n' });
        await sleep(1.5);
        checkout.addEvent("paid");
        checkout.addEvent("sent", { to: "x" });
      });
    }),
  );
  const [told] = checked(encodeZipkin(spans, RESOURCE));
  const { startTime } = spans[0] as FinishedSpan;
  const at = Math.round((startTime + 1.5) * 1000);
  expect(told).toEqual({
    traceId: spans[0]?.context.traceId,
    id: spans[0]?.context.spanId,
    name: "check out",
    timestamp: Math.round(startTime * 1000),
    duration: 1500,
    localEndpoint: { serviceName: "shop" },
    annotations: [
      { timestamp: at, value: "paid" },
      { timestamp: at, value: '{"sent":{"to":"x"}}' },
    ],
    tags: {
      items: "2",
      paid: "true",
      names: '["a","b"]',
      odd: 'a"b\\\n',
      "service.version": "1.2",
    },
  });
});

test("what took no time has a duration of 1, and events that are the same are one", async () => {
  const spans = await runVirtual(() =>
    traced(() => {
      span("quick", (quick) => void quick.addEvent("same").addEvent("same"));
    }),
  );
  const [told] = checked(encodeZipkin(spans, RESOURCE));
  expect([told?.duration, told?.annotations?.length]).toEqual([1, 1]);
});

test("an error is the tag `error`; who is at the other end the remote endpoint", async () => {
  const spans = await traced(() => {
    const attributes = { "network.peer.address": "::1", "network.peer.port": 4711 };
    startSpan("served", { kind: "server", attributes }).setStatus("error").end();
    const called = { "server.address": "10.0.0.1", "server.port": 80 };
    startSpan("asked", { kind: "client", attributes: called }).fail(new Error("broken")).end();
    const named = { "server.address": "db.example", "server.port": 5432 };
    startSpan("queried", { kind: "client", attributes: named }).setStatus("ok").end();
    const peer = { "peer.service": "Queue", "server.address": "10.0.0.2" };
    startSpan("put", { kind: "producer", attributes: peer }).end();
    startSpan("got", { kind: "consumer" }).end();
  });
  const told = checked(encodeZipkin(spans, { serviceName: "a", attributes: {} }));
  // The remote endpoint of what was served is the peer, whole, so it needs no tags.
  expect(Object.keys(told[0]?.tags ?? {})).toEqual(["otel.status_code", "error"]);
  expect(told[1]?.tags).toMatchObject({ "server.address": "10.0.0.1", "server.port": "80" });
  expect(told.map(({ kind, remoteEndpoint }) => [kind, remoteEndpoint])).toEqual([
    ["SERVER", { ipv6: "::1", port: 4711 }],
    ["CLIENT", { ipv4: "10.0.0.1", port: 80 }],
    ["CLIENT", { serviceName: "db.example", port: 5432 }],
    ["PRODUCER", { serviceName: "queue", ipv4: "10.0.0.2" }],
    ["CONSUMER", undefined],
  ]);
  expect(told.map(({ tags }) => [tags?.["error"], tags?.["otel.status_code"]])).toEqual([
    ["true", "ERROR"],
    ["broken", "ERROR"],
    [undefined, "OK"],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

test("a shared and debugged span says so; links are a tag", async () => {
  const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: true, debug: true };
  const other = { traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true };
  const spans = await traced(() => {
    startSpan("a", { parent: context, links: [{ context: other }] }).end();
  });
  const [told] = checked(encodeZipkin(spans, RESOURCE));
  expect([told?.debug, told?.parentId]).toEqual([true, context.spanId]);
  expect(told?.tags?.["ambit.links"]).toBe(`${other.traceId}/${other.spanId}`);
  const [shared] = checked(
    encodeZipkin([{ ...plain(spans[0] as FinishedSpan), shared: true, kind: "server" }], RESOURCE),
  );
  expect(shared?.shared).toBe(true);
});

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.boolean(),
  fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
);
const kinds = fc.constantFrom<SpanKind>("internal", "server", "client", "producer", "consumer");

test("whatever a span holds, its text is valid and loses nothing of the names and values", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary" }),
      kinds,
      fc.dictionary(fc.string({ unit: "binary" }), value),
      fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
      async (name, kind, attributes, events) => {
        const spans = await traced(() => {
          const made = startSpan(name, { kind, attributes });
          for (const event of events) made.addEvent(event, attributes);
          made.end();
        });
        const [told] = checked(encodeZipkin(spans, RESOURCE));
        for (const [key, given] of Object.entries(attributes)) {
          const text = typeof given === "object" ? JSON.stringify(given) : String(given);
          // Half of a surrogate pair is no character; JSON carries it all the same.
          expect(told?.tags?.[key]).toBe(key === "service.version" ? "1.2" : text);
        }
        expect(told?.name).toBe(name.toLowerCase());
      },
    ),
    { numRuns: 100 },
  );
});

/** Attributes of spans of one name: some are always there and the same, some change, some are left out at times. */
const changing = fc.array(
  fc.record(
    {
      "http.route": fc.constant("/users/:id"),
      "url.path": fc.constantFrom("/users/1", "/users/é", '/users/"'),
      "network.peer.address": fc.constantFrom("10.0.0.1", "::1", "far.example"),
      "network.peer.port": fc.constantFrom(80, 4711),
      count: fc.constantFrom<unknown>(1, "1", true, 1.5, -1, Number.NaN, 1e21),
      list: fc.constantFrom(["x"], ["x", "y"]),
    },
    { requiredKeys: ["http.route"] },
  ),
  { minLength: 1, maxLength: 60 },
);

test("spans of one name have the tags of their own each, whatever those before them had", async () => {
  await fc.assert(
    fc.asyncProperty(changing, fc.constantFrom<SpanKind>("server", "client"), async (all, kind) => {
      const spans = await traced(() => {
        for (const attributes of all)
          startSpan("a", { kind, attributes: attributes as Attributes }).end();
      });
      const told = checked(encodeZipkin(spans, { serviceName: "shop", attributes: {} }));
      expect(told.map(({ tags }) => tags ?? {})).toEqual(
        spans.map((each) => {
          const { "network.peer.address": host, "network.peer.port": port } = each.attributes;
          const isTold = kind === "server" && (host === "10.0.0.1" || host === "::1") && port;
          const kept = Object.entries(each.attributes).filter(
            ([key]) => !isTold || !key.startsWith("network.peer."),
          );
          return Object.fromEntries(
            kept.map(([key, given]) => [
              key,
              typeof given === "object" ? JSON.stringify(given) : String(given),
            ]),
          );
        }),
      );
    }),
    { numRuns: 100 },
  );
});
