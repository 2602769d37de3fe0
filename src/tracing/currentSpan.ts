/*
 * The current span: the value of a context variable.
 *
 * Strategy: the variable holds what travels (SpanContext), since its values are cloned when they cross to another
 * thread; the spans of this thread are found by that object. A scope for a span (`inSpan`) has a context in which only
 * this one variable is its own: what else is set inside goes to the task, as if the scope were not there.
 */
import { Context } from "../core/context.ts";
import { ContextVar } from "../core/contextVar.ts";
import { ambient, ambientScope, Scope } from "../core/scope.ts";
import { LocalContext } from "./localContext.ts";
import type { Span } from "./span.ts";
import { NO_CONTEXT, type SpanContext } from "./spanContext.ts";

/** The name by which it crosses to other threads. @internal */
export const SPAN_VARIABLE = "ambit.tracing.span";

const current: ContextVar<SpanContext | null> = new ContextVar<SpanContext | null>(SPAN_VARIABLE, {
  defaultValue: null,
});

/** Where nothing is traced: what sends spans is not to make any. @internal */
export const SUPPRESSED: SpanContext = Object.freeze({ ...NO_CONTEXT, debug: false });

/**
 * What of the current span travels; null when there is none. In a worker it is what the caller's was.
 */
export function currentSpanContext(): SpanContext | null {
  const context = current.get();
  return context === null || isSuppressed(context) ? null : context;
}

/** The current span of this thread; null when there is none. */
export function currentSpan(): Span | null {
  const context = current.get();
  return context === null ? null : LocalContext.spanOf(context);
}

/** As it is: what is suppressed, too. @internal */
export function ambientSpanContext(): SpanContext | null {
  return current.get();
}

/** @internal */
export function isSuppressed({ spanId }: SpanContext): boolean {
  return spanId === NO_CONTEXT.spanId;
}

/** Makes it the current one of the running task; gives what takes that back. @internal */
export function makeCurrent(context: SpanContext): () => void {
  const token = current.set(context);
  const owner = ambientScope().home.context;
  return () => {
    if (ambientScope().home.context === owner) current.reset(token);
  };
}

/** The same in another task's scope. @internal */
export function spanContextIn(scope: Scope): SpanContext | null {
  return current.getIn(scope);
}

/** For the rest of the running task, or of that whose scope it is. @internal */
export function setCurrent(context: SpanContext, scope: Scope = ambientScope()): void {
  current.putIn(scope, context);
}

/** A context with the variable set: for tasks that are made with one. @internal */
export function contextWith(context: SpanContext): Context {
  const made = new Context();
  made.set(current, context);
  return made;
}

/** The task's context, but for one variable. */
class OneOwn extends Context {
  readonly #below: Context;
  #own: SpanContext | null;

  constructor(below: Context, own: SpanContext | null) {
    super();
    this.#below = below;
    this.#own = own;
  }

  override copy(): Context {
    const copy = this.#below.copy();
    copy.set(current, this.#own);
    return copy;
  }

  override get size(): number {
    return this.#below.size + (this.#below.has(current) ? 0 : 1);
  }

  override *entries(): Iterable<readonly [variable: object, value: unknown]> {
    for (const entry of this.#below.entries()) if (entry[0] !== current) yield entry;
    yield [current, this.#own];
  }

  override has(variable: object): boolean {
    return variable === current || this.#below.has(variable);
  }

  override get(variable: object): unknown {
    return variable === current ? this.#own : this.#below.get(variable);
  }

  override set(variable: object, value: unknown): void {
    if (variable === current) this.#own = value as SpanContext | null;
    else this.#below.set(variable, value);
  }

  override delete(variable: object): void {
    if (variable === current) this.#own = null;
    else this.#below.delete(variable);
  }
}

/**
 * Calls the body with that as the current one, until what it returns is settled: a promise stays one, what else can be
 * awaited becomes one.
 * @internal
 */
export function inContext<A, T>(
  context: SpanContext | null,
  body: (argument: A) => T,
  argument: A,
): T {
  const parent = ambientScope();
  const scope = new Scope(parent, "open");
  scope.home = scope;
  scope.body = parent.home.body;
  scope.context = new OneOwn((parent.home.context ??= new Context()), context);
  let goesOn = false;
  try {
    const called = ambient.run(scope, body, argument);
    const result = called instanceof Promise || !isThenable(called) ? called : adopt(scope, called);
    goesOn = result instanceof Promise;
    return (result instanceof Promise ? endAfter(scope, result) : result) as T;
  } finally {
    if (!goesOn) scope.end();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const thing = value as { then?: unknown } | null | undefined;
  return typeof thing === "object" && thing !== null && typeof thing.then === "function";
}

/** Awaited in the scope, so that what it awaits is cancelled with that. */
function adopt(scope: Scope, value: PromiseLike<unknown>): Promise<unknown> {
  return ambient.run(scope, async () => await value);
}

async function endAfter<T>(scope: Scope, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } finally {
    scope.end();
  }
}

/**
 * Runs a body in which nothing is traced: requests, tasks and spans in it are not recorded, and no header is sent.
 *
 * **Cancellation:** that of the body.
 *
 * @example
 * ```ts
 * import { MemoryReporter, span, startTracing, withoutTracing } from "ambit/tracing";
 *
 * const reporter = new MemoryReporter();
 * await using tracing = startTracing({ serviceName: "shop", reporters: [reporter] });
 * await withoutTracing(() => span("health check", async () => {}));
 * reporter.spans.length; // => 0
 * await tracing.close();
 * ```
 */
export function withoutTracing<T>(body: () => PromiseLike<T>): Promise<T>;
export function withoutTracing<T>(body: () => T): T;
export function withoutTracing<T>(body: () => T): T {
  return inContext(SUPPRESSED, body as (argument: undefined) => T, undefined);
}
