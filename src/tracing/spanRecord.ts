/*
 * SpanRecord: what is kept of a span while it lasts, and read when it has ended.
 */
import type { Loop } from "../core/loop.ts";
import { type AttributeList, type AttributeValue, recordOf, setIn, valueIn } from "./attributes.ts";
import type {
  FinishedSpan,
  SpanEvent,
  SpanKind,
  SpanLink,
  SpanOwner,
  SpanStatus,
} from "./finishedSpan.ts";
import type { SpanContext } from "./spanContext.ts";
import type { PlacedValues, SpanForm } from "./spanForm.ts";
import type { SpanMirror } from "./spanMirror.ts";
import type { SpanNotes } from "./spanNotes.ts";

/** How the times of spans are made: of a loop's, that is, which is measured. @internal */
export interface SpanClock {
  readonly loop: Loop;
  /** What is added to the loop's time to get milliseconds since 1970: of a parent in this run, the parent's. */
  readonly epoch: number;
}

/** What a span is made of. @internal */
export interface SpanSubject {
  readonly name: string;
  readonly kind: SpanKind;
  /** Of its attributes, when it has one. */
  readonly form?: SpanForm | null;
}

const NO_VALUES: PlacedValues = [];
/** Of most spans that have a form: never added to. */
const NO_LIST: AttributeList = [];

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
  readonly clock: SpanClock;
  /** What its attributes have in common with those of others; null when each of them is in its list. @internal */
  form: SpanForm | null;
  /** Those that have a place in its form. @internal */
  values: PlacedValues;
  /** All others. @internal */
  list: AttributeList;
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
    { name, kind, form: given = null }: SpanSubject,
    attributes: AttributeList | PlacedValues,
    context: SpanContext,
    parentId: string | null,
    shared: boolean,
    clock: SpanClock,
    now: number,
    owner: SpanOwner | null,
  ) {
    this.context = context;
    this.kind = kind;
    this.parentId = parentId;
    this.shared = shared;
    this.clock = clock;
    this.startTime = now + clock.epoch;
    // What is not recorded keeps nothing.
    const form = owner === null ? null : given;
    this.form = form;
    this.values = form === null ? NO_VALUES : attributes;
    this.list = form === null ? attributes : NO_LIST;
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
    return recordOf(this.allAttributes());
  }

  /** @internal */
  allAttributes(): AttributeList {
    return this.form === null ? this.list : [...this.form.listOf(this.values), ...this.list];
  }

  /** One of its attributes. @internal */
  attribute(name: string): AttributeValue | undefined {
    return this.form?.valueOf(name, this.values) ?? valueIn(this.list, name);
  }

  /** Sets one; false when there are too many. @internal */
  protected put(name: string, value: AttributeValue): boolean {
    const { form } = this;
    if (form === null) return setIn(this.list, name, value);
    const place = form.placeOf(name);
    if (place === null) {
      // With another value than the others it has the form no more.
      if (form.isSteady(name)) this.#leaveForm();
      if (this.list === NO_LIST) this.list = [];
      return setIn(this.list, name, value, this.form === null ? 0 : form.size);
    }
    this.values[place] = value;
    return true;
  }

  #leaveForm(): void {
    this.list = this.allAttributes();
    this.form = null;
    this.values = NO_VALUES;
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
  return span instanceof SpanRecord ? span.allAttributes() : Object.entries(span.attributes).flat();
}

/** One attribute of any span. @internal */
export function attributeOf(span: FinishedSpan, name: string): AttributeValue | undefined {
  return span instanceof SpanRecord ? span.attribute(name) : span.attributes[name];
}
