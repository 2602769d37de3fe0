/*
 * Spans that are made in a worker, a thread or a process of a pool: sent home, to the thread that traces.
 *
 * Strategy: the current span crosses to a worker as a context variable. A span started below it there, where nobody traces,
 * goes home when it ends (`homeWord.ts`), and is reported as if it had been made there. So the functions that a pool runs
 * need no set-up, and a worker no connection of its own.
 * Limits: what is terminated loses what it had not ended. Threads that a process of a pool has made are not heard.
 */
import { isMainThread } from "node:worker_threads";
import { hearHome, homeSayer } from "../futures/homeWord.ts";
import type { FinishedSpan } from "./finishedSpan.ts";
import type { SpanReporter } from "./reporter.ts";
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
  const send = homeSayer(NAME);
  if (send === null) return null;
  return (ours = new Tracer(0, [new HomeReporter(send)], null, () => {}));
}

/** Hears of the spans of workers, until what it gives is called. Those of threads go to the main thread alone. @internal */
export function hearWorkers(report: (span: FinishedSpan) => void): () => void {
  return hearHome(NAME, (span) => report(span as FinishedSpan), isMainThread);
}
