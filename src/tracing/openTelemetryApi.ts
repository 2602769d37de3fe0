/*
 * The shapes of `@opentelemetry/api`, as far as they are used.
 *
 * Strategy: the API's module is handed in, so nothing is imported, and its shapes are written down here: without the
 * package the types are whole. What users hand in is opaque where its types would tie them to one version.
 */

/** OpenTelemetry's context, opaque. */
export interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
  deleteValue(key: symbol): OtelContext;
}

/** OpenTelemetry's SpanContext. */
export interface OtelSpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
  isRemote?: boolean;
  traceState?: { serialize(): string };
}

/** OpenTelemetry's Span, as far as it is used. */
export interface OtelSpan {
  spanContext(): OtelSpanContext;
  setAttribute(key: string, value: never): unknown;
  addEvent(name: string, attributes: never, time: number): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  updateName(name: string): unknown;
  end(time?: number): void;
  isRecording(): boolean;
}

/** The module `@opentelemetry/api`, as far as it is used. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options: never, context: never): unknown;
    };
    setSpan(context: never, span: never): unknown;
    setSpanContext(context: never, spanContext: never): unknown;
    getSpan(context: never): unknown;
  };
  readonly context: { active(): unknown };
  readonly ROOT_CONTEXT: unknown;
  /** From version 1.5 on. */
  readonly createTraceState?: (raw?: string) => { serialize(): string };
}

/** The API, with the types that the code here goes by. @internal */
export interface Api {
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options: object, context: OtelContext): OtelSpan;
    };
    setSpan(context: OtelContext, span: OtelSpan): OtelContext;
    setSpanContext(context: OtelContext, spanContext: OtelSpanContext): OtelContext;
    getSpan(context: OtelContext): OtelSpan | undefined;
  };
  readonly context: { active(): OtelContext };
  readonly ROOT_CONTEXT: OtelContext;
  readonly createTraceState?: (raw?: string) => { serialize(): string };
}
