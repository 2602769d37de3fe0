/*
 * SpanLooks: a span's text up to the end of its attributes.
 *
 * Strategy: of spans of one name and kind nearly all of that is the same, so it is one piece of bytes, in which only the
 * ids are put in their places, and behind which stands what differs (SpanShape). A call for each member would cost
 * several times as much as the members.
 * Limits: what is kept is bounded, whatever names somebody makes up; beyond that a span costs more, and looks the same.
 */
import type { AttributeList } from "./attributes.ts";
import type { FinishedSpan, SpanKind } from "./finishedSpan.ts";
import { MemberKeys, type MemberFormat, SpanShape } from "./spanShape.ts";
import { NO_CONTEXT } from "./spanContext.ts";
import type { TextBytes } from "./textBytes.ts";

/** How spans begin. @internal */
export interface LookFormat extends MemberFormat {
  /** Between the ids of the trace and of the span. */
  readonly middle: string;
  /** From behind the ids to before the attributes. */
  restOf(kind: SpanKind, name: string): string;
  /** Attributes that some spans tell elsewhere. */
  readonly leftOut: readonly string[];
}

const MOST_NAMES = 1000;
const LONGEST_NAME = 256;

const BEGINNING = '{"traceId":"';
const TRACE_AT = BEGINNING.length;

/** The usual lengths of ids, and that of a trace's in B3 (64 bits of it). */
const TRACE_ID = NO_CONTEXT.traceId.length;
const SPAN_ID = NO_CONTEXT.spanId.length;
const SHORT_TRACE_ID = 16;

const NONE: readonly string[] = [];

/** What spans of one name and kind, with ids of these lengths, have in common. */
class Look {
  readonly spanAt: number;
  /** Where the attributes begin. */
  readonly length: number;
  readonly all: SpanShape;
  /** Without those that are told elsewhere. */
  readonly fewer: SpanShape;

  constructor(format: LookFormat, keys: MemberKeys, rest: string, trace: number, span: number) {
    const before = `${BEGINNING}${"0".repeat(trace)}${format.middle}`;
    const bytes = Buffer.from(`${before}${"0".repeat(span)}${rest}`);
    this.spanAt = before.length;
    this.length = bytes.length;
    this.all = new SpanShape(keys, NONE, bytes);
    this.fewer = new SpanShape(keys, format.leftOut, bytes);
  }
}

/** @internal */
export class SpanLooks {
  readonly #format: LookFormat;
  readonly #keys: MemberKeys;
  readonly #looks = new Map<string, Look[]>();

  constructor(format: LookFormat) {
    this.#format = format;
    this.#keys = new MemberKeys(format);
  }

  /**
   * Writes it, each attribute with a comma before it; gives where that of the first one stands.
   * @param list its attributes
   * @param fewer whether some of them are told elsewhere
   */
  write(bytes: TextBytes, span: FinishedSpan, list: AttributeList, fewer: boolean): number {
    const { traceId, spanId } = span.context;
    const look = this.#lookOf(span.kind, span.name, traceId.length, spanId.length);
    const at = bytes.length;
    (fewer ? look.fewer : look.all).write(bytes, list);
    bytes.put(at + TRACE_AT, traceId);
    bytes.put(at + look.spanAt, spanId);
    return at + look.length;
  }

  #lookOf(kind: SpanKind, name: string, trace: number, span: number): Look {
    const usual = span === SPAN_ID && (trace === TRACE_ID || trace === SHORT_TRACE_ID);
    const kept = usual ? this.#keptFor(name) : null;
    if (kept === null) return this.#newLook(kind, name, trace, span);
    const place = 2 * KIND_NUMBERS[kind] + (trace === TRACE_ID ? 0 : 1);
    return (kept[place] ??= this.#newLook(kind, name, trace, span));
  }

  /** Null where there are too many. */
  #keptFor(name: string): Look[] | null {
    const known = this.#looks.get(name);
    if (known !== undefined) return known;
    if (this.#looks.size >= MOST_NAMES || name.length > LONGEST_NAME) return null;
    const made: Look[] = [];
    this.#looks.set(name, made);
    return made;
  }

  #newLook(kind: SpanKind, name: string, trace: number, span: number): Look {
    return new Look(this.#format, this.#keys, this.#format.restOf(kind, name), trace, span);
  }
}

const KIND_NUMBERS: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
