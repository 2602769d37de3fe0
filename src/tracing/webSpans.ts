/*
 * Spans of requests that `ambit/web` serves.
 *
 * Strategy: two channels tell of a request. At its start the caller's trace is read from its headers, and the span made
 * the current one of the request's task; at its end, when the last byte was handed over, the rest is noted. The path's
 * pattern names it: what a client makes up must not become a name.
 */
import { hearChannels } from "../core/hearChannels.ts";
import type { Task } from "../core/task.ts";
import type { AnswerRecord } from "../web/answerRecord.ts";
import type { RequestEvent } from "../web/diagnostics.ts";
import type { ServerRequest } from "../web/request.ts";
import type { AttributeList } from "./attributes.ts";
import { setCurrent } from "./currentSpan.ts";
import { hostAndPort, knownMethod, withoutSecrets } from "./httpAttributes.ts";
import { extractFrom, type Extracted, type PropagationFormat } from "./propagation.ts";
import type { Span } from "./span.ts";
import type { SpanStart } from "./spanSource.ts";
import type { Tracer } from "./tracer.ts";

/** What of requests is traced, and how. @internal */
export interface WebSpanSettings {
  readonly formats: readonly PropagationFormat[];
  /** Whether a request's headers are believed. */
  readonly trust: (request: ServerRequest) => boolean;
  readonly ignore: (request: ServerRequest) => boolean;
  readonly join: boolean;
  /** The task has a span of its own, so a span of its being a task is none too many. */
  readonly taken: (task: object) => void;
}

const OURS: unique symbol = Symbol("ambit.tracing");

/** Has spans made until what it gives is called. @internal */
export function traceWeb(tracer: Tracer, settings: WebSpanSettings): () => void {
  const started = (message: unknown): void => begin(message as RequestEvent, tracer, settings);
  const ended = (message: unknown): void => {
    const { [OURS]: span, record } = message as RequestEvent & { [OURS]?: Span };
    if (span !== undefined && record !== null) finish(span, record);
  };
  return hearChannels({ "ambit:web.request.started": started, "ambit:web.request.ended": ended });
}

function begin(event: RequestEvent, tracer: Tracer, settings: WebSpanSettings): void {
  const { request } = event;
  const task = request.ownTask as Task<unknown>;
  settings.taken(task);
  if (settings.ignore(request)) return;
  const found: Extracted = settings.trust(request)
    ? extractFrom(request.exchange.rawHeaders, settings.formats)
    : null;
  const parent = found !== null && "traceId" in found ? found : null;
  const start: SpanStart = {
    name: nameOf(request),
    kind: "server",
    attributes: attributesOf,
    subject: request,
    links: NO_LINKS,
    parent,
    decision: parent === null ? (found as { sampled: boolean; debug: boolean } | null) : null,
    join: settings.join && parent?.format === "b3",
    root: true,
  };
  const span = tracer.start(start, task.scope.loop, event.began);
  (event as unknown as Record<symbol, unknown>)[OURS] = span;
  setCurrent(span.context, task.scope);
}

const NO_LINKS: readonly [] = [];

/** By method and route: made once, so that who has a name has it without looking at its characters. */
const names = new Map<string, Map<string, string>>();

function nameOf({ method: sent, route }: ServerRequest): string {
  const method = knownMethod(sent) ?? "HTTP";
  if (route === null) return method;
  let ofMethod = names.get(method);
  if (ofMethod === undefined) names.set(method, (ofMethod = new Map()));
  let name = ofMethod.get(route.path);
  if (name === undefined) ofMethod.set(route.path, (name = `${method} ${route.path}`));
  return name;
}

/** All that is known from the start. They are the same for every request, so a place may have no value, or none yet. */
function attributesOf(request: ServerRequest): AttributeList {
  const { exchange, route, search, app } = request;
  const { peer, httpVersion } = exchange;
  const { address } = peer;
  const known = knownMethod(request.method);
  const { authority } = request;
  const [server, port] = authority === "" ? NOWHERE : hostAndPort(authority);
  const ip = app.proxies === null ? address : request.ip;
  return [
    "http.request.method",
    known ?? "_OTHER",
    "url.path",
    request.path,
    "url.scheme",
    peer.secure ? "https" : "http",
    "http.request.method_original",
    known === null ? request.method : undefined,
    "http.route",
    route === null ? undefined : route.path,
    "url.query",
    search === "" ? undefined : withoutSecrets(search.slice(1)),
    "server.address",
    server,
    "server.port",
    port ?? undefined,
    "user_agent.original",
    userAgentIn(exchange.rawHeaders),
    "network.peer.address",
    address === "" ? undefined : address,
    "network.peer.port",
    address === "" ? undefined : peer.port,
    "client.address",
    ip === "" ? undefined : ip,
    "network.protocol.version",
    httpVersion === "2.0" ? "2" : httpVersion,
    "http.response.status_code",
    undefined,
  ];
}
const NOWHERE = [undefined, null] as const;

const USER_AGENT = "user-agent";

function userAgentIn(raw: readonly string[]): string | undefined {
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    if (name.length !== USER_AGENT.length) continue;
    // As almost everybody writes it: to make something lower-case costs more than all of this.
    if (name === "User-Agent" || name.toLowerCase() === USER_AGENT) return raw[at + 1];
  }
  return undefined;
}

/** An answer below 500 says what is wrong with the request, not with the server. */
function finish(span: Span, record: AnswerRecord): void {
  const { status, outcome, error, milliseconds } = record;
  if (!span.recording) return span.endAfter(milliseconds);
  if (status > 0) span.set("http.response.status_code", status);
  if (outcome === "disconnected") {
    span.set("ambit.cancelled", true);
    span.set("ambit.cancel.reason", "the client has left");
  } else if (status >= 500 || outcome !== "finished") fail(span, status, outcome, error);
  span.endAfter(milliseconds);
}

function fail(span: Span, status: number, outcome: string, error: unknown): void {
  if (error !== undefined) span.fail(error);
  else if (status >= 500) span.set("error.type", String(status));
  span.setStatus("error", outcome === "finished" ? undefined : outcome);
}
