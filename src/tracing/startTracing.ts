/*
 * startTracing: puts a tracer in charge, and has the lower floors' channels make spans.
 *
 * Strategy: whoever wants to know of tasks and requests subscribes; nothing below knows of tracing. It ends with the run
 * that it was started in, after the last task of that, so that no span is lost; what is left to send is sent inside a
 * shield, for as long as each reporter allows.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope, getRunningLoop, rootScope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { beforeLeaving } from "../futures/leaving.ts";
import type { ServerRequest } from "../web/request.ts";
import { type Attributes, attributeList, recordOf } from "./attributes.ts";
import { traceHttp } from "./clientSpans.ts";
import { traceDatabases } from "./databaseSpans.ts";
import { traceDistributed } from "./distributedSpans.ts";
import { traceExecutors } from "./executorSpans.ts";
import type { OpenTelemetryApi } from "./openTelemetryApi.ts";
import { openTelemetrySource } from "./openTelemetrySource.ts";
import { formatsOf, type PropagationFormat } from "./propagation.ts";
import type { Resource, SpanReporter } from "./reporter.ts";
import { type Sampler, samplingOf } from "./sampler.ts";
import { type TracedTasks, traceTasks } from "./taskSpans.ts";
import { putInCharge, Tracer, tracerInCharge } from "./tracer.ts";
import { traceWeb } from "./webSpans.ts";
import { hearWorkers } from "./workerSpans.ts";
import { stepAside, traceWorkers, type WorkerTracingPlan } from "./workerTracing.ts";

/** What is traced, and where the spans go. */
export interface TracingOptions {
  /** What the program is called in traces. */
  readonly serviceName: string;
  /** More about it, such as `service.version`. */
  readonly resource?: Attributes;
  /** Where spans go. Default: nowhere, but for OpenTelemetry. */
  readonly reporters?: readonly SpanReporter[];
  /**
   * Which traces are recorded: the share of those that this program begins, from 0 to 1, or a function, which is asked for
   * every span. A caller's decision is followed, but by a function, which decides itself. Default 1. With
   * `openTelemetry` its SDK decides.
   */
  readonly sampling?: number | Sampler;
  /** What carries the trace to servers. Default W3C's headers. */
  readonly inject?: readonly PropagationFormat[];
  /** What is read of callers. Default all. */
  readonly extract?: readonly PropagationFormat[];
  /** Which servers are told of the trace, by URL. Default all. */
  readonly propagateTo?: (url: string) => boolean;
  /** Whose headers are believed: of others a request begins a new trace. Default everybody's. */
  readonly trustCaller?: (request: ServerRequest) => boolean;
  /** Requests that get no span, such as those of health checks. Default none. */
  readonly ignoreRequest?: (request: ServerRequest) => boolean;
  /** Whether the span of a request that came with B3 takes the id of the caller's span, as Zipkin's own tracers do. */
  readonly joinB3?: boolean;
  /** Whether requests of `ambit/http` have spans. Default true. */
  readonly http?: boolean;
  /** Whether requests that `ambit/web` serves have spans. Default true. */
  readonly web?: boolean;
  /** Whether statements and commands of `ambit/postgres`, `ambit/mysql` and `ambit/redis` have spans, inside a trace. Default true. */
  readonly databases?: boolean;
  /**
   * Whether calls of executors have spans: of pools of threads and processes, `toThread` among them, and of `ambit/distributed`,
   * on both sides. Inside a trace; but a worker of `ambit/distributed` begins one for a call that brings none. Default true.
   */
  readonly executors?: boolean;
  /**
   * Whether the workers of pools trace, too: what a function does there with `ambit/http`, the databases, named tasks and
   * pools of its own. Without `reporters` they do not. Default true.
   */
  readonly workers?: boolean;
  /** Which tasks have spans, inside a trace: those that were given a name, all, or none. Default `named`. */
  readonly tasks?: TracedTasks;
  /** The module `@opentelemetry/api`: spans are made by the tracer that is registered there, too. */
  readonly openTelemetry?: OpenTelemetryApi;
}

const TASKS: readonly unknown[] = ["named", "all", "none"] satisfies TracedTasks[];
const ALL: readonly PropagationFormat[] = ["w3c", "b3", "b3multi"];

/**
 * Tracing while it is on. Made by {@link startTracing}.
 *
 * **Cancellation:** `close`, and leaving an `await using` block, end in any case, and wait as long as the reporters take.
 */
export class Tracing implements AsyncDisposable {
  readonly #tracer: Tracer;
  readonly #reporters: readonly SpanReporter[];
  readonly #stops: (() => void)[];
  readonly #loop: Loop;
  #closed: Promise<void> | null = null;

  /** @internal */
  constructor(
    tracer: Tracer,
    reporters: readonly SpanReporter[],
    stops: (() => void)[],
    loop: Loop,
  ) {
    this.#tracer = tracer;
    this.#reporters = reporters;
    this.#stops = stops;
    this.#loop = loop;
  }

  /** Whether it has ended, or is about to. */
  get closed(): boolean {
    return this.#closed !== null;
  }

