/*
 * SpanNotes: the events and links of a span, which few spans have.
 *
 * Strategy: a span makes this with its first event or link, so the others pay for one empty field.
 */
import type { SpanEvent, SpanLink } from "./finishedSpan.ts";

/** How many of each are kept (OpenTelemetry's default limits). */
const MOST = 128;

/** @internal */
export class SpanNotes {
  readonly events: SpanEvent[] = [];
  readonly links: SpanLink[] = [];
  /** How many were too many. */
  dropped = 0;

  addEvent(event: SpanEvent): void {
    if (this.events.length < MOST) this.events.push(event);
    else this.dropped++;
  }

  addLink(link: SpanLink): void {
    if (this.links.length < MOST) this.links.push(link);
    else this.dropped++;
  }
}
