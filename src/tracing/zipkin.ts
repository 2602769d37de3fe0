/*
 * Spans as Zipkin's v2 JSON.
 *
 * Strategy: after OpenTelemetry's mapping to Zipkin, which every such exporter follows: attributes become tags, events
 * annotations, an error the tag `error`. Names are in lower case, as Zipkin's API has it. A link has no place in it, so
 * the spans that are linked to are a tag, `ambit.links`.
 * Times are microseconds; a duration is at least 1.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { AttributeValue } from "./attributes.ts";
import { quoted, quotedName } from "./jsonText.ts";
import type { Resource } from "./reporter.ts";
import type { FinishedSpan, SpanEvent } from "./finishedSpan.ts";
import { listOf } from "./spanRecord.ts";

const KINDS: Readonly<Record<string, string>> = {
  server: '"kind":"SERVER",',
  client: '"kind":"CLIENT",',
  producer: '"kind":"PRODUCER",',
  consumer: '"kind":"CONSUMER",',
};

/** A list of spans, as `POST /api/v2/spans` takes it. */
export function encodeZipkin(spans: readonly FinishedSpan[], resource: Resource): string {
  const local = `"localEndpoint":{"serviceName":${quoted(resource.serviceName.toLowerCase())}}`;
  const shared = tagsOf(Object.entries(resource.attributes).flat() as (string | AttributeValue)[]);
  let text = "";
  for (const span of spans) text += `${text === "" ? "" : ","}${spanText(span, local, shared)}`;
  return `[${text}]`;
}

function spanText(span: FinishedSpan, local: string, shared: string): string {
  const { context, parentId, kind } = span;
  const list = listOf(span);
  const timestamp = Math.round(span.startTime * 1000);
  const duration = Math.max(1, Math.round(span.duration * 1000));
  let text = `{"traceId":"${context.traceId}","id":"${context.spanId}",`;
  if (parentId !== null) text += `"parentId":"${parentId}",`;
  text += `${KINDS[kind] ?? ""}"name":${quoted(span.name.toLowerCase())},"timestamp":${timestamp},"duration":${duration},${local}`;
  if (context.debug === true) text += ',"debug":true';
  if (span.shared) text += ',"shared":true';
  if (kind !== "internal") text += remoteOf(kind, list);
  if (span.events.length > 0) text += annotationsOf(span.events);
  const tags = tagsOf(list) + extraTags(span) + shared;
  return tags === "" ? `${text}}` : `${text},"tags":{${tags.slice(1)}}}`;
}

/** Each with a comma before it. */
function tagsOf(list: readonly (string | AttributeValue)[]): string {
  let text = "";
  for (let at = 0; at < list.length; at += 2) {
    const value = list[at + 1] as AttributeValue;
    const key = quotedName(list[at] as string);
    if (typeof value === "string") text += `,${key}${quoted(value)}`;
    else if (typeof value === "object") text += `,${key}${quoted(JSON.stringify(value))}`;
    else text += `,${key}"${value}"`;
  }
  return text;
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

/** Who is at the other end, as far as it is known: a client of a server, and the other way round. */
function remoteOf(kind: string, list: readonly (string | AttributeValue)[]): string {
  const [host, port] =
    kind === "server"
      ? ["network.peer.address", "network.peer.port"]
      : ["server.address", "server.port"];
  let service: AttributeValue | undefined;
  let address: AttributeValue | undefined;
  let number: AttributeValue | undefined;
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at];
    if (name === host) address = list[at + 1];
    else if (name === port) number = list[at + 1];
    else if (name === "peer.service") service = list[at + 1];
  }
  let text = service === undefined ? "" : `,"serviceName":${quoted(String(service).toLowerCase())}`;
  if (typeof address === "string") {
    if (isIPv4(address)) text += `,"ipv4":"${address}"`;
    else if (isIPv6(address)) text += `,"ipv6":"${address}"`;
    else if (service === undefined) text += `,"serviceName":${quoted(address.toLowerCase())}`;
  }
  if (typeof number === "number" && number > 0) text += `,"port":${number}`;
  return text === "" ? "" : `,"remoteEndpoint":{${text.slice(1)}}`;
}
