/*
 * SpanContext: what of a span travels: to child tasks, to other threads, over the network.
 *
 * A plain object without functions: it is the value of a context variable, and those cross to a worker by structured
 * clone. The span itself stays where it was started.
 */

/** What identifies a span, and what was decided about its trace. */
export interface SpanContext {
  /** 32 lower-case hex digits, not all of them 0. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all of them 0. */
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly sampled: boolean;
  /** Whether B3 asked for it to be recorded whatever the sampler says. */
  readonly debug?: boolean;
  /** W3C's `tracestate`, as it came. */
  readonly traceState?: string;
}

/** What came with a request: the caller may leave the decision to us. */
export interface RemoteContext extends Omit<SpanContext, "sampled"> {
  /** Undefined when the caller has not decided. */
  readonly sampled: boolean | undefined;
  /** The parent of the span that it names, where the format tells it (B3). */
  readonly parentId?: string;
  /** Which format told it. */
  readonly format: "w3c" | "b3";
}

/** Of no span: there is nothing to travel. @internal */
export const NO_CONTEXT: SpanContext = Object.freeze({
  traceId: "00000000000000000000000000000000",
  spanId: "0000000000000000",
  sampled: false,
});

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/;

/** @internal */
export function isTraceId(text: string): boolean {
  return TRACE_ID.test(text);
}

/** @internal */
export function isSpanId(text: string): boolean {
  return SPAN_ID.test(text);
}
