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
import { listOf } from "./spanRecord.ts";
import { MemberKeys, SpanShape } from "./spanShape.ts";
import { NO_CONTEXT } from "./spanContext.ts";
import type { SpanWriter } from "./spanWriter.ts";
import { TextBytes } from "./textBytes.ts";
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
const TAGS = {
  keyOf: (name: string): string => `,${JSON.stringify(name)}:`,
  writeValue(bytes: TextBytes, value: AttributeValue): void {
    if (typeof value === "string") bytes.quoted(value);
    else if (typeof value === "object") bytes.quoted(JSON.stringify(value));
    else {
      bytes.plain('"');
      if (typeof value === "number") bytes.number(value);
      else bytes.plain(value ? "true" : "false");
      bytes.plain('"');
    }
  },
};

/** What is kept must not fill the memory, whatever somebody makes up. */
const MOST_LOOKS = 1000;
const LONGEST_NAME = 256;

const NONE: readonly string[] = [];

/** What spans of one name and kind look like. */
class Look {
  /** Kind, name and local endpoint. */
  readonly head: Uint8Array;
  /** The tags, and those of spans whose peer is told elsewhere. */
  readonly tags: SpanShape;
  readonly fewerTags: SpanShape;

  constructor(head: string, keys: MemberKeys) {
    this.head = Buffer.from(head);
    this.tags = new SpanShape(keys, NONE);
    this.fewerTags = new SpanShape(keys, PEER);
  }
}

class ZipkinWriter implements SpanWriter {
  readonly head = "[";
  readonly tail = "]";
  readonly #keys = new MemberKeys(TAGS);
  readonly #looks = new Map<string, Look[]>();
  readonly #remote = new RemoteEndpoint();
  readonly #endpoint: string;
  readonly #resourceTags: Uint8Array;

  constructor({ serviceName, attributes }: Resource) {
    this.#endpoint = `,"localEndpoint":{"serviceName":${JSON.stringify(serviceName.toLowerCase())}}`;
    const tags = new TextBytes(0);
    this.#keys.write(tags, Object.entries(attributes).flat() as AttributeValue[], 0, NONE);
    this.#resourceTags = tags.take();
  }

  write(bytes: TextBytes, span: FinishedSpan): void {
    const { kind, events } = span;
    const list = listOf(span);
    const look = this.#lookOf(kind, span.name);
    writeIdentity(bytes, span);
    bytes.piece(look.head);
    const told = kind !== "internal" && this.#remote.write(bytes, kind, list);
    if (events.length > 0) bytes.add(annotationsOf(events));
    const { length } = bytes;
    bytes.plain(',"tags":');
    const tags = bytes.length;
    (told ? look.fewerTags : look.tags).write(bytes, list);
    writeOutcome(bytes, span);
    bytes.piece(this.#resourceTags);
    if (bytes.length === tags) bytes.cut(length);
    else {
      // In the place of the comma of the first.
      bytes.put(tags, "{");
      bytes.plain("}");
    }
    bytes.plain("}");
  }

  #lookOf(kind: SpanKind, name: string): Look {
    const looks = this.#looks.get(name);
    if (looks !== undefined) return (looks[KIND_NUMBERS[kind]] ??= this.#newLook(kind, name));
    const made = this.#newLook(kind, name);
    if (this.#looks.size >= MOST_LOOKS || name.length > LONGEST_NAME) return made;
    const all: Look[] = [];
    all[KIND_NUMBERS[kind]] = made;
    this.#looks.set(name, all);
    return made;
  }

  #newLook(kind: SpanKind, name: string): Look {
    const head = `${KINDS[kind] ?? ""},"name":${JSON.stringify(name.toLowerCase())}${this.#endpoint}`;
    return new Look(head, this.#keys);
  }
}

const KIND_NUMBERS: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};

const { traceId: NO_TRACE, spanId: NO_SPAN } = NO_CONTEXT;
const BEGINNING = '{"traceId":"';
const MIDDLE = '","id":"';
const END = '","timestamp":';
/** All that stands before the time, with places for the ids. */
const IDENTITY = Buffer.from(`${BEGINNING}${NO_TRACE}${MIDDLE}${NO_SPAN}${END}`);
const TRACE_AT = BEGINNING.length;
const SPAN_AT = TRACE_AT + NO_TRACE.length + MIDDLE.length;

function writeIdentity(bytes: TextBytes, span: FinishedSpan): void {
  const { context, parentId } = span;
  const { traceId, spanId } = context;
  const { length } = bytes;
  if (traceId.length === NO_TRACE.length && spanId.length === NO_SPAN.length) {
    bytes.piece(IDENTITY);
    bytes.put(length + TRACE_AT, traceId);
    bytes.put(length + SPAN_AT, spanId);
  } else bytes.add(`${BEGINNING}${traceId}${MIDDLE}${spanId}${END}`);
  bytes.number(Math.round(span.startTime * 1000));
  bytes.plain(',"duration":');
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
