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
import { setCurrent } from "./currentSpan.ts";
import { extractFrom, type Extracted, type PropagationFormat } from "./propagation.ts";
import type { Span } from "./span.ts";
import type { SpanStart } from "./spanSource.ts";
import type { Tracer } from "./tracer.ts";
import { formOf } from "./webForms.ts";

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
  const { usual } = formOf(request);
  const start = found === null ? usual : startAfter(usual, found, settings.join);
  const span = tracer.start(start, task.scope.loop, event.began, request);
  (event as unknown as Record<symbol, unknown>)[OURS] = span;
  setCurrent(span.context, task.scope);
}

/** The start of what is a child, or of what was decided about: by what the request's headers say. */
function startAfter(
  { name, kind, attributes, form = null, links }: SpanStart,
  found: NonNullable<Extracted>,
  join: boolean,
): SpanStart {
  const [parent, decision] = "traceId" in found ? [found, null] : [null, found];
  const joined = join && parent?.format === "b3";
  return { name, kind, attributes, form, links, parent, decision, join: joined, root: true };
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