  /**
   * Waits until all that was reported so far is sent, or given up.
   *
   * **Cancellation:** the wait ends; the reporters go on.
   */
  async flush(): Promise<void> {
    await Promise.all(this.#reporters.map(async (each) => each.flush?.()));
  }

  /** Makes no more spans, and waits until the reporters have sent what they have, or given it up. May be called again. */
  close(): Promise<void> {
    return (this.#closed ??= protect(() => this.#close()));
  }

  async #close(): Promise<void> {
    for (const stop of this.#stops) stop();
    if (tracerInCharge() === this.#tracer) putInCharge(null);
    await Promise.all(this.#reporters.map((each) => this.#closeOne(each)));
  }

  async #closeOne(reporter: SpanReporter): Promise<void> {
    try {
      await reporter.close?.();
    } catch (exception) {
      this.#loop.callExceptionHandler({ message: "a reporter of spans did not close", exception });
    }
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    return `<Tracing ${this.closed ? "closed" : "on"} reporters=${this.#reporters.length}>`;
  }
}

/**
 * Traces this program from now on: requests of `ambit/web` and `ambit/http`, statements and commands of the databases,
 * named tasks, and its own `span`s, with no code in between.
 *
 * It ends when it is closed, at the latest with the run that it was started in: after the last task of that.
 *
 * @throws InvalidStateError while another is on, in this thread
 * @throws TypeError or RangeError when an option is not as it should be
 *
 * @example
 * ```ts
 * import { MemoryReporter, span, startTracing } from "ambit/tracing";
 *
 * const reporter = new MemoryReporter();
 * const tracing = startTracing({ serviceName: "shop", reporters: [reporter] });
 * await span("open the shop", async () => {});
 * await tracing.close();
 * reporter.spans[0]?.name; // => "open the shop"
 * ```
 */
export function startTracing(options: TracingOptions): Tracing {
  const { serviceName, reporters = [], tasks = "named", joinB3 = false } = options;
  if (typeof serviceName !== "string" || serviceName === "")
    throw wrongType("options.serviceName", "the service's name", serviceName);
  if (!Array.isArray(reporters) || !reporters.every((each) => typeof each?.report === "function"))
    throw wrongType("options.reporters", "an array of reporters", reporters);
  if (!TASKS.includes(tasks)) throw wrongType("options.tasks", '"named", "all" or "none"', tasks);
  const attributes = recordOf(attributeList("options.resource", options.resource));
  const sampling = samplingOf(options.sampling);
  const inject = formatsOf("options.inject", options.inject, ["w3c"]);
  const extract = formatsOf("options.extract", options.extract, ALL);
  const propagateTo = predicate("options.propagateTo", options.propagateTo, yes);
  const trust = predicate("options.trustCaller", options.trustCaller, yes);
  const ignore = predicate("options.ignoreRequest", options.ignoreRequest, no);
  const source =
    options.openTelemetry === undefined ? null : openTelemetrySource(options.openTelemetry);
  if (tracerInCharge() !== null)
    throw new InvalidStateError("startTracing: this thread is traced already; close that first");

  stepAside();
  const loop = getRunningLoop();
  const tracer = new Tracer(sampling, reporters, source, (exception) =>
    loop.callExceptionHandler({ message: "tracing failed", exception }),
  );
  const taskSpans = traceTasks(tracer, tasks);
  const stops = [() => taskSpans.stop()];
  if (options.http !== false)
    stops.push(traceHttp(tracer, { formats: inject, propagateTo, begins: true }));
  if (options.web !== false) {
    const taken = (task: object): void => taskSpans.taken(task);
    stops.push(traceWeb(tracer, { formats: extract, trust, ignore, join: joinB3, taken }));
  }
  if (options.databases !== false) stops.push(traceDatabases(tracer));
  if (options.executors !== false)
    stops.push(traceExecutors(tracer), traceDistributed(tracer, taskSpans));
  if (reporters.length > 0) stops.push(hearWorkers((span) => tracer.ended(span)));
  if (reporters.length > 0 && options.workers !== false)
    stops.push(traceWorkers(planForWorkers(options, inject)));
  const resource: Resource = { serviceName, attributes };
  for (const reporter of reporters) reporter.open?.(resource);
  putInCharge(tracer);
  const tracing = new Tracing(tracer, reporters, stops, loop);
  stops.push(beforeLeaving(() => tracing.close()));
  if (ambientScope().runner !== rootScope) stops.push(onRunnerEnd(() => tracing.close()));
  return tracing;
}

function planForWorkers(
  { http, databases, executors, tasks = "named", propagateTo }: TracingOptions,
  inject: readonly PropagationFormat[],
): WorkerTracingPlan {
  const what = {
    http: http !== false,
    databases: databases !== false,
    executors: executors !== false,
  };
  return { ...what, tasks, inject, propagates: propagateTo === undefined };
}

function predicate<A>(
  parameter: string,
  input: ((argument: A) => boolean) | undefined,
  usual: (argument: A) => boolean,
): (argument: A) => boolean {
  if (input !== undefined) expectFunction(parameter, input);
  return input ?? usual;
}

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}
