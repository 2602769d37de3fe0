/*
 * `ambit/tracing`: spans of requests, tasks and the program's own work, for Zipkin and OpenTelemetry.
 */
export { type Attributes, type AttributeValue } from "./attributes.ts";
export { BatchReporter } from "./batchReporter.ts";
export { type BatchReporterOptions } from "./batchReporterOptions.ts";
export { SpansRefusedError } from "./batchSender.ts";
export { currentSpan, currentSpanContext, withoutTracing } from "./currentSpan.ts";
export type {
  OpenTelemetryApi,
  OtelContext,
  OtelSpan,
  OtelSpanContext,
} from "./openTelemetryApi.ts";
export { OpenTelemetryContext } from "./openTelemetryContext.ts";
export { encodeOtlp } from "./otlp.ts";
export { OtlpReporter } from "./otlpReporter.ts";
export { extract, inject, type PropagationFormat } from "./propagation.ts";
export { MemoryReporter, type Resource, type SpanReporter } from "./reporter.ts";
export type { ReporterStatistics } from "./reporterStatistics.ts";
export { parentBased, ratioSampler, type Sampler, type SamplingInput } from "./sampler.ts";
export type { FinishedSpan, SpanEvent, SpanKind, SpanLink, SpanStatus } from "./finishedSpan.ts";
export { Span } from "./span.ts";
export { type RemoteContext, type SpanContext } from "./spanContext.ts";
export { openSpan, span, type SpanOptions, startSpan } from "./spans.ts";
export { startTracing, Tracing, type TracingOptions } from "./startTracing.ts";
export { type TracedTasks } from "./taskSpans.ts";
export { encodeZipkin } from "./zipkin.ts";
export { ZipkinReporter } from "./zipkinReporter.ts";
