/*
 * SpanMirror: another span that is told whatever a span is told.
 */
import type { Attributes, AttributeValue } from "./attributes.ts";
import type { SpanLink, SpanStatus } from "./finishedSpan.ts";

/** Who is told of what a span is told. @internal */
export interface SpanMirror {
  setAttribute(name: string, value: AttributeValue): void;
  addEvent(name: string, attributes: Attributes, time: number): void;
  addLink(link: SpanLink): void;
  setStatus(status: SpanStatus, message: string | undefined): void;
  updateName(name: string): void;
  end(time: number): void;
}
