/*
 * OpenTelemetryContext: the other direction of the bridge. A context manager for OpenTelemetry's SDK that keeps its context
 * in Ambit's context variables: then spans of instrumented libraries are children of ours, and ours of theirs.
 */
import { ContextVar, copyContext, runInContext } from "../core/contextVar.ts";
import { ambientSpanContext, setCurrent } from "./currentSpan.ts";
import type { Api, OpenTelemetryApi, OtelContext } from "./openTelemetryApi.ts";
import { contextOf, others } from "./openTelemetrySource.ts";

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
