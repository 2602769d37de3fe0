/*
 * Spans of calls that pools of threads and processes run, from `submit` to the outcome: waiting for a worker is part of them.
 *
 * Strategy: two channels tell of a call. At its start it gets the context of its span as a context variable of its own, so
 * what the function does in the worker is below it; at its end it is known how long the worker has run it. Only inside a
 * recorded trace: elsewhere the context crosses as any other variable does.
 */
import { hearChannels } from "../core/hearChannels.ts";
import type { ExecutorCallEvent } from "../futures/diagnostics.ts";
import type { AttributeList } from "./attributes.ts";
import { SPAN_VARIABLE } from "./currentSpan.ts";
import type { Span } from "./span.ts";
import { ambientParent, type Tracer } from "./tracer.ts";

const OURS: unique symbol = Symbol("ambit.tracing");

type Ours = ExecutorCallEvent & { [OURS]?: Span };

/** Has spans made until what it gives is called. @internal */
export function traceExecutors(tracer: Tracer): () => void {
  const started = (message: unknown): void => begin(message as Ours, tracer);
  const ended = (message: unknown): void => {
    const event = message as Ours;
    if (event[OURS] !== undefined) finish(event[OURS], event);
  };
  return hearChannels({ "ambit:futures.call.started": started, "ambit:futures.call.ended": ended });
}

function begin(event: Ours, tracer: Tracer): void {
  const parent = ambientParent();
  // What is suppressed is not sampled.
  if (parent?.sampled !== true) return;
  const { name, kind, executor, items } = event;
  const attributes: AttributeList = [
    "code.function.name",
    name,
    "ambit.executor.kind",
    kind,
    "ambit.executor.name",
    executor,
  ];
  if (items !== 1) attributes.push("ambit.executor.items", items);
  const span = tracer.start({
    name: `call ${name || "function"}`,
    kind: "internal",
    attributes,
    links: [],
    parent,
    decision: null,
    join: false,
    root: false,
  });
  event[OURS] = span;
  event.setVariable(SPAN_VARIABLE, span.context);
}

function finish(span: Span, { error, ran, worker }: Ours): void {
  if (!span.recording) return span.end();
  if (worker !== null) span.set("ambit.executor.worker", worker);
  if (ran !== undefined) {
    // On one clock each: the difference is what the call has waited, for a worker and on its way there and back.
    span.set("ambit.executor.run_ms", rounded(ran));
    span.set("ambit.executor.wait_ms", rounded(Math.max(0, span.now() - span.startTime - ran)));
  }
  if (error !== null) span.fail(error);
  span.end();
}

/** To a microsecond: more is not measured. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
