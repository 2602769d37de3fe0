/*
 * The bridge to OpenTelemetry: each span is one of the tracer that is registered there, too.
 *
 * Strategy: the API's module is handed in, so nothing is imported, and its shapes are written down here as far as they
 * are used: without the package the types are whole. The SDK makes the ids and decides about sampling; what a span of
 * ours is told it tells the other. In the other direction, `OpenTelemetryContext` is a context manager for the SDK that
 * keeps its context in Ambit's context variables: then spans of instrumented libraries are children of ours, and ours
 * of theirs.
 * Limits: spans of worker threads cannot be handed to it, since the API makes ids of its own: they go to `reporters`.
 */
import { ContextVar, copyContext, runInContext } from "../core/contextVar.ts";
import { type Attributes, type AttributeValue, recordOf } from "./attributes.ts";
import { ambientSpanContext, setCurrent } from "./currentSpan.ts";
import {
  LocalContext,
  type SpanKind,
  type SpanLink,
  type SpanMirror,
  type SpanStatus,
} from "./span.ts";
import type { SpanContext } from "./spanContext.ts";
import type { SpanSource, SpanStart } from "./tracer.ts";

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

/** The API, with the types that the code here goes by. */
interface Api {
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

const SAMPLED = 1;
const KINDS: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
const STATUSES: Readonly<Record<SpanStatus, number>> = { unset: 0, ok: 1, error: 2 };

/** The spans of the SDK, by the context of ours. */
const others = new WeakMap<SpanContext, OtelSpan>();

/** @internal */
export function openTelemetrySource(given: OpenTelemetryApi): SpanSource {
  const api = given as unknown as Api;
  // Asked for anew with each span: the API's proxy finds the tracer that is registered later, too.
  const tracer = api.trace.getTracer("ambit");
  return {
    start: (start, time) => {
      const { name, kind, attributes, links } = start;
      const options = {
        kind: KINDS[kind],
        attributes: recordOf(attributes),
        startTime: time,
        links: links.map((link) => ({
          context: otelContextOf(api, link.context),
          attributes: link.attributes,
        })),
      };
      const made = tracer.startSpan(name, options, parentContext(api, start));
      const context = LocalContext.with(contextOf(made));
      others.set(context, made);
      return { context, mirror: made.isRecording() ? new Mirror(api, made) : null };
    },
  };
}

function parentContext(api: Api, { parent, root }: SpanStart): OtelContext {
  const active = api.context.active();
  if (parent === null)
    return !root && api.trace.getSpan(active) !== undefined ? active : api.ROOT_CONTEXT;
  const local = others.get(parent as SpanContext);
  if (local !== undefined) return api.trace.setSpan(active, local);
  return api.trace.setSpanContext(
    active,
    otelContextOf(api, { ...parent, sampled: parent.sampled ?? true }),
  );
}

function otelContextOf(api: Api, context: SpanContext): OtelSpanContext {
  const { traceId, spanId, sampled, traceState } = context;
  const plain = { traceId, spanId, traceFlags: sampled ? SAMPLED : 0, isRemote: true };
  if (traceState === undefined || api.createTraceState === undefined) return plain;
  return { ...plain, traceState: api.createTraceState(traceState) };
}

function contextOf(made: OtelSpan): SpanContext {
  const { traceId, spanId, traceFlags, traceState } = made.spanContext();
  const sampled = (traceFlags & SAMPLED) === SAMPLED;
  const state = traceState?.serialize() ?? "";
  return state === ""
    ? { traceId, spanId, sampled }
    : { traceId, spanId, sampled, traceState: state };
}

class Mirror implements SpanMirror {
  readonly #api: Api;
  readonly #span: OtelSpan & { addLink?(link: object): unknown };

  constructor(api: Api, span: OtelSpan) {
    this.#api = api;
    this.#span = span;
  }

  setAttribute(name: string, value: AttributeValue): void {
    this.#span.setAttribute(name, value as never);
  }

  addEvent(name: string, attributes: Attributes, time: number): void {
    this.#span.addEvent(name, attributes as never, time);
  }

  addLink({ context, attributes }: SpanLink): void {
    this.#span.addLink?.({ context: otelContextOf(this.#api, context), attributes });
  }

  setStatus(status: SpanStatus, message: string | undefined): void {
    const code = STATUSES[status];
    this.#span.setStatus(message === undefined ? { code } : { code, message });
  }

  updateName(name: string): void {
    this.#span.updateName(name);
  }

  end(time: number): void {
    this.#span.end(time);
  }
}

const active = new ContextVar<OtelContext | null>("ambit.tracing.openTelemetry", {
  defaultValue: null,
});

/**
 * A context manager for OpenTelemetry's SDK that keeps its context where Ambit keeps context variables, so that each
 * task has its own: `provider.register({ contextManager: new OpenTelemetryContext(api) })`.
 *
 * With it the span of a request is what `trace.getActiveSpan()` gives in its handler, and spans of instrumented libraries
 * are its children.
 */
export class OpenTelemetryContext {
  readonly #api: Api;
  #enabled = true;

  /** @param api the module `@opentelemetry/api` */
  constructor(api: OpenTelemetryApi) {
    this.#api = api as unknown as Api;
  }

  /** The context of the running code. */
  active(): never {
    return this.#active() as never;
  }

  #active(): OtelContext {
    if (!this.#enabled) return this.#api.ROOT_CONTEXT;
    const base = active.get() ?? this.#api.ROOT_CONTEXT;
    const context = ambientSpanContext();
    const other = context === null ? undefined : others.get(context);
    return other === undefined ? base : this.#api.trace.setSpan(base, other);
  }

  /** Calls a function in a context. */
  with<A extends unknown[], R>(
    context: object,
    fn: (...args: A) => R,
    thisArg?: unknown,
    ...args: A
  ): R {
    return runInContext(copyContext(), () => {
      this.#enter(context as OtelContext);
      return fn.apply(thisArg, args);
    });
  }

  #enter(context: OtelContext): void {
    active.set(context);
    const inside = this.#api.trace.getSpan(context);
    if (inside === undefined) return;
    const before = ambientSpanContext();
    if (before !== null && others.get(before) === inside) return;
    const theirs = contextOf(inside);
    others.set(theirs, inside);
    setCurrent(theirs);
  }

  /** The function, called in that context wherever it is called. */
  bind<T>(context: object, target: T): T {
    if (typeof target !== "function") return target;
    const call = target as unknown as (...args: unknown[]) => unknown;
    const bound = (...args: unknown[]): unknown => this.with(context, call, undefined, ...args);
    return bound as T;
  }

  enable(): this {
    this.#enabled = true;
    return this;
  }

  disable(): this {
    this.#enabled = false;
    return this;
  }
}
