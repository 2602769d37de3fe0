/*
 * Spans that are made in a worker, a thread or a process of a pool: sent home, to the thread that traces.
 *
 * Strategy: the current span crosses to a worker as a context variable. A span started below it there, where nobody traces,
 * goes home when it ends, and is reported as if it had been made there: from a thread over one BroadcastChannel of the
 * process, from a process over its pool's pipe. So the functions that a pool runs need no set-up, and a worker no
 * connection of its own.
 * Limits: what is terminated loses what it had not ended. Threads that a process of a pool has made are not heard.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { BroadcastChannel, isMainThread } from "node:worker_threads";
import type { WorkerWord } from "../futures/diagnostics.ts";
import { homeSayer } from "../futures/homeWord.ts";
import type { FinishedSpan } from "./finishedSpan.ts";
import type { SpanReporter } from "./reporter.ts";
import { parentBased } from "./sampler.ts";
import { Tracer } from "./tracer.ts";

const NAME = "ambit.tracing.spans";

/** Hands spans over as plain data. */
class HomeReporter implements SpanReporter {
  readonly #send: (span: object) => void;

  constructor(send: (span: object) => void) {
    this.#send = send;
  }

  report(span: FinishedSpan): void {
    const { name, kind, context, parentId, shared, startTime, duration } = span;
    const { status, statusMessage, attributes, events, links, dropped } = span;
    const when = { startTime, duration };
    const how = { status, statusMessage, attributes, events, links, dropped };
    this.#send({ name, kind, context, parentId, shared, ...when, ...how });
  }
}

let ours: Tracer | null = null;

/** For a worker in which nobody traces; null in a program's own main thread. @internal */
export function workerTracer(): Tracer | null {
  if (ours !== null) return ours;
  const send = wayHome();
  if (send === null) return null;
  return (ours = new Tracer(parentBased(neither), [new HomeReporter(send)], null, () => {}));
}

function wayHome(): ((span: object) => void) | null {
  if (isMainThread) {
    const say = homeSayer();
    return say === null ? null : (span) => say(NAME, span);
  }
  const channel = new BroadcastChannel(NAME);
  channel.unref();
  return (span) => channel.postMessage(span);
}

function neither(): boolean {
  return false;
}

/** Hears of the spans of workers, until what it gives is called. @internal */
export function hearWorkers(report: (span: FinishedSpan) => void): () => void {
  const onWord = (message: unknown): void => {
    const { name, value } = message as WorkerWord;
    if (name === NAME) report(value as FinishedSpan);
  };
  subscribe("ambit:futures.worker.word", onWord);
  const channel = isMainThread ? new BroadcastChannel(NAME) : null;
  if (channel !== null) {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a listener alone does not start it in Node 20
    channel.onmessage = (event) => report((event as { data: FinishedSpan }).data);
    channel.unref();
  }
  return () => {
    unsubscribe("ambit:futures.worker.word", onWord);
    channel?.close();
  };
}
