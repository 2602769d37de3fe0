/*
 * What a span is started with, and where spans come from when the tracer does not make them itself.
 */
import type { AttributeList } from "./attributes.ts";
import type { Decision } from "./b3.ts";
import type { SpanKind, SpanLink } from "./finishedSpan.ts";
import type { LocalContext } from "./localContext.ts";
import type { RemoteContext, SpanContext } from "./spanContext.ts";
import type { SpanMirror } from "./spanMirror.ts";

/** What a span is started with. @internal */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: AttributeList;
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

/** Where spans are made in the place of the tracer: OpenTelemetry. @internal */
export interface SpanSource {
  start(start: SpanStart, time: number): { context: LocalContext; mirror: SpanMirror | null };
}
