/*
 * Tracing in the workers of pools, threads and processes, of a program that is traced: what the functions there do with
 * `ambit/http`, the databases, named tasks and pools of their own has spans with no code in them.
 *
 * Strategy: this module is loaded in workers (`workerModules.ts`) while the program is traced, with what of its options can
 * be told there. Spans go home (`workerSpans.ts`). Only inside a trace: all that a worker does is for some call.
 * Limits: a function of the options stays at home, so requests in workers carry no headers where it decides which do. A
 * worker that calls `startTracing` itself is its own master.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { isTaskOfCall } from "../futures/currentCall.ts";
import { loadInWorkers } from "../futures/workerModules.ts";
import { traceHttp } from "./clientSpans.ts";
import { traceDatabases } from "./databaseSpans.ts";
import { traceDistributed } from "./distributedSpans.ts";
import { traceExecutors } from "./executorSpans.ts";
import type { PropagationFormat } from "./propagation.ts";
import { type TracedTasks, traceTasks } from "./taskSpans.ts";
import { tracerInCharge } from "./tracer.ts";
import { workerTracer } from "./workerSpans.ts";

/** What of a program's options holds in its workers. @internal */
export interface WorkerTracingPlan {
  readonly http: boolean;
  readonly databases: boolean;
  readonly executors: boolean;
  readonly tasks: TracedTasks;
  readonly inject: readonly PropagationFormat[];
  /** Whether servers are told of the trace. */
  readonly propagates: boolean;
}

/** Has this thread's pools traced in their workers, until what it gives is called. @internal */
export function traceWorkers(plan: WorkerTracingPlan): () => void {
  const url = ownFile();
  return url === null ? () => {} : loadInWorkers(url, plan);
}

/** Null in a bundle that has swallowed this module: its pools say what is wrong, and to do. */
function ownFile(): string | null {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve("#tracing-worker")).href;
  } catch {
    return null;
  }
}

let stopNow: (() => void) | null = null;

/** In a worker: when the program is traced, and its pool has told so. @internal */
export function start(plan: WorkerTracingPlan): () => void {
  const tracer = workerTracer();
  if (tracer === null || tracerInCharge() !== null) return () => {};
  const taskSpans = traceTasks(tracer, plan.tasks, isTaskOfCall);
  const stops = [() => taskSpans.stop(), traceWorkers(plan)];
  if (plan.http) {
    const propagateTo = (): boolean => plan.propagates;
    stops.push(traceHttp(tracer, { formats: plan.inject, propagateTo, begins: false }));
  }
  if (plan.databases) stops.push(traceDatabases(tracer));
  if (plan.executors) stops.push(traceExecutors(tracer), traceDistributed(tracer, taskSpans));
  const stop = (): void => {
    for (const each of stops.splice(0)) each();
    if (stopNow === stop) stopNow = null;
  };
  return (stopNow = stop);
}

/** In a worker that traces by itself from now on. @internal */
export function stepAside(): void {
  stopNow?.();
}
