/*
 * Spans as OTLP's JSON (OpenTelemetry Protocol, `POST /v1/traces`).
 *
 * Ids are hex, not base64, and enumerations numbers: the two places where OTLP leaves protobuf's mapping to JSON. What
 * has protobuf's default value may be missing.
 */
import type { AttributeValue } from "./attributes.ts";
import type { Resource } from "./reporter.ts";
import type { FinishedSpan, SpanKind, SpanStatus } from "./finishedSpan.ts";
import { textOf } from "./spanBatch.ts";
import { type LookFormat, SpanLooks } from "./spanLooks.ts";
import type { SpanWriter } from "./spanWriter.ts";
import type { TextBytes } from "./textBytes.ts";
import { TextPiece } from "./textPiece.ts";

const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
const CODES: Readonly<Record<SpanStatus, number>> = { unset: 0, ok: 1, error: 2 };
/** The end of a span without a message. */
const STATUSES: Readonly<Record<SpanStatus, string>> = {
  unset: ',"status":{"code":0}}',
  ok: ',"status":{"code":1}}',
  error: ',"status":{"code":2}}',
};

const START = new TextPiece('],"startTimeUnixNano":"');
const END = new TextPiece(',"endTimeUnixNano":"');

/** A list of spans, as `POST /v1/traces` takes it. */
export function encodeOtlp(spans: readonly FinishedSpan[], resource: Resource): string {
  return textOf(spans, otlpWriter(resource));
}

/** @internal */
export function otlpWriter(resource: Resource): SpanWriter {
  return new OtlpWriter(resource);
}

const LOOK: LookFormat = {
  middle: '","spanId":"',
  restOf: (kind, name) => `","name":${JSON.stringify(name)},"kind":${KINDS[kind]},"attributes":`,
  keyOf: (name) => `,{"key":${JSON.stringify(name)},"value":`,
  writeValue,
  leftOut: [],
};

function writeValue(bytes: TextBytes, value: AttributeValue): void {
  if (typeof value === "string") {
    bytes.plain('{"stringValue":');
    bytes.quoted(value);
    bytes.plain("}}");
  } else if (Number.isSafeInteger(value)) {
    bytes.plain('{"intValue":"');
    bytes.number(value as number);
    bytes.plain('"}}');
  } else bytes.add(`${JSON.stringify(valueOf(value))}}`);
}

class OtlpWriter implements SpanWriter {
  readonly head: string;
  readonly tail = "]}]}]}";
  readonly #looks = new SpanLooks(LOOK);

  constructor({ serviceName, attributes }: Resource) {
    const about = Object.entries({ "service.name": serviceName, ...attributes }).flat();
    const whose = JSON.stringify({ attributes: pairsOf(about) });
    this.head = `{"resourceSpans":[{"resource":${whose},"scopeSpans":[{"scope":{"name":"ambit"},"spans":[`;
  }

  write(bytes: TextBytes, span: FinishedSpan): void {
    const { context, parentId, dropped, startTime, duration } = span;
    const first = this.#looks.write(bytes, span, false);
    if (bytes.length === first) bytes.plain("[");
    // In the place of the comma of the first.
    else bytes.put(first, "[");
    bytes.piece(START);
    writeNanoseconds(bytes, startTime);
    bytes.piece(END);
    writeNanoseconds(bytes, startTime + duration);
    bytes.plain(context.sampled ? ',"flags":1' : ',"flags":0');
    if (parentId !== null) bytes.plain(`,"parentSpanId":"${parentId}"`);
    if (context.traceState !== undefined)
      bytes.add(`,"traceState":${JSON.stringify(context.traceState)}`);
    if (dropped > 0) bytes.plain(`,"droppedAttributesCount":${dropped}`);
    writeNotes(bytes, span);
    writeStatus(bytes, span);
  }
}

/** Events and links; most spans have none. */
function writeNotes(bytes: TextBytes, { events, links }: FinishedSpan): void {
  if (events.length > 0) {
    const told = events.map(({ name, time, attributes }) => ({
      timeUnixNano: nanoseconds(time),
      name,
      attributes: pairsOf(Object.entries(attributes).flat() as AttributeValue[]),
    }));
    bytes.add(`,"events":${JSON.stringify(told)}`);
  }
  if (links.length > 0) {
    const told = links.map(({ context, attributes = {} }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: pairsOf(Object.entries(attributes).flat() as AttributeValue[]),
    }));
    bytes.add(`,"links":${JSON.stringify(told)}`);
  }
}

function writeStatus(bytes: TextBytes, { status, statusMessage }: FinishedSpan): void {
  if (statusMessage === undefined) return bytes.plain(STATUSES[status]);
  bytes.add(`,"status":{"code":${CODES[status]},"message":${JSON.stringify(statusMessage)}}}`);
}

function writeNanoseconds(bytes: TextBytes, milliseconds: number): void {
  bytes.number(Math.round(milliseconds * 1000));
  bytes.plain('000"');
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
