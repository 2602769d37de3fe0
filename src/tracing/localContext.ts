/*
 * LocalContext: what of a span of this thread travels, and the way back from there to the span.
 *
 * The span is in a private field: those are left out by structured clone, so it stays in its thread.
 */
import type { Id } from "./ids.ts";
import type { Span } from "./span.ts";
import type { SpanContext } from "./spanContext.ts";

/**
 * The context of a span of this thread, from which the span is found. A clone in another thread has the fields alone.
 * @internal
 */
export class LocalContext implements SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  #span: Span | null = null;
  /** Of what was made in this thread. */
  #trace: Id | null;
  #own: Id | null;

  constructor(trace: Id | string, span: Id | string, sampled: boolean) {
    const madeTrace = typeof trace === "string" ? null : trace;
    const madeSpan = typeof span === "string" ? null : span;
    this.traceId = madeTrace === null ? (trace as string) : madeTrace.text;
    this.spanId = madeSpan === null ? (span as string) : madeSpan.text;
    this.sampled = sampled;
    this.#trace = madeTrace;
    this.#own = madeSpan;
  }

  /** With what few traces have. */
  carrying(debug: boolean, traceState: string | undefined): this {
    if (debug) Object.assign(this, { debug });
    if (traceState !== undefined) Object.assign(this, { traceState });
    return this;
  }

  /** The id of its trace, or its own; a text where it was not made in this thread. */
  static traceOf(context: SpanContext): Id | string {
    return #trace in context ? (context.#trace ?? context.traceId) : context.traceId;
  }

  static idOf(context: SpanContext): Id | string {
    return #own in context ? (context.#own ?? context.spanId) : context.spanId;
  }

  static bind(context: LocalContext, span: Span): void {
    context.#span = span;
  }

  static spanOf(context: SpanContext): Span | null {
    return #span in context ? context.#span : null;
  }
}
