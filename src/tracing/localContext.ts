/*
 * LocalContext: what of a span of this thread travels, and the way back from there to the span.
 *
 * The span is in a private field: those are left out by structured clone, so it stays in its thread.
 */
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

  constructor(traceId: string, spanId: string, sampled: boolean) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.sampled = sampled;
  }

  /** With what few traces have. */
  static with(context: SpanContext): LocalContext {
    const { traceId, spanId, sampled, debug, traceState } = context;
    const made = new LocalContext(traceId, spanId, sampled);
    if (debug === true) Object.assign(made, { debug });
    return traceState === undefined ? made : Object.assign(made, { traceState });
  }

  static bind(context: LocalContext, span: Span): void {
    context.#span = span;
  }

  static spanOf(context: SpanContext): Span | null {
    return #span in context ? context.#span : null;
  }
}
