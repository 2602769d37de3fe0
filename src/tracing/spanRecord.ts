/*
 * SpanRecord: what is kept of a span while it lasts, and read when it has ended.
 */
import type { Loop } from "../core/loop.ts";
import { type AttributeList, type AttributeValue, recordOf } from "./attributes.ts";
import type {
  FinishedSpan,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanOwner,
  SpanStatus,
} from "./finishedSpan.ts";
import type { SpanContext } from "./spanContext.ts";
import type { SpanMirror } from "./spanMirror.ts";
import type { SpanNotes } from "./spanNotes.ts";

/** When a span begins. @internal */
export interface SpanClock {
  readonly loop: Loop;
  /** What is added to the loop's time to get milliseconds since 1970: of a parent in this run, the parent's. */
  readonly epoch: number;
  /** By the loop's time. */
  readonly now: number;
}

/** The part of a {@link Span} that is read. */
export abstract class SpanRecord implements FinishedSpan {
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
  /** @internal */
  protected owner: SpanOwner | null;
  /** @internal */
  protected ownName: string;
  /** @internal */
  protected ownStatus: SpanStatus = "unset";
  /** @internal */
  protected message: string | undefined = undefined;
  /** @internal */
  protected notes: SpanNotes | null = null;
  /** @internal */
  protected lost = 0;
  /** @internal */
  protected lasted = -1;

  /** @internal */
  constructor(
    { name, kind }: { readonly name: string; readonly kind: SpanKind },
    attributes: AttributeList,
    context: SpanContext,
    parentId: string | null,
    shared: boolean,
    { loop, epoch, now }: SpanClock,
    owner: SpanOwner | null,
  ) {
    this.context = context;
    this.kind = kind;
    this.parentId = parentId;
    this.shared = shared;
    this.loop = loop;
    this.epoch = epoch;
    this.startTime = now + epoch;
    this.list = attributes;
    this.owner = owner;
    this.ownName = name;
  }

  get name(): string {
    return this.ownName;
  }

  /** Whether what it is told is kept: it is sampled, and has not ended. */
  get recording(): boolean {
    return this.owner !== null;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.lasted >= 0;
  }

  /** Milliseconds from its start to its end, with a fraction; 0 until it has ended. */
  get duration(): number {
    return Math.max(0, this.lasted);
  }

  get status(): SpanStatus {
    return this.ownStatus;
  }

  /** What was said about an error. */
  get statusMessage(): string | undefined {
    return this.message;
  }

  get attributes(): Readonly<Record<string, AttributeValue>> {
    return recordOf(this.list);
  }

  get events(): readonly SpanEvent[] {
    return this.notes?.events ?? [];
  }

  get links(): readonly SpanLink[] {
    return this.notes?.links ?? [];
  }

  /** How many attributes, events and links were too many, and not kept. */
  get dropped(): number {
    return this.lost + (this.notes?.dropped ?? 0);
  }
}

/** The attributes of any span, as a list. @internal */
export function listOf(span: FinishedSpan): AttributeList {
  return span instanceof SpanRecord ? span.list : Object.entries(span.attributes).flat();
}
