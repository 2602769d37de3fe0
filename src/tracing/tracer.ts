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
import { isInShare, type Sampler, type SamplingInput } from "./sampler.ts";
import type { FinishedSpan, SpanKind, SpanOwner } from "./finishedSpan.ts";
import { LocalContext } from "./localContext.ts";
import { Span } from "./span.ts";
import type { PlacedValues } from "./spanForm.ts";
import type { SpanClock } from "./spanRecord.ts";
import { attributesOf, givenTo, type SpanSource, type SpanStart } from "./spanSource.ts";
import { NO_CONTEXT, type RemoteContext, type SpanContext } from "./spanContext.ts";

/** Milliseconds for which the wall's time is not asked for again. */
const EPOCH = 1000;

/** What is kept of a span that is not recorded. */
const NOTHING: AttributeList = [];

/** @internal */
export class Tracer implements SpanOwner {
  readonly #sampling: Sampler | number;
  readonly #reporters: readonly SpanReporter[];
  readonly #source: SpanSource | null;
  /** Told of what a reporter throws. */
  readonly #onError: (error: unknown) => void;
  /** What makes a loop's time one of the wall, when that was asked, and until when it holds, by the loop's time. */
  #clock: SpanClock | null = null;
  #asked = 0;
  #askAgain = 0;

  /** @param sampling a function, or the share of the traces that nobody has decided about */
  constructor(
    sampling: Sampler | number,
    reporters: readonly SpanReporter[],
    source: SpanSource | null,
    onError: (error: unknown) => void,
  ) {
    this.#sampling = sampling;
    this.#reporters = reporters;
    this.#source = source;
    this.#onError = onError;
  }

  /**
   * @param now when it begins, by the loop's time
   * @param subject whose attributes it has, where those are made of one
   */
  start(
    start: SpanStart,
    loop: Loop = getRunningLoop(),
    now: number = loop.time(),
    subject?: unknown,
  ): Span {
    const { parent, join } = start;
    const local = parent === null ? null : LocalContext.spanOf(parent as SpanContext);
    const clock = local?.clock.loop === loop ? local.clock : this.#clockAt(loop, now);
    if (this.#source !== null) return this.#mirrored(this.#source, start, clock, now, subject);
    const trace = parent === null ? newTraceId() : LocalContext.traceOf(parent as SpanContext);
    const sampled = this.#samples(start, typeof trace === "string" ? trace : trace.text, subject);
    const debug = parent?.debug === true || start.decision?.debug === true;
    const id = join && parent !== null ? parent.spanId : newSpanId();
    const context = new LocalContext(trace, id, sampled).carrying(debug, parent?.traceState);
    const given = sampled ? givenTo(start, subject) : NOTHING;
    return this.#made(start, given, context, clock, now);
  }

  /** Of a span that has no parent here. To ask for the wall's time costs as much as a whole small span. */
  #clockAt(loop: Loop, now: number): SpanClock {
    const clock = this.#clock;
    if (clock?.loop === loop && now < this.#askAgain && now >= this.#asked) return clock;
    this.#asked = now;
    this.#askAgain = now + EPOCH;
    return (this.#clock = { loop, epoch: loop.wallTime() - loop.time() });
  }

  #samples(start: SpanStart, traceId: string, subject: unknown): boolean {
    const { parent, decision, name, kind } = start;
    if (parent?.debug === true) return true;
    if (parent === null && decision !== null) return decision.sampled;
    const sampling = this.#sampling;
    if (typeof sampling === "number") return parent?.sampled ?? isInShare(traceId, sampling);
    try {
      return sampling(new Input(name, kind, traceId, parent, start, subject));
    } catch (error) {
      this.#onError(error);
      return false;
    }
  }

  #mirrored(
    source: SpanSource,
    start: SpanStart,
    clock: SpanClock,
    now: number,
    subject: unknown,
  ): Span {
    const given = givenTo(start, subject);
    const { context, mirror } = source.start(start, attributesOf(start, given), now + clock.epoch);
    const made = this.#made(start, given, context, clock, now);
    made.mirror = mirror;
    return made;
  }

  #made(
    start: SpanStart,
    given: AttributeList | PlacedValues,
    context: LocalContext,
    clock: SpanClock,
    now: number,
  ): Span {
    const { parent, links } = start;
    const joined = parent !== null && context.spanId === parent.spanId;
    const parentId = joined ? parentOf(parent) : (parent?.spanId ?? null);
    const made = new Span(
      start,
      given,
      context,
      parentId,
      joined,
      clock,
      now,
      context.sampled ? this : null,
    );
    for (const link of links) made.addLink(link);
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
  readonly #start: SpanStart;
  readonly #subject: unknown;

  constructor(
    name: string,
    kind: SpanKind,
    traceId: string,
    parent: SpanContext | RemoteContext | null,
    start: SpanStart,
    subject: unknown,
  ) {
    this.name = name;
    this.kind = kind;
    this.traceId = traceId;
    this.parent = parent;
    this.#start = start;
    this.#subject = subject;
  }

  get attributes(): Readonly<Record<string, AttributeValue>> {
    return recordOf(attributesOf(this.#start, givenTo(this.#start, this.#subject)));
  }
}

function parentOf(parent: SpanContext | RemoteContext): string | null {
  return "parentId" in parent ? (parent.parentId ?? null) : null;
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
  const clock = { loop, epoch: 0 };
  return new Span(NO_SUBJECT, [], NO_CONTEXT, null, false, clock, loop.time(), null);
}

const NO_SUBJECT = { name: "", kind: "internal" } as const;

/** Whether nothing is to be traced below it. @internal */
export function suppresses(context: SpanContext | null): boolean {
  return context !== null && isSuppressed(context);
}
