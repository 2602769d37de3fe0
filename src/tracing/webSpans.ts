/*
 * Spans of requests that `ambit/web` serves.
 *
 * Strategy: two channels tell of a request. At its start the caller's trace is read from its headers, and the span made
 * the current one of the request's task; at its end, when the last byte was handed over, the rest is noted. The path's
 * pattern names it: what a client makes up must not become a name.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { AnswerRecord } from "../web/answerRecord.ts";
import type { RequestEvent } from "../web/diagnostics.ts";
import type { ServerRequest } from "../web/request.ts";
import type { AttributeList } from "./attributes.ts";
import { setCurrent } from "./currentSpan.ts";
import { hostAndPort, knownMethod, withoutSecrets } from "./httpAttributes.ts";
import { extractFrom, type Extracted, type PropagationFormat } from "./propagation.ts";
import type { Span } from "./span.ts";
import type { Tracer } from "./tracer.ts";

/** What of requests is traced, and how. @internal */
export interface WebSpanSettings {
  readonly formats: readonly PropagationFormat[];
  /** Whether a request's headers are believed. */
  readonly trust: (request: ServerRequest) => boolean;
  readonly ignore: (request: ServerRequest) => boolean;
  readonly join: boolean;
  /** The current task has a span of its own, so a span of its being a task is none too many. */
  readonly taken: () => void;
}

const OURS: unique symbol = Symbol("ambit.tracing");

/** Has spans made until what it gives is called. @internal */
export function traceWeb(tracer: Tracer, settings: WebSpanSettings): () => void {
  const started = (message: unknown): void => begin(message as RequestEvent, tracer, settings);
  const ended = (message: unknown): void => {
    const { [OURS]: span, record } = message as RequestEvent & { [OURS]?: Span };
    if (span !== undefined && record !== null) finish(span, record);
  };
  subscribe("ambit:web.request.started", started);
  subscribe("ambit:web.request.ended", ended);
  return () => {
    unsubscribe("ambit:web.request.started", started);
    unsubscribe("ambit:web.request.ended", ended);
  };
}

function begin(event: RequestEvent, tracer: Tracer, settings: WebSpanSettings): void {
  const { request } = event;
  const { exchange } = request;
  settings.taken();
  if (settings.ignore(request)) return;
  const found: Extracted = settings.trust(request)
    ? extractFrom(exchange.rawHeaders, settings.formats)
    : null;
  const parent = found !== null && "traceId" in found ? found : null;
  const method = knownMethod(request.method);
  const attributes: AttributeList = [
    "http.request.method",
    method ?? "_OTHER",
    "url.path",
    request.path,
    "url.scheme",
    exchange.peer.secure ? "https" : "http",
  ];
  if (method === null) attributes.push("http.request.method_original", request.method);
  const route = request.route === null ? null : request.route.path;
  if (route !== null) attributes.push("http.route", route);
  const span = tracer.start({
    name: route === null ? (method ?? "HTTP") : `${method ?? "HTTP"} ${route}`,
    kind: "server",
    attributes,
    links: [],
    parent,
    decision: parent === null ? (found as { sampled: boolean; debug: boolean } | null) : null,
    join: settings.join && parent?.format === "b3",
    root: true,
  });
  (event as unknown as Record<symbol, unknown>)[OURS] = span;
  setCurrent(span.context);
  if (span.recording) describe(span, request);
}

/** What is known from the start, and need not be known to the sampler. */
function describe(span: Span, request: ServerRequest): void {
  const { exchange, search } = request;
  const { peer, rawHeaders } = exchange;
  if (search !== "") span.add("url.query", withoutSecrets(search.slice(1)));
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === "host") {
      const [host, port] = hostAndPort(rawHeaders[at + 1] as string);
      span.add("server.address", host);
      if (port !== null) span.add("server.port", port);
    } else if (name.length === 10 && name.toLowerCase() === "user-agent")
      span.add("user_agent.original", rawHeaders[at + 1] as string);
  }
  const { address } = peer;
  if (address !== "") span.add("network.peer.address", address);
  if (address !== "") span.add("network.peer.port", peer.port);
  const ip = request.app.proxies === null ? address : request.ip;
  if (ip !== "") span.add("client.address", ip);
  span.add("network.protocol.version", exchange.httpVersion === "2.0" ? "2" : exchange.httpVersion);
}

/** An answer below 500 says what is wrong with the request, not with the server. */
function finish(span: Span, { status, outcome, error }: AnswerRecord): void {
  if (!span.recording) return span.end();
  if (status > 0) span.set("http.response.status_code", status);
  if (outcome === "disconnected") {
    span.set("ambit.cancelled", true);
    span.set("ambit.cancel.reason", "the client has left");
  } else if (status >= 500 || outcome !== "finished") fail(span, status, outcome, error);
  span.end();
}

function fail(span: Span, status: number, outcome: string, error: unknown): void {
  if (error !== undefined) span.fail(error);
  else if (status >= 500) span.set("error.type", String(status));
  span.setStatus("error", outcome === "finished" ? undefined : outcome);
}
