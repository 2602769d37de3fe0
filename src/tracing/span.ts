/*
 * Span: one piece of work of a trace, from its start to its end.
 *
 * Strategy: a span that is not recorded is one of these, too, so that code that has a span need not ask. Its times come
 * from the loop that it was started on: the wall clock is read once per trace and process, and everything after that is
 * measured, so that the spans of a trace fit each other when the system's clock is set.
 * What changes it after its end does nothing.
 */
import { isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import {
  type Attributes,
  type AttributeValue,
  attributeList,
  attributeValue,
  recordOf,
} from "./attributes.ts";
import { cancelReason, exceptionAttributes, typeName } from "./exceptions.ts";
import type { SpanLink, SpanStatus } from "./finishedSpan.ts";
import { SpanRecord } from "./spanRecord.ts";
import { SpanNotes } from "./spanNotes.ts";

/**
 * One piece of work of a trace. Made by {@link span}, {@link openSpan} and {@link startSpan}, and for requests and tasks
 * by tracing itself.
 *
 * @example
 * ```ts
 * import { MemoryReporter, openSpan, startTracing } from "ambit/tracing";
 *
 * const reporter = new MemoryReporter();
 * await using tracing = startTracing({ serviceName: "shop", reporters: [reporter] });
 * {
 *   using span = openSpan("price", { attributes: { "shop.items": 3 } });
 *   span.addEvent("discount");
 * }
 * reporter.spans.map(({ name, events }) => [name, events.length]); // => [["price", 1]]
 * await tracing.close();
 * ```
 */
export class Span extends SpanRecord implements Disposable {
  /**
   * Sets one attribute, in the place of one of the same name. A span keeps 128 of them.
   * @throws TypeError when the value is no string, number, boolean or array of one of these
   */
  setAttribute(name: string, value: AttributeValue): this {
    if (this.owner === null) return this;
    this.set(name, attributeValue(name, value));
    return this;
  }

  /**
   * Sets several attributes; what is undefined is left out.
   * @throws TypeError as {@link Span.setAttribute}
   */
  setAttributes(attributes: Attributes): this {
    if (this.owner === null) return this;
    const list = attributeList("attributes", attributes);
    for (let at = 0; at < list.length; at += 2)
      this.set(list[at] as string, list[at + 1] as AttributeValue);
    return this;
  }

  /** One that was checked. @internal */
  set(name: string, value: AttributeValue): void {
    if (this.owner === null) return;
    if (!this.put(name, value)) this.lost++;
    this.mirror?.setAttribute(name, value);
  }

  /** Notes that something happened now. A span keeps 128 events. */
  addEvent(name: string, attributes: Attributes = {}): this {
    if (this.owner === null) return this;
    const event = {
      name,
      time: this.now(),
      attributes: recordOf(attributeList("attributes", attributes)),
    };
    (this.notes ??= new SpanNotes()).addEvent(event);
    this.mirror?.addEvent(name, event.attributes, event.time);
    return this;
  }

  /** Names another span that has to do with it. A span keeps 128 links. */
  addLink(link: SpanLink): this {
    if (this.owner === null) return this;
    (this.notes ??= new SpanNotes()).addLink(link);
    this.mirror?.addLink(link);
    return this;
  }

  /** Notes an error that was thrown, as an event `exception`; the status is not changed. */
  recordException(error: unknown): this {
    if (this.owner === null) return this;
    return this.addEvent("exception", exceptionAttributes(error));
  }

  /** Says whether the work went well. `ok` stays, whatever is said later. */
  setStatus(status: SpanStatus, message?: string): this {
    if (this.owner === null || this.ownStatus === "ok" || status === "unset") return this;
    this.ownStatus = status;
    this.message = status === "error" ? (message ?? this.message) : undefined;
    this.mirror?.setStatus(status, this.message);
    return this;
  }

  updateName(name: string): this {
    if (this.owner === null) return this;
    this.ownName = name;
    this.mirror?.updateName(name);
    return this;
  }

  /**
   * Notes what the work threw: a cancel as the attribute `ambit.cancelled`, with its reason, which is no error; anything
   * else as an exception, with the status `error`.
   */
  fail(error: unknown): this {
    if (this.owner === null) return this;
    if (isCancelled(error)) return this.cancelled(cancelReason(error));
    this.set("error.type", typeName(error));
    this.recordException(error);
    return this.setStatus("error", error instanceof Error ? error.message : String(error));
  }

  /** Notes that the work was cancelled, and why. @internal */
  cancelled(reason: string | null): this {
    this.set("ambit.cancelled", true);
    if (reason !== null) this.set("ambit.cancel.reason", reason);
    return this;
  }

  /** Ends it now, and hands it to the reporters. A second call does nothing. */
  end(): void {
    if (this.lasted < 0) this.endAfter(this.now() - this.startTime);
  }

  /** Ends it so many milliseconds after it began. @internal */
  endAfter(milliseconds: number): void {
    const owner = this.owner;
    if (this.lasted >= 0) return;
    this.lasted = Math.max(0, milliseconds);
    if (owner === null) return;
    this.owner = null;
    this.mirror?.end(this.startTime + this.lasted);
    owner.ended(this);
  }

  /** Forgets it: nobody is told of it. @internal */
  drop(): void {
    this.owner = null;
  }

  /** @internal */
  now(): number {
    return this.clock.loop.time() + this.clock.epoch;
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.onDispose?.();
    this.onDispose = null;
    this.end();
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.ended ? `${this.duration.toFixed(3)} ms` : this.recording ? "open" : "off";
    return `<Span ${this.ownName} ${this.context.spanId} ${state}>`;
  }
}
