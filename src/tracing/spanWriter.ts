/*
 * SpanWriter: how spans become bytes, one by one, of which a body for the server is made.
 */
import type { FinishedSpan } from "./finishedSpan.ts";
import type { Resource } from "./reporter.ts";
import type { TextBytes } from "./textBytes.ts";

/** @internal */
export interface SpanWriter {
  /** What stands before the spans of a body, between which are commas, and what behind them. */
  readonly head: string;
  readonly tail: string;
  write(bytes: TextBytes, span: FinishedSpan): void;
}

/** Makes what writes the spans of that program. @internal */
export type SpanFormat = (resource: Resource) => SpanWriter;
