/*
 * SpanLooks: a span's text up to the end of its attributes.
 *
 * Strategy: of spans of one name and kind the beginning is the same, and of those of one form most attributes, too: that is
 * one piece of bytes, in which only the ids are put in their places, and behind which stands what differs.
 * Limits: what is kept is bounded, whatever names somebody makes up; beyond that a span costs more, and looks the same.
 */
import type { FinishedSpan, SpanKind } from "./finishedSpan.ts";
import { FormShape } from "./formShape.ts";
import type { Id } from "./ids.ts";
import { LocalContext } from "./localContext.ts";
import { type MemberFormat, MemberTexts } from "./memberTexts.ts";
import { NO_CONTEXT } from "./spanContext.ts";
import type { SpanForm } from "./spanForm.ts";
import { listOf, SpanRecord } from "./spanRecord.ts";
import type { TextBytes } from "./textBytes.ts";
import { TextPiece } from "./textPiece.ts";

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

/** What spans of one name and kind, with ids of these lengths, begin with. */
class Beginning {
  readonly text: TextPiece;
  readonly spanAt: number;

  constructor({ middle }: LookFormat, rest: string, trace: number, span: number) {
    const before = `${BEGINNING}${"0".repeat(trace)}${middle}`;
    this.text = new TextPiece(`${before}${"0".repeat(span)}${rest}`);
    this.spanAt = before.length;
  }
}

/** What spans of one form begin with. */
class FormLook {
  readonly beginning: Beginning;
  readonly all: FormShape;
  /** Without those that are told elsewhere. */
  readonly fewer: FormShape;

  constructor(format: LookFormat, texts: MemberTexts, form: SpanForm) {
    const rest = format.restOf(form.kind, form.name);
    this.beginning = new Beginning(format, rest, TRACE_ID, SPAN_ID);
    const { text } = this.beginning;
    this.all = new FormShape(texts, NONE, text, form);
    this.fewer = new FormShape(texts, format.leftOut, text, form);
  }
}

/** @internal */
export class SpanLooks {
  readonly #format: LookFormat;
  readonly #texts: MemberTexts;
  readonly #named = new Map<string, Beginning[]>();
  /** Who makes forms bounds their number. */
  readonly #formed = new WeakMap<SpanForm, FormLook>();
  #lastForm: SpanForm | null = null;
  #lastLook: FormLook | null = null;

  constructor(format: LookFormat) {
    this.#format = format;
    this.#texts = new MemberTexts(format);
  }

  /**
   * Writes it, each attribute with a comma before it; gives where that of the first one stands.
   * @param fewer whether some of them are told elsewhere
   */
  write(bytes: TextBytes, span: FinishedSpan, fewer: boolean): number {
    const { context } = span;
    const at = bytes.length;
    const formed = this.#formLookOf(span);
    let beginning: Beginning;
    if (formed !== null) {
      ({ beginning } = formed);
      (fewer ? formed.fewer : formed.all).write(bytes, span as SpanRecord);
    } else {
      const { traceId, spanId } = context;
      beginning = this.#beginningOf(span.kind, span.name, traceId.length, spanId.length);
      bytes.piece(beginning.text);
      this.#texts.write(bytes, listOf(span), fewer ? this.#format.leftOut : NONE);
    }
    putId(bytes, at + TRACE_AT, LocalContext.traceOf(context));
    putId(bytes, at + beginning.spanAt, LocalContext.idOf(context));
    return at + beginning.text.length;
  }

  /** Null for what has no form, and for what is not as the most are. */
  #formLookOf(span: FinishedSpan): FormLook | null {
    if (!(span instanceof SpanRecord)) return null;
    const { form, name, context } = span;
    if (form === null || name !== form.name) return null;
    if (context.traceId.length !== TRACE_ID || context.spanId.length !== SPAN_ID) return null;
    if (form === this.#lastForm) return this.#lastLook;
    let look = this.#formed.get(form);
    if (look === undefined)
      this.#formed.set(form, (look = new FormLook(this.#format, this.#texts, form)));
    this.#lastForm = form;
    return (this.#lastLook = look);
  }

  #beginningOf(kind: SpanKind, name: string, trace: number, span: number): Beginning {
    const usual = span === SPAN_ID && (trace === TRACE_ID || trace === SHORT_TRACE_ID);
    const kept = usual ? this.#keptFor(name) : null;
    if (kept === null) return this.#newBeginning(kind, name, trace, span);
    const place = 2 * KIND_NUMBERS[kind] + (trace === TRACE_ID ? 0 : 1);
    return (kept[place] ??= this.#newBeginning(kind, name, trace, span));
  }

  /** Null where there are too many. */
  #keptFor(name: string): Beginning[] | null {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    if (this.#named.size >= MOST_NAMES || name.length > LONGEST_NAME) return null;
    const made: Beginning[] = [];
    this.#named.set(name, made);
    return made;
  }

  #newBeginning(kind: SpanKind, name: string, trace: number, span: number): Beginning {
    return new Beginning(this.#format, this.#format.restOf(kind, name), trace, span);
  }
}

/** What was made in this thread is there as bytes. */
function putId(bytes: TextBytes, at: number, id: Id | string): void {
  if (typeof id === "string") bytes.put(at, id);
  else bytes.putBytes(at, id.digits, id.at, id.text.length);
}

const KIND_NUMBERS: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
