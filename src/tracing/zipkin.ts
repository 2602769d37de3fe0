/*
 * Spans as Zipkin's v2 JSON.
 *
 * Strategy: after OpenTelemetry's mapping to Zipkin, which every such exporter follows: attributes become tags, events
 * annotations, an error the tag `error`. Names are in lower case, as Zipkin's API has it. A link has no place in it, so
 * the spans that are linked to are a tag, `ambit.links`. What the remote endpoint tells is no tag, too: to send a byte
 * costs more than to encode it.
 * Times are microseconds; a duration is at least 1.
 */
import type { AttributeValue } from "./attributes.ts";
import type { FinishedSpan, SpanEvent, SpanKind } from "./finishedSpan.ts";
import type { Resource } from "./reporter.ts";
import { textOf } from "./spanBatch.ts";
import { type LookFormat, SpanLooks } from "./spanLooks.ts";
import { MemberTexts } from "./memberTexts.ts";
import type { SpanWriter } from "./spanWriter.ts";
import { TextBytes } from "./textBytes.ts";
import { TextPiece } from "./textPiece.ts";
import { PEER, RemoteEndpoint } from "./zipkinEndpoint.ts";

const KINDS: Readonly<Record<SpanKind, string>> = {
  internal: "",
  server: ',"kind":"SERVER"',
  client: ',"kind":"CLIENT"',
  producer: ',"kind":"PRODUCER"',
  consumer: ',"kind":"CONSUMER"',
};

/** A list of spans, as `POST /api/v2/spans` takes it. */
export function encodeZipkin(spans: readonly FinishedSpan[], resource: Resource): string {
  return textOf(spans, zipkinWriter(resource));
}

/** @internal */
export function zipkinWriter(resource: Resource): SpanWriter {
  return new ZipkinWriter(resource);
}

/** Tags are text, whatever the attribute was. */
function writeTag(bytes: TextBytes, value: AttributeValue): void {
  if (typeof value === "string") return bytes.quoted(value);
  if (typeof value === "object") return bytes.quoted(JSON.stringify(value));
  bytes.byte(QUOTE);
  if (typeof value === "number") bytes.number(value);
  else bytes.plain(value ? "true" : "false");
  bytes.byte(QUOTE);
}

const QUOTE = 0x22;
const BRACE = 0x7d;
const TIMESTAMP = new TextPiece(',"timestamp":');
const DURATION = new TextPiece(',"duration":');
const TAGS = ',"tags":';

class ZipkinWriter implements SpanWriter {
  readonly head = "[";
  readonly tail = "]";
  readonly #looks: SpanLooks;
  readonly #remote = new RemoteEndpoint();
  readonly #resourceTags: TextPiece;

  constructor({ serviceName, attributes }: Resource) {
    const endpoint = `,"localEndpoint":{"serviceName":${JSON.stringify(serviceName.toLowerCase())}}`;
    const format: LookFormat = {
      middle: '","id":"',
      restOf: (kind, name) =>
        `"${KINDS[kind] ?? ""},"name":${JSON.stringify(name.toLowerCase())}${endpoint}${TAGS}`,
      keyOf: (name) => `,${JSON.stringify(name)}:`,
      writeValue: writeTag,
      leftOut: PEER,
    };
    this.#looks = new SpanLooks(format);
    const tags = new TextBytes(0);
    const list = Object.entries(attributes).flat() as AttributeValue[];
    new MemberTexts(format).write(tags, list, []);
    this.#resourceTags = tags.pieceFrom(0);
  }

  write(bytes: TextBytes, span: FinishedSpan): void {
    const { kind, events } = span;
    const remote = kind === "internal" ? null : this.#remote;
    const first = this.#looks.write(bytes, span, remote?.find(span) === true);
    writeOutcome(bytes, span);
    if (this.#resourceTags.length > 0) bytes.piece(this.#resourceTags);
    if (bytes.length === first) bytes.cut(first - TAGS.length);
    else {
      // In the place of the comma of the first.
      bytes.put(first, "{");
      bytes.byte(BRACE);
    }
    writeTimes(bytes, span);
    if (remote !== null) remote.write(bytes);
    if (events.length > 0) bytes.add(annotationsOf(events));
    bytes.byte(BRACE);
  }
}

function writeTimes(bytes: TextBytes, span: FinishedSpan): void {
  const { context, parentId } = span;
  bytes.piece(TIMESTAMP);
  bytes.number(Math.round(span.startTime * 1000));
  bytes.piece(DURATION);
  bytes.number(Math.max(1, Math.round(span.duration * 1000)));
  if (parentId !== null) bytes.plain(`,"parentId":"${parentId}"`);
  if (context.debug === true) bytes.plain(',"debug":true');
  if (span.shared) bytes.plain(',"shared":true');
}

/** The tags that tell of what became of it. */
function writeOutcome(bytes: TextBytes, span: FinishedSpan): void {
  const { status, links, dropped } = span;
  if (status !== "unset") bytes.plain(`,"otel.status_code":"${status.toUpperCase()}"`);
  if (status === "error") {
    bytes.plain(',"error":');
    bytes.quoted(span.statusMessage ?? "true");
  }
  if (dropped > 0) bytes.plain(`,"ambit.dropped":"${dropped}"`);
  if (links.length === 0) return;
  const linked = links.map(({ context }) => `${context.traceId}/${context.spanId}`).join(" ");
  bytes.plain(',"ambit.links":');
  bytes.quoted(linked);
}

/** They are to differ from each other. */
function annotationsOf(events: readonly SpanEvent[]): string {
  const texts = new Set<string>();
  for (const { name, time, attributes } of events) {
    const bare = Object.keys(attributes).length === 0;
    const value = bare ? name : JSON.stringify({ [name]: attributes });
    texts.add(`{"timestamp":${Math.round(time * 1000)},"value":${JSON.stringify(value)}}`);
  }
  return `,"annotations":[${[...texts].join(",")}]`;
}
