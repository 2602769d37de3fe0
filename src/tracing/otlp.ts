/*
 * Spans as OTLP's JSON (OpenTelemetry Protocol, `POST /v1/traces`).
 *
 * Ids are hex, not base64, and enumerations numbers: the two places where OTLP leaves protobuf's mapping to JSON.
 */
import type { AttributeValue } from "./attributes.ts";
import type { Resource } from "./reporter.ts";
import type { FinishedSpan, SpanKind, SpanStatus } from "./finishedSpan.ts";
import { textOf } from "./spanBatch.ts";
import { listOf } from "./spanRecord.ts";
import type { SpanWriter } from "./spanWriter.ts";

const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
const STATUSES: Readonly<Record<SpanStatus, number>> = { unset: 0, ok: 1, error: 2 };
const SAMPLED = 1;

/** A list of spans, as `POST /v1/traces` takes it. */
export function encodeOtlp(spans: readonly FinishedSpan[], resource: Resource): string {
  return textOf(spans, otlpWriter(resource));
}

/** @internal */
export function otlpWriter(resource: Resource): SpanWriter {
  return {
    head: headText(resource),
    tail: "]}]}]}",
    write: (bytes, span) => bytes.add(JSON.stringify(spanRecord(span))),
  };
}

function headText({ serviceName, attributes }: Resource): string {
  const about = Object.entries({ "service.name": serviceName, ...attributes }).flat();
  const whose = JSON.stringify({ attributes: pairsOf(about) });
  return `{"resourceSpans":[{"resource":${whose},"scopeSpans":[{"scope":{"name":"ambit"},"spans":[`;
}

function spanRecord(span: FinishedSpan): object {
  const { context, parentId, name, kind, status, statusMessage, dropped } = span;
  const { traceId, spanId, traceState } = context;
  return {
    traceId,
    spanId,
    ...(traceState === undefined ? {} : { traceState }),
    ...(parentId === null ? {} : { parentSpanId: parentId }),
    flags: context.sampled ? SAMPLED : 0,
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanoseconds(span.startTime),
    endTimeUnixNano: nanoseconds(span.startTime + span.duration),
    attributes: pairsOf(listOf(span)),
    ...(dropped > 0 ? { droppedAttributesCount: dropped } : {}),
    events: span.events.map(({ name: event, time, attributes }) => ({
      timeUnixNano: nanoseconds(time),
      name: event,
      attributes: pairsOf(Object.entries(attributes).flat() as AttributeValue[]),
    })),
    links: span.links.map((link) => ({
      traceId: link.context.traceId,
      spanId: link.context.spanId,
      attributes: pairsOf(Object.entries(link.attributes ?? {}).flat() as AttributeValue[]),
    })),
    status: {
      code: STATUSES[status],
      ...(statusMessage === undefined ? {} : { message: statusMessage }),
    },
  };
}

/** More than a number holds exactly; microseconds are what is known. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}

function pairsOf(list: readonly (string | AttributeValue | undefined)[]): object[] {
  const pairs: object[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const value = list[at + 1];
    if (value !== undefined) pairs.push({ key: list[at], value: valueOf(value) });
  }
  return pairs;
}

function valueOf(value: AttributeValue): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "object") return { arrayValue: { values: value.map(valueOf) } };
  // An intValue is text, since it has 64 bits. JSON has no NaN and no Infinity; protobuf's mapping has them as text.
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}
