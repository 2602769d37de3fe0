/*
 * Tracer: starts spans, and hands those that have ended to the reporters.
 *
 * Strategy: one is in charge at a time, in a thread; while none is, `span` only calls its body. Who starts a span says
 * where its parent is: the current span, a caller at the other end of a connection, or none. The sampler is asked for
 * each span, and by default follows the parent; with OpenTelemetry in charge its decision counts.
 */
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { type AttributeList, type AttributeValue, recordOf } from "./attributes.ts";
import { ambientSpanContext, isSuppressed } from "./currentSpan.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import type { SpanReporter } from "./reporter.ts";
import { everything, type Sampler, type SamplingInput } from "./sampler.ts";
import type { FinishedSpan, SpanKind, SpanOwner } from "./finishedSpan.ts";
import { LocalContext } from "./localContext.ts";
import { Span } from "./span.ts";
import type { SpanMirror } from "./spanMirror.ts";
import type { SpanSource, SpanStart } from "./spanSource.ts";
import { NO_CONTEXT, type RemoteContext, type SpanContext } from "./spanContext.ts";

/** When a span begins, read once. */
interface Clock {
  readonly loop: Loop;
  /** What makes the loop's time one of the wall: of a parent in this run, the parent's. */
  readonly epoch: number;
  readonly now: number;
}

/** @internal */
export class Tracer implements SpanOwner {
  readonly #sampler: Sampler;
  readonly #reporters: readonly SpanReporter[];
  readonly #source: SpanSource | null;
  /** Told of what a reporter throws. */
  readonly #onError: (error: unknown) => void;

  constructor(
    sampler: Sampler,
    reporters: readonly SpanReporter[],
    source: SpanSource | null,
    onError: (error: unknown) => void,
  ) {
    this.#sampler = sampler;
    this.#reporters = reporters;
    this.#source = source;
    this.#onError = onError;
  }

  start(start: SpanStart): Span {
    const loop = getRunningLoop();
    const local = start.parent === null ? null : LocalContext.spanOf(start.parent as SpanContext);
    const now = loop.time();
    const epoch = local !== null && local.loop === loop ? local.epoch : loop.wallTime() - now;
    const clock = { loop, epoch, now };
    if (this.#source !== null) return this.#mirrored(this.#source, start, clock);
    const { parent, join } = start;
    const traceId = parent?.traceId ?? newTraceId();
    const sampled = this.#samples(start, traceId);
    const debug = parent?.debug === true || start.decision?.debug === true;
    const spanId = join && parent !== null ? parent.spanId : newSpanId();
    const context = contextFor(traceId, spanId, sampled, debug, parent?.traceState);
    return this.#made(start, context, clock, null);
  }

  #samples(start: SpanStart, traceId: string): boolean {
    const { parent, decision, name, kind, attributes } = start;
    if (parent?.debug === true) return true;
    if (parent === null && decision !== null) return decision.sampled;
    if (this.#sampler === everything) return parent?.sampled ?? true;
    try {
      return this.#sampler(new Input(name, kind, traceId, parent, attributes));
    } catch (error) {
      this.#onError(error);
      return false;
    }
  }

  #mirrored(source: SpanSource, start: SpanStart, clock: Clock): Span {
    const { context, mirror } = source.start(start, clock.now + clock.epoch);
    return this.#made(start, context, clock, mirror);
  }

  #made(
    start: SpanStart,
    context: LocalContext,
    { loop, epoch, now }: Clock,
    mirror: SpanMirror | null,
  ): Span {
    const { name, kind, parent, attributes, links } = start;
    const joined = parent !== null && context.spanId === parent.spanId;
    const parentId = joined ? parentOf(parent) : (parent?.spanId ?? null);
    const owner = context.sampled ? this : null;
    const made = new Span({
      name,
      kind,
      context,
      parentId,
      shared: joined,
      owner,
      loop,
      epoch,
      began: now,
      attributes,
    });
    for (const link of links) made.addLink(link);
    made.mirror = mirror;
    LocalContext.bind(context, made);
    return made;
  }

  ended(span: FinishedSpan): void {
    for (const reporter of this.#reporters) {
      try {
        reporter.report(span);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

/** Makes a record of the attributes only for who looks at them. */
class Input implements SamplingInput {
  readonly name: string;
  readonly kind: SpanKind;
  readonly traceId: string;
  readonly parent: SpanContext | RemoteContext | null;
  readonly #list: AttributeList;

  constructor(
    name: string,
    kind: SpanKind,
    traceId: string,
    parent: SpanContext | RemoteContext | null,
    list: AttributeList,
  ) {
    this.name = name;
    this.kind = kind;
    this.traceId = traceId;
    this.parent = parent;
    this.#list = list;
  }

  get attributes(): Readonly<Record<string, AttributeValue>> {
    return recordOf(this.#list);
  }
}

function parentOf(parent: SpanContext | RemoteContext): string | null {
  return "parentId" in parent ? (parent.parentId ?? null) : null;
}

function contextFor(
  traceId: string,
  spanId: string,
  sampled: boolean,
  debug: boolean,
  traceState: string | undefined,
): LocalContext {
  if (!debug && traceState === undefined) return new LocalContext(traceId, spanId, sampled);
  const more = traceState === undefined ? { debug } : { debug, traceState };
  return LocalContext.with({ traceId, spanId, sampled, ...more });
}

let inCharge: Tracer | null = null;

/** The tracer in charge; null when nothing is traced. @internal */
export function tracerInCharge(): Tracer | null {
  return inCharge;
}

/** Puts one in charge, or none. @internal */
export function putInCharge(tracer: Tracer | null): void {
  inCharge = tracer;
}

/** The parent of what starts here: the current span; null when there is none. @internal */
export function ambientParent(): SpanContext | null {
  return ambientSpanContext();
}

/** A span of nothing: for code that has one in any case. @internal */
export function noSpan(): Span {
  const loop = getRunningLoop();
  return new Span({
    name: "",
    kind: "internal",
    context: NO_CONTEXT,
    parentId: null,
    shared: false,
    owner: null,
    loop,
    epoch: 0,
    began: loop.time(),
    attributes: [],
  });
}

/** Whether nothing is to be traced below it. @internal */
export function suppresses(context: SpanContext | null): boolean {
  return context !== null && isSuppressed(context);
}
