/*
 * What a span is started with, and where spans come from when the tracer does not make them itself.
 */
import type { AttributeList } from "./attributes.ts";
import type { Decision } from "./b3.ts";
import type { SpanKind, SpanLink } from "./finishedSpan.ts";
import type { LocalContext } from "./localContext.ts";
import type { RemoteContext, SpanContext } from "./spanContext.ts";
import type { PlacedValues, SpanForm } from "./spanForm.ts";
import type { SpanMirror } from "./spanMirror.ts";

type Given = AttributeList | PlacedValues;

/** What a span is started with. @internal */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  /** Or what makes them of a subject, which is done only if somebody looks at them: most spans are not sampled. */
  readonly attributes: Given | ((subject: never) => Given);
  /** With one, attributes are the values for its places. */
  readonly form?: SpanForm | null;
  readonly links: readonly SpanLink[];
  /** Null for the first of a trace. */
  readonly parent: SpanContext | RemoteContext | null;
  /** What a caller without a trace has decided. */
  readonly decision: Decision | null;
  /** Whether it takes the id of the caller's span. */
  readonly join: boolean;
  /** Whether it is the first of a trace if it has no parent, whatever span OpenTelemetry knows of. */
  readonly root: boolean;
}

/** The attributes that a span starts with: of one with a form, their values. @internal */
export function givenTo({ attributes }: SpanStart, subject: unknown): Given {
  return typeof attributes === "function" ? attributes(subject as never) : attributes;
}

/** All of those. @internal */
export function attributesOf({ form = null }: SpanStart, given: Given): AttributeList {
  return form === null ? given : form.listOf(given);
}

/** Where spans are made in the place of the tracer: OpenTelemetry. @internal */
export interface SpanSource {
  start(
    start: SpanStart,
    attributes: AttributeList,
    time: number,
  ): { context: LocalContext; mirror: SpanMirror | null };
}
