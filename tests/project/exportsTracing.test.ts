/**
 * What `ambit/tracing` exports, by name. `npm test -- exports -u` writes the new list.
 */
import { expect, test } from "vitest";
import { exportedNames } from "./exportedNames.ts";

test("ambit/tracing exports these names", () => {
  expect(exportedNames("src/tracing/index.ts")).toMatchInlineSnapshot(`
    [
      "type Attributes",
      "type AttributeValue",
      "BatchReporter",
      "type BatchReporterOptions",
      "currentSpan",
      "currentSpanContext",
      "encodeOtlp",
      "encodeZipkin",
      "extract",
      "type FinishedSpan",
      "inject",
      "MemoryReporter",
      "openSpan",
      "type OpenTelemetryApi",
      "OpenTelemetryContext",
      "type OtelContext",
      "type OtelSpan",
      "type OtelSpanContext",
      "OtlpReporter",
      "parentBased",
      "type PropagationFormat",
      "ratioSampler",
      "type RemoteContext",
      "type ReporterStatistics",
      "type Resource",
      "type Sampler",
      "type SamplingInput",
      "Span",
      "span",
      "type SpanContext",
      "type SpanEvent",
      "type SpanKind",
      "type SpanLink",
      "type SpanOptions",
      "type SpanReporter",
      "SpansRefusedError",
      "type SpanStatus",
      "startSpan",
      "startTracing",
      "type TracedTasks",
      "Tracing",
      "type TracingOptions",
      "withoutTracing",
      "ZipkinReporter",
    ]
  `);
});
