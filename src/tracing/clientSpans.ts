/*
 * Spans of requests that `ambit/http` sends, one for each sending: a redirect and a retry have their own.
 *
 * Strategy: two channels tell of a request. At its start it gets the headers that carry the span; its end is when the
 * last byte of the answer has come.
 */
import { hearChannels } from "../core/hearChannels.ts";
import type { ClientRequestEvent } from "../http/diagnostics.ts";
import type { AttributeList } from "./attributes.ts";
import { fullUrl, hostAndPort, knownMethod } from "./httpAttributes.ts";
import { injectInto, type PropagationFormat } from "./propagation.ts";
import type { Span } from "./span.ts";
import { ambientParent, suppresses, type Tracer } from "./tracer.ts";

/** What of requests is traced, and how. @internal */
export interface ClientSpanSettings {
  readonly formats: readonly PropagationFormat[];
  /** Whether the server is told of the trace. */
  readonly propagateTo: (url: string) => boolean;
  /** Whether a request outside of any trace begins one. */
  readonly begins: boolean;
}

const OURS: unique symbol = Symbol("ambit.tracing");

/** Has spans made until what it gives is called. @internal */
export function traceHttp(tracer: Tracer, settings: ClientSpanSettings): () => void {
  const started = (message: unknown): void =>
    begin(message as ClientRequestEvent, tracer, settings);
  const ended = (message: unknown): void => {
    const event = message as ClientRequestEvent & { [OURS]?: Span };
    if (event[OURS] !== undefined) finish(event[OURS], event);
  };
  return hearChannels({ "ambit:http.request.started": started, "ambit:http.request.ended": ended });
}

function begin(event: ClientRequestEvent, tracer: Tracer, settings: ClientSpanSettings): void {
  const parent = ambientParent();
  if (suppresses(parent) || (parent === null && !settings.begins)) return;
  const { method, url, origin, attempt } = event;
  const known = knownMethod(method);
  const [host, port] = hostAndPort(origin.slice(origin.indexOf("//") + 2));
  const attributes: AttributeList = [
    "http.request.method",
    known ?? "_OTHER",
    "url.full",
    fullUrl(url),
    "server.address",
    host,
    "server.port",
    port ?? (origin.startsWith("https") ? 443 : 80),
  ];
  if (known === null) attributes.push("http.request.method_original", method);
  if (attempt > 1) attributes.push("http.request.resend_count", attempt - 1);
  const span = tracer.start({
    name: known ?? "HTTP",
    kind: "client",
    attributes,
    links: [],
    parent,
    decision: null,
    join: false,
    root: false,
  });
  (event as unknown as Record<symbol, unknown>)[OURS] = span;
  if (!settings.propagateTo(url)) return;
  injectInto(span.context, span.parentId, settings.formats, (name, value) =>
    event.setHeader(name, value),
  );
}

function finish(span: Span, { status, httpVersion, error, outcome }: ClientRequestEvent): void {
  if (!span.recording) return span.end();
  if (status > 0) span.set("http.response.status_code", status);
  if (httpVersion !== undefined)
    span.set("network.protocol.version", httpVersion === "2.0" ? "2" : httpVersion);
  if (error !== null) span.fail(error);
  else if (outcome === "cancelled") span.set("ambit.cancelled", true);
  else if (outcome === "released") span.addEvent("body released");
  if (status >= 400) {
    if (error === null) span.set("error.type", String(status));
    span.setStatus("error");
  }
  span.end();
}
