/*
 * Spans that are made in a worker thread: sent home, to the thread that traces.
 *
 * Strategy: the current span crosses to a worker as a context variable. A span started below it there, in a thread where
 * nobody traces, goes to the main thread when it ends, over one BroadcastChannel of the process, and is reported as if
 * it had been made there. So the functions that a pool runs need no set-up, and a worker no connection of its own.
 * Limits: it does for threads. A process of its own has its own tracing. A thread that is terminated loses what it had
 * not ended.
 */
import { BroadcastChannel, isMainThread } from "node:worker_threads";
import type { FinishedSpan } from "./finishedSpan.ts";
import type { SpanReporter } from "./reporter.ts";
import { parentBased } from "./sampler.ts";
import { Tracer } from "./tracer.ts";

const NAME = "ambit.tracing.spans";

/** Sends spans to the main thread. */
class HomeReporter implements SpanReporter {
  readonly #channel = new BroadcastChannel(NAME);

  constructor() {
    this.#channel.unref();
  }

  report(span: FinishedSpan): void {
    const { name, kind, context, parentId, shared, startTime, duration } = span;
    const { status, statusMessage, attributes, events, links, dropped } = span;
    const when = { startTime, duration };
    const how = { status, statusMessage, attributes, events, links, dropped };
    this.#channel.postMessage({ name, kind, context, parentId, shared, ...when, ...how });
  }
}

let ours: Tracer | null = null;

/** For a thread in which nobody traces; null in the main one. @internal */
export function workerTracer(): Tracer | null {
  if (isMainThread) return null;
  const ignore = (): void => {};
  return (ours ??= new Tracer(parentBased(neither), [new HomeReporter()], null, ignore));
}

function neither(): boolean {
  return false;
}

/** Hears of the spans of worker threads, until what it gives is called. @internal */
export function hearWorkers(report: (span: FinishedSpan) => void): () => void {
  if (!isMainThread) return () => {};
  const channel = new BroadcastChannel(NAME);
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a listener alone does not start it in Node 20
  channel.onmessage = (event) => report((event as { data: FinishedSpan }).data);
  channel.unref();
  return () => channel.close();
}
