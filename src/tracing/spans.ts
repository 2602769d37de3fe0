/*
 * Spans of the program's own: `span` around a body, `openSpan` for a block, `startSpan` for what is no block.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import { type Attributes, attributeList } from "./attributes.ts";
import { ambientSpanContext, inContext, makeCurrent, SUPPRESSED } from "./currentSpan.ts";
import type { SpanKind, SpanLink } from "./finishedSpan.ts";
import type { Span } from "./span.ts";
import type { RemoteContext, SpanContext } from "./spanContext.ts";
import { workerTracer } from "./workerSpans.ts";
import { noSpan, suppresses, type Tracer, tracerInCharge } from "./tracer.ts";

/** How a span is made. */
export interface SpanOptions {
  /** Default `internal`. */
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: readonly SpanLink[];
  /** Its parent, in place of the current span; null for the first of a new trace. */
  readonly parent?: SpanContext | RemoteContext | null;
}

const KINDS: readonly unknown[] = [
  "internal",
  "server",
  "client",
  "producer",
  "consumer",
] satisfies SpanKind[];

/**
 * Starts a span that is not the current one; whoever starts it ends it.
 *
 * While nothing is traced, or its trace is not sampled, it keeps nothing.
 *
 * @throws TypeError when the name is no string, or an attribute of the wrong type
 */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  if (typeof name !== "string") throw wrongType("name", "a string", name);
  const { kind = "internal", links = [] } = options;
  if (!KINDS.includes(kind)) throw wrongType("options.kind", "a kind of span", kind);
  const ambientContext = ambientSpanContext();
  const tracer = tracerFor(ambientContext);
  if (tracer === null || suppresses(ambientContext)) return noSpan();
  const attributes = attributeList("options.attributes", options.attributes);
  const parent = options.parent === undefined ? ambientContext : options.parent;
  const root = options.parent === null;
  const start = { name, kind, attributes, links, parent, decision: null, join: false, root };
  return tracer.start(start);
}

/** The one in charge; in a thread that has none, one that sends its spans to who has. */
function tracerFor(context: SpanContext | null): Tracer | null {
  return tracerInCharge() ?? (context?.sampled === true ? workerTracer() : null);
}

/**
 * Runs a body in a span: it is the current one until what the body returns is settled, and then ends. What the body
 * throws is noted, and thrown on. Other context variables that the body sets stay set for the rest of the task.
 *
 * **Cancellation:** passes through; the span says that it was cancelled, and why.
 *
 * @param name what is done, the same for all of its kind: `"render page"`, not `"render /a/7"`
 * @throws what the body throws
 *
 * @example
 * ```ts
 * import { MemoryReporter, span, startTracing } from "ambit/tracing";
 *
 * const reporter = new MemoryReporter();
 * await using tracing = startTracing({ serviceName: "shop", reporters: [reporter] });
 * const total = await span("checkout", async (checkout) => {
 *   checkout.setAttribute("shop.items", 2);
 *   return span("add up", () => 42);
 * });
 * total; // => 42
 * reporter.spans.map(({ name }) => name); // => ["add up", "checkout"]
 * await tracing.close();
 * ```
 */
export function span<T>(
  name: string,
  body: (span: Span) => PromiseLike<T>,
  options?: SpanOptions,
): Promise<T>;
export function span<T>(name: string, body: (span: Span) => T, options?: SpanOptions): T;
export function span<T>(name: string, body: (span: Span) => T, options: SpanOptions = {}): T {
  expectFunction("body", body);
  const started = startSpan(name, options);
  // A trace that isn't recorded has a context of its own, too: what is below it is not recorded either.
  if (!started.recording && started.context.traceId === SUPPRESSED.traceId) return body(started);
  return runIn(started, body);
}

function runIn<T>(started: Span, body: (span: Span) => T): T {
  let result: T;
  try {
    result = inContext(started.context, body, started);
  } catch (error) {
    started.fail(error).end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    started.end();
    return result;
  }
  return endAfter(started, result) as T;
}

async function endAfter<T>(started: Span, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    started.fail(error);
    throw error;
  } finally {
    started.end();
  }
}

/**
 * Starts a span that is the current one of the running task until it is disposed of: for `using`. Two of them in one
 * task are disposed of in the opposite order.
 *
 * @throws TypeError as {@link startSpan}
 */
export function openSpan(name: string, options: SpanOptions = {}): Span {
  const started = startSpan(name, options);
  if (started.context.traceId !== SUPPRESSED.traceId)
    started.onDispose = makeCurrent(started.context);
  return started;
}
