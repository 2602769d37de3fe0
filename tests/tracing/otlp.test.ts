/**
 * OTLP's JSON against a model of its mapping, written out here again from the protocol: values by type, ids of any length.
 */
import * as fc from "fast-check";
import {
  type Attributes,
  encodeOtlp,
  encodeZipkin,
  type FinishedSpan,
  type SpanKind,
  startSpan,
} from "ambit/tracing";
import { expect, test } from "vitest";
import { plain, traced } from "./traced.ts";

interface Told {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

const RESOURCE = { serviceName: "shop", attributes: {} };

function toldBy(spans: readonly FinishedSpan[]): readonly Told[] {
  const text = JSON.parse(encodeOtlp(spans, RESOURCE)) as {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { spans: Told[] }[] }[];
  };
  return text.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
}

/** A value as JSON has protobuf's AnyValue: integers are texts, and so are numbers that JSON has not. */
function anyValue(value: unknown): object {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

function expected(attributes: Attributes): Record<string, object> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, anyValue(value)]),
  );
}

function attributesOf({ attributes }: Told): Record<string, object> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value]));
}

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }),
);
const KINDS: readonly SpanKind[] = ["internal", "server", "client", "producer", "consumer"];

test("whatever a span holds, its names, types and values are those that it has", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: "binary" }),
      fc.constantFrom(...KINDS),
      fc.dictionary(fc.string({ unit: "binary" }), value),
      async (name, kind, attributes) => {
        const [told] = toldBy(await traced(() => startSpan(name, { kind, attributes }).end()));
        expect([told?.name, told?.kind]).toEqual([name, KINDS.indexOf(kind) + 1]);
        expect(told?.attributes).toHaveLength(Object.keys(attributes).length);
        expect(attributesOf(told as Told)).toEqual(expected(attributes));
      },
    ),
    { numRuns: 100 },
  );
});

/** Attributes of spans of one name: some are always the same, some change, some are left out at times. */
const changing = fc.array(
  fc.record(
    {
      "http.route": fc.constant("/users/:id"),
      "url.path": fc.constantFrom("/users/1", "/users/é", '/users/"'),
      count: fc.constantFrom<unknown>(1, "1", true, 1.5, -1, Number.NaN, 1e21),
      list: fc.constantFrom(["x"], ["x", "y"]),
    },
    { requiredKeys: ["http.route"] },
  ),
  { minLength: 1, maxLength: 60 },
);

test("spans of one name have the attributes of their own each, whatever those before them had", async () => {
  await fc.assert(
    fc.asyncProperty(changing, async (all) => {
      const spans = await traced(() => {
        for (const attributes of all)
          startSpan("a", { attributes: attributes as Attributes }).end();
      });
      expect(toldBy(spans).map(attributesOf)).toEqual(
        all.map((attributes) => expected(attributes as Attributes)),
      );
    }),
    { numRuns: 100 },
  );
});

test("ids are those of the span, of 128 bits, of 64, or as a maker of spans has them", async () => {
  const ids = [
    ["a".repeat(32), "b".repeat(16)],
    ["c".repeat(16), "d".repeat(16)],
    ["e".repeat(32), "f".repeat(16)],
    ["1", "22"],
    ["3".repeat(16), "4".repeat(16)],
  ] as const;
  const [made] = await traced(() => startSpan("a", { attributes: { b: 1 } }).end());
  const spans = ids.map(([traceId, spanId]) => ({
    ...plain(made as FinishedSpan),
    context: { traceId, spanId, sampled: true },
  }));
  expect(toldBy(spans).map(({ traceId, spanId }) => [traceId, spanId])).toEqual(ids);
  const zipkin = JSON.parse(encodeZipkin(spans, RESOURCE)) as { traceId: string; id: string }[];
  expect(zipkin.map(({ traceId, id }) => [traceId, id])).toEqual(ids);
});
