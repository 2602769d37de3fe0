/*
 * Spans as Zipkin's v2 JSON.
 *
 * Strategy: after OpenTelemetry's mapping to Zipkin, which every such exporter follows: attributes become tags, events
 * annotations, an error the tag `error`. Names are in lower case, as Zipkin's API has it. A link has no place in it, so
 * the spans that are linked to are a tag, `ambit.links`. What the remote endpoint tells is no tag, too: to send a byte
 * costs more than to encode it.
 * Times are microseconds; a duration is at least 1.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { AttributeList, AttributeValue } from "./attributes.ts";
import { quoted, quotedLower, textMembers } from "./jsonText.ts";
import type { Resource } from "./reporter.ts";
import type { FinishedSpan, SpanEvent } from "./finishedSpan.ts";
import { listOf } from "./spanRecord.ts";
import { listBytes } from "./textBytes.ts";

const KINDS: Readonly<Record<string, string>> = {
  server: '"kind":"SERVER",',
  client: '"kind":"CLIENT",',
  producer: '"kind":"PRODUCER",',
  consumer: '"kind":"CONSUMER",',
};

/** A list of spans, as `POST /api/v2/spans` takes it. */
export function encodeZipkin(spans: readonly FinishedSpan[], resource: Resource): string {
  const whose = new ServiceText(resource);
  return `[${spans.map((span) => spanText(span, whose)).join(",")}]`;
}

/** The same, in UTF-8. @internal */
export function zipkinBytes(spans: readonly FinishedSpan[], resource: Resource): Uint8Array {
  const whose = new ServiceText(resource);
  return listBytes("[", spans, (span) => spanText(span, whose), "]");
}

/** What all spans of a service have in common. */
class ServiceText {
  readonly endpoint: string;
  readonly tags: string;

  constructor({ serviceName, attributes }: Resource) {
    this.endpoint = `"localEndpoint":{"serviceName":${quotedLower(serviceName)}}`;
    this.tags = textMembers(Object.entries(attributes).flat() as AttributeList);
  }
}

function spanText(span: FinishedSpan, whose: ServiceText): string {
  const { context, parentId, kind } = span;
  const list = listOf(span);
  const timestamp = Math.round(span.startTime * 1000);
  const duration = Math.max(1, Math.round(span.duration * 1000));
  let text = `{"traceId":"${context.traceId}","id":"${context.spanId}",`;
  if (parentId !== null) text += `"parentId":"${parentId}",`;
  text += `${KINDS[kind] ?? ""}"name":${quotedLower(span.name)},"timestamp":${timestamp},"duration":${duration},${whose.endpoint}`;
  if (context.debug === true) text += ',"debug":true';
  if (span.shared) text += ',"shared":true';
  const remote = kind === "internal" ? "" : remoteOf(kind, list);
  text += remote;
  if (span.events.length > 0) text += annotationsOf(span.events);
  const told = kind === "server" && remote.includes('"ip') && remote.includes('"port"');
  const tags = textMembers(list, told ? PEER : undefined) + extraTags(span) + whose.tags;
  return tags === "" ? `${text}}` : `${text},"tags":{${tags.slice(1)}}}`;
}

function extraTags(span: FinishedSpan): string {
  const { status, statusMessage, links, dropped } = span;
  let text = "";
  if (status !== "unset") text += `,"otel.status_code":"${status.toUpperCase()}"`;
  if (status === "error") text += `,"error":${quoted(statusMessage ?? "true")}`;
  if (dropped > 0) text += `,"ambit.dropped":"${dropped}"`;
  if (links.length === 0) return text;
  const linked = links.map(({ context }) => `${context.traceId}/${context.spanId}`).join(" ");
  return `${text},"ambit.links":${quoted(linked)}`;
}

/** They are to differ from each other. */
function annotationsOf(events: readonly SpanEvent[]): string {
  const texts = new Set<string>();
  for (const { name, time, attributes } of events) {
    const bare = Object.keys(attributes).length === 0;
    const value = bare ? name : JSON.stringify({ [name]: attributes });
    texts.add(`{"timestamp":${Math.round(time * 1000)},"value":${quoted(value)}}`);
  }
  return `,"annotations":[${[...texts].join(",")}]`;
}

const PEER = ["network.peer.address", "network.peer.port"] as const;
const ASKED = ["server.address", "server.port"] as const;

/** Who is at the other end, as far as it is known: a client of a server, and the other way round. */
function remoteOf(kind: string, list: AttributeList): string {
  const [host, port] = kind === "server" ? PEER : ASKED;
  let service: AttributeValue | undefined;
  let address: AttributeValue | undefined;
  let number: AttributeValue | undefined;
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at];
    if (name === host) address = list[at + 1];
    else if (name === port) number = list[at + 1];
    else if (name === "peer.service") service = list[at + 1];
  }
  let text = service === undefined ? "" : `,"serviceName":${quotedLower(String(service))}`;
  if (typeof address === "string") {
    if (isIPv4(address)) text += `,"ipv4":"${address}"`;
    else if (isIPv6(address)) text += `,"ipv6":"${address}"`;
    else if (service === undefined) text += `,"serviceName":${quotedLower(address)}`;
  }
  if (typeof number === "number" && number > 0) text += `,"port":${number}`;
  return text === "" ? "" : `,"remoteEndpoint":{${text.slice(1)}}`;
}
