/**
 * What reporters put on the wire, against the encoders that give text, byte by byte; in virtual time.
 */
import { ClientSession, MockTransport } from "ambit/http";
import { runVirtual } from "ambit/testing";
import {
  type BatchReporterOptions,
  encodeOtlp,
  encodeZipkin,
  type FinishedSpan,
  OtlpReporter,
  type Resource,
  type SpanReporter,
  startSpan,
  ZipkinReporter,
} from "ambit/tracing";
import { describe, expect, test } from "vitest";
import { traced } from "./traced.ts";

const RESOURCE: Resource = { serviceName: "Läden", attributes: { "service.version": "2 €" } };

interface Kind {
  readonly name: string;
  readonly make: (options: BatchReporterOptions) => SpanReporter;
  readonly encode: (spans: readonly FinishedSpan[], resource: Resource) => string;
}

const KINDS: readonly Kind[] = [
  { name: "Zipkin", make: (options) => new ZipkinReporter(options), encode: encodeZipkin },
  { name: "OTLP", make: (options) => new OtlpReporter(options), encode: encodeOtlp },
];

/** Texts whose UTF-8 is one to four bytes a character, those that JSON escapes, and half of a pair. */
const TEXTS: readonly string[] = ["", "a", "é", "€", "😀", '"\\\n', "\ud83d", "€😀".repeat(2000)];

describe.each(KINDS)("a batch for $name", ({ make, encode }) => {
  test("is the text of its spans in UTF-8, however long and wide that is", async () => {
    const bodies: Uint8Array[] = [];
    const spans = await runVirtual(() =>
      traced(async ({ spans: made }) => {
        for (const text of TEXTS)
          startSpan(`Name ${text.slice(0, 9)}`, { attributes: { text, all: [text] } }).end();
        const transport = new MockTransport(({ bytes }) => {
          bodies.push(bytes);
          return { status: 202 };
        });
        await using session = new ClientSession({ transport });
        const reporter = make({ session });
        reporter.open?.(RESOURCE);
        for (const each of made) reporter.report(each);
        await reporter.close?.();
      }),
    );
    expect(spans).toHaveLength(TEXTS.length);
    expect(bodies.map((body) => new TextDecoder("utf-8", { fatal: true }).decode(body))).toEqual([
      encode(spans, RESOURCE),
    ]);
  });
});

test("a tag has the value of its own span, whatever the same name was before", async () => {
  const values = [1, "1", true, Number.NaN, "b", "b", ["x"], ["x", "y"], ["x"], "y".repeat(99)];
  const spans = await runVirtual(() =>
    traced(() => {
      for (const value of values) startSpan("a", { attributes: { value } }).end();
    }),
  );
  const told = JSON.parse(encodeZipkin(spans, RESOURCE)) as { tags: { value: string } }[];
  expect(told.map(({ tags }) => tags.value)).toEqual(
    values.map((value) => (typeof value === "object" ? JSON.stringify(value) : String(value))),
  );
});
