/*
 * Span: one piece of work of a trace, from its start to its end.
 *
 * Strategy: a span that is not recorded is one of these, too, so that code that has a span need not ask. Its times come
 * from the loop that it was started on: the wall clock is read once per trace and process, and everything after that is
 * measured, so that the spans of a trace fit each other when the system's clock is set.
 * What changes it after its end does nothing.
 */
import { CancelledError, isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import {
  type AttributeList,
  type Attributes,
  type AttributeValue,
  attributeList,
  attributeValue,
  recordOf,
  setIn,
} from "./attributes.ts";
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

/** Who is told of what a span is told. @internal */
export interface SpanMirror {
  setAttribute(name: string, value: AttributeValue): void;
  addEvent(name: string, attributes: Attributes, time: number): void;
  addLink(link: SpanLink): void;
  setStatus(status: SpanStatus, message: string | undefined): void;
  updateName(name: string): void;
  end(time: number): void;
}

/** Whom a span is handed to when it has ended. @internal */
export interface SpanOwner {
  ended(span: Span): void;
}

/** What a span is made with. @internal */
export interface SpanParts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parentId: string | null;
  readonly shared: boolean;
  readonly owner: SpanOwner | null;
  readonly loop: Loop;
  /** What is added to the loop's time to get milliseconds since 1970. */
  readonly epoch: number;
  readonly attributes: AttributeList;
}

/** How many events and links a span keeps, of each (OpenTelemetry's default limits). */
const MOST = 128;

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
export class Span implements FinishedSpan, Disposable {
  /** What of it travels. */
  readonly context: SpanContext;
  readonly kind: SpanKind;
  /** The id of its parent; null for the first span of a trace. */
  readonly parentId: string | null;
  /** Whether it has its id in common with the span of the caller (B3's way, see `joinB3`). */
  readonly shared: boolean;
  /** When it began: milliseconds since 1970, with a fraction. */
  readonly startTime: number;
  /** @internal */
  readonly loop: Loop;
  /** @internal */
  readonly epoch: number;
  /** @internal */
  readonly list: AttributeList;
  /** @internal */
  mirror: SpanMirror | null = null;
  /** Called when it is disposed of. @internal */
  onDispose: (() => void) | null = null;
  #owner: SpanOwner | null;
  #name: string;
  #status: SpanStatus = "unset";
  #message: string | undefined = undefined;
  #events: SpanEvent[] | null = null;
  #links: SpanLink[] | null = null;
  #dropped = 0;
  #duration = -1;

  /** @internal */
  constructor(parts: SpanParts) {
    this.context = parts.context;
    this.kind = parts.kind;
    this.parentId = parts.parentId;
    this.shared = parts.shared;
    this.loop = parts.loop;
    this.epoch = parts.epoch;
    this.startTime = parts.loop.time() + parts.epoch;
    this.list = parts.attributes;
    this.#owner = parts.owner;
    this.#name = parts.name;
  }

  get name(): string {
    return this.#name;
  }

  /** Whether what it is told is kept: it is sampled, and has not ended. */
  get recording(): boolean {
    return this.#owner !== null;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#duration >= 0;
  }

