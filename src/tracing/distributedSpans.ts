/*
 * Spans of calls that cross machines: one of their producer, from `submit` to the outcome, and one of their consumer, the
 * worker that runs them, for each attempt.
 *
 * Strategy: four channels tell of a call. Where it is submitted it gets W3C's headers, and its context as a context variable:
 * a worker that does not trace passes that on to what the function calls. A worker that traces goes on from the headers; of
 * a call that brings none it begins a trace, as a server does.
 */
import { hearChannels } from "../core/hearChannels.ts";
import type {
  DistributedCallEvent,
  DistributedRunEvent,
  DistributedSubmitEvent,
} from "../distributed/diagnostics.ts";
import type { AttributeList } from "./attributes.ts";
import { SPAN_VARIABLE, setCurrent } from "./currentSpan.ts";
import { extract, injectInto } from "./propagation.ts";
import type { SpanKind } from "./finishedSpan.ts";
import type { Span } from "./span.ts";
import {
  isSpanId,
  isTraceId,
  NO_CONTEXT,
  type RemoteContext,
  type SpanContext,
} from "./spanContext.ts";
import type { TaskSpans } from "./taskSpans.ts";
import { ambientParent, suppresses, type Tracer } from "./tracer.ts";

const OURS: unique symbol = Symbol("ambit.tracing");

type Ours = DistributedCallEvent & { [OURS]?: Span };

/** Has spans made until what it gives is called. @internal */
export function traceDistributed(tracer: Tracer, tasks: TaskSpans): () => void {
  const stops = [
    listen("submit", (event) => submitSpan(event as DistributedSubmitEvent, tracer)),
    listen("run", (event) => runSpan(event as DistributedRunEvent, tracer, tasks)),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function listen(
  what: "submit" | "run",
  begin: (event: DistributedCallEvent) => Span | null,
): () => void {
  const started = (message: unknown): void => {
    const span = begin(message as Ours);
    if (span !== null) (message as Ours)[OURS] = span;
  };
  const ended = (message: unknown): void => {
    const { [OURS]: span, error } = message as Ours;
    if (span === undefined) return;
    if (error !== null) span.fail(error);
    span.end();
  };
  const channel = `ambit:distributed.${what}`;
  return hearChannels({ [`${channel}.started`]: started, [`${channel}.ended`]: ended });
}

/** Null where nothing is traced. */
function submitSpan(event: DistributedSubmitEvent, tracer: Tracer): Span | null {
  const parent = ambientParent();
  if (parent === null || suppresses(parent)) return null;
  const span = callSpan(event, "submit", "producer", parent, tracer);
  injectInto(span.context, span.parentId, ["w3c"], (name, value) => event.setHeader(name, value));
  // Plain, so that it can be read in the queue.
  event.setVariable(SPAN_VARIABLE, { ...span.context });
  return span;
}

/** Null where the submitter wants nothing traced. */
function runSpan(event: DistributedRunEvent, tracer: Tracer, tasks: TaskSpans): Span | null {
  const arrived = contextIn(event.variables.get(SPAN_VARIABLE));
  if (suppresses(arrived)) return null;
  const parent = extract(event.headers) ?? arrived;
  const span = callSpan(event, "run", "consumer", parent, tracer);
  if (event.attempt > 1) span.set("ambit.executor.attempt", event.attempt);
  span.set("ambit.executor.wait_ms", event.waited);
  setCurrent(span.context);
  event.setVariable(SPAN_VARIABLE, span.context);
  tasks.covered(span.context, event.task);
  return span;
}

function callSpan(
  event: DistributedCallEvent,
  operation: "submit" | "run",
  kind: SpanKind,
  parent: SpanContext | RemoteContext | null,
  tracer: Tracer,
): Span {
  const { task, id, queue, items, address, port } = event;
  const attributes: AttributeList = [
    "messaging.system",
    "bullmq",
    "messaging.operation.name",
    operation,
    "messaging.operation.type",
    operation === "submit" ? "send" : "process",
    "messaging.destination.name",
    queue,
    "messaging.message.id",
    id,
    "code.function.name",
    task,
    "server.address",
    address,
  ];
  if (port !== undefined) attributes.push("server.port", port);
  if (items !== 1) attributes.push("ambit.executor.items", items);
  const about = { links: [], decision: null, join: false, root: operation === "run" };
  return tracer.start({ name: `${operation} ${task}`, kind, attributes, parent, ...about });
}

/** What came from outside, if it is one. */
function contextIn(value: unknown): SpanContext | null {
  const { traceId, spanId, sampled, traceState } = (value ?? {}) as Record<string, unknown>;
  if (typeof traceId !== "string" || typeof spanId !== "string") return null;
  if (spanId === NO_CONTEXT.spanId) return NO_CONTEXT;
  if (!isTraceId(traceId) || !isSpanId(spanId) || typeof sampled !== "boolean") return null;
  const context = { traceId, spanId, sampled };
  return typeof traceState === "string" ? { ...context, traceState } : context;
}
