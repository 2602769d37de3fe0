/*
 * FinishedSpan: what is known of a span that has ended, and what that is made of.
 *
 * The names and meanings are OpenTelemetry's; times are milliseconds, with a fraction.
 */
import type { Attributes, AttributeValue } from "./attributes.ts";
import type { SpanContext } from "./spanContext.ts";

/** What a span is to the span at the other end (OpenTelemetry's SpanKind). */
export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

/** Whether the work went well: `unset` unless somebody said so. */
export type SpanStatus = "unset" | "ok" | "error";

/** Something that happened at one moment of a span. */
export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since 1970, with a fraction. */
  readonly time: number;
  readonly attributes: Attributes;
}

/** Another span that has to do with it, and is not its parent. */
export interface SpanLink {
  readonly context: SpanContext;
  readonly attributes?: Attributes;
}

/** A span that has ended, as reporters get it. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  /** The id of its parent; null for the first span of a trace. */
  readonly parentId: string | null;
  /** Whether it has its id in common with the span of the caller. */
  readonly shared: boolean;
  /** Milliseconds since 1970, with a fraction. */
  readonly startTime: number;
  /** Milliseconds, with a fraction. */
  readonly duration: number;
  readonly status: SpanStatus;
  readonly statusMessage: string | undefined;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  /** How many attributes, events and links were too many, and not kept. */
  readonly dropped: number;
}

/** Whom a span is handed to when it has ended. @internal */
export interface SpanOwner {
  ended(span: FinishedSpan): void;
}