  /** Milliseconds from its start to its end, with a fraction; 0 until it has ended. */
  get duration(): number {
    return Math.max(0, this.#duration);
  }

  get status(): SpanStatus {
    return this.#status;
  }

  /** What was said about an error. */
  get statusMessage(): string | undefined {
    return this.#message;
  }

  get attributes(): Readonly<Record<string, AttributeValue>> {
    return recordOf(this.list);
  }

  get events(): readonly SpanEvent[] {
    return this.#events ?? [];
  }

  get links(): readonly SpanLink[] {
    return this.#links ?? [];
  }

  /** How many attributes, events and links were too many, and not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Sets one attribute, in the place of one of the same name. A span keeps 128 of them.
   * @throws TypeError when the value is no string, number, boolean or array of one of these
   */
  setAttribute(name: string, value: AttributeValue): this {
    if (this.#owner === null) return this;
    this.set(name, attributeValue(name, value));
    return this;
  }

  /**
   * Sets several attributes; what is undefined is left out.
   * @throws TypeError as {@link Span.setAttribute}
   */
  setAttributes(attributes: Attributes): this {
    if (this.#owner === null) return this;
    const list = attributeList("attributes", attributes);
    for (let at = 0; at < list.length; at += 2)
      this.set(list[at] as string, list[at + 1] as AttributeValue);
    return this;
  }

  /** One that was checked. @internal */
  set(name: string, value: AttributeValue): void {
    if (this.#owner === null) return;
    if (!setIn(this.list, name, value)) this.#dropped++;
    this.mirror?.setAttribute(name, value);
  }

  /** One that was checked, and of which there is none yet. @internal */
  add(name: string, value: AttributeValue): void {
    this.list.push(name, value);
    this.mirror?.setAttribute(name, value);
  }

  /** Notes that something happened now. A span keeps 128 events. */
  addEvent(name: string, attributes: Attributes = {}): this {
    if (this.#owner === null) return this;
    const event = {
      name,
      time: this.now(),
      attributes: recordOf(attributeList("attributes", attributes)),
    };
    this.#events ??= [];
    if (this.#events.length >= MOST) this.#dropped++;
    else this.#events.push(event);
    this.mirror?.addEvent(name, event.attributes, event.time);
    return this;
  }

  /** Names another span that has to do with it. A span keeps 128 links. */
  addLink(link: SpanLink): this {
    if (this.#owner === null) return this;
    this.#links ??= [];
    if (this.#links.length >= MOST) this.#dropped++;
    else this.#links.push(link);
    this.mirror?.addLink(link);
    return this;
  }

  /** Notes an error that was thrown, as an event `exception`; the status is not changed. */
  recordException(error: unknown): this {
    if (this.#owner === null) return this;
    const attributes: Record<string, string> = { "exception.type": typeName(error) };
    if (error instanceof Error) {
      attributes["exception.message"] = error.message;
      if (error.stack !== undefined) attributes["exception.stacktrace"] = error.stack;
    } else attributes["exception.message"] = String(error);
    return this.addEvent("exception", attributes);
  }

  /** Says whether the work went well. `ok` stays, whatever is said later. */
  setStatus(status: SpanStatus, message?: string): this {
    if (this.#owner === null || this.#status === "ok" || status === "unset") return this;
    this.#status = status;
    this.#message = status === "error" ? (message ?? this.#message) : undefined;
    this.mirror?.setStatus(status, this.#message);
    return this;
  }

  updateName(name: string): this {
    if (this.#owner === null) return this;
    this.#name = name;
    this.mirror?.updateName(name);
    return this;
  }

  /**
   * Notes what the work threw: a cancel as the attribute `ambit.cancelled`, with its reason, which is no error; anything
   * else as an exception, with the status `error`.
   */
  fail(error: unknown): this {
    if (this.#owner === null) return this;
    if (isCancelled(error)) return this.#cancelled(error);
    this.set("error.type", typeName(error));
    this.recordException(error);
    return this.setStatus("error", error instanceof Error ? error.message : String(error));
  }

  #cancelled(error: unknown): this {
    this.set("ambit.cancelled", true);
    const reason = error instanceof CancelledError ? error.reason : undefined;
    const words = reason instanceof Error ? reason.message : reason;
    if (typeof words === "string") this.set("ambit.cancel.reason", words);
    return this;
  }

  /** Ends it now, and hands it to the reporters. A second call does nothing. */
  end(): void {
    const owner = this.#owner;
    if (this.#duration >= 0) return;
    this.#duration = Math.max(0, this.now() - this.startTime);
    if (owner === null) return;
    this.#owner = null;
    this.mirror?.end(this.startTime + this.#duration);
    owner.ended(this);
  }

  /** Forgets it: nobody is told of it. @internal */
  drop(): void {
    this.#owner = null;
  }

  /** @internal */
  now(): number {
    return this.loop.time() + this.epoch;
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
    return `<Span ${this.#name} ${this.context.spanId} ${state}>`;
  }
}

/** The attributes of any span, as a list. @internal */
export function listOf(span: FinishedSpan): AttributeList {
  return span instanceof Span ? span.list : Object.entries(span.attributes).flat();
}

/**
 * The context of a span of this thread, from which the span is found. A clone in another thread has the fields alone.
 * @internal
 */
export class LocalContext implements SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  #span: Span | null = null;

  constructor(traceId: string, spanId: string, sampled: boolean) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.sampled = sampled;
  }

  /** With what few traces have. */
  static with(context: SpanContext): LocalContext {
    const { traceId, spanId, sampled, debug, traceState } = context;
    const made = new LocalContext(traceId, spanId, sampled);
    if (debug === true) Object.assign(made, { debug });
    return traceState === undefined ? made : Object.assign(made, { traceState });
  }

  static bind(context: LocalContext, span: Span): void {
    context.#span = span;
  }

  static spanOf(context: SpanContext): Span | null {
    return #span in context ? context.#span : null;
  }
}

/** An error's class, as OpenTelemetry's `error.type`. @internal */
export function typeName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return error.name === "" ? "Error" : error.name;
}
