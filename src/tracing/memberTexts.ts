/*
 * MemberTexts: attributes in a format, as bytes.
 *
 * Strategy: most attributes have one of a few values: the method, the host, the status. Of those the whole member is kept,
 * and copied: to write one character costs several times as much as to copy one. An attribute that is always another
 * one (a path with an id in it) is found out, and written from then on.
 * Limits: what is kept is bounded, whatever somebody makes up; beyond that a member costs more, and looks the same.
 */
import type { AttributeList, AttributeValue } from "./attributes.ts";
import type { TextBytes } from "./textBytes.ts";
import { TextPiece } from "./textPiece.ts";

/** How one attribute is written. @internal */
export interface MemberFormat {
  /** What stands before the value, with a comma first. */
  keyOf(name: string): string;
  /** The value, and what stands behind it. */
  writeValue(bytes: TextBytes, value: AttributeValue): void;
}

/** So many more new values than known ones does an attribute have that is always another one. */
const ALWAYS_NEW = 64;

const MOST_NAMES = 1000;
const MOST_VALUES = 4000;
/** Characters of a name; bytes of a member. */
const LONGEST = 256;

const NOTHING = new TextPiece("");

/** One attribute. */
class MemberText {
  readonly #all: MemberTexts;
  readonly #key: TextPiece;
  /** Null when there is no use in that. */
  #known: Map<AttributeValue, TextPiece> | null = new Map();
  /** How many more were known than not. */
  #gain = 0;
  /** What came last, for most of them come again: to look for a text, even one that is known, takes all of it. */
  #lastString: string | null = null;
  #lastNumber = NaN;
  #lastText: TextPiece = NOTHING;

  constructor(all: MemberTexts, name: string) {
    this.#all = all;
    this.#key = new TextPiece(all.format.keyOf(name));
  }

  write(bytes: TextBytes, value: AttributeValue): void {
    // Asked for by type: to compare what may be anything is a call.
    const isLast =
      typeof value === "string" ? value === this.#lastString : value === this.#lastNumber;
    if (!isLast) return this.#writeOther(bytes, value);
    if (this.#gain < ALWAYS_NEW) this.#gain++;
    bytes.piece(this.#lastText);
  }

  #writeOther(bytes: TextBytes, value: AttributeValue): void {
    const known = this.#known?.get(value);
    if (known === undefined) return this.#writeNew(bytes, value);
    if (this.#gain < ALWAYS_NEW) this.#gain++;
    this.#lastString = typeof value === "string" ? value : null;
    this.#lastNumber = typeof value === "number" ? value : NaN;
    this.#lastText = known;
    bytes.piece(known);
  }

  #writeNew(bytes: TextBytes, value: AttributeValue): void {
    const at = bytes.length;
    bytes.piece(this.#key);
    this.#all.format.writeValue(bytes, value);
    if (this.#known === null) return;
    if (--this.#gain <= -ALWAYS_NEW) this.#forget();
    // An array may be changed by whoever has it; a long text is not likely to come again.
    else if (typeof value !== "object" && bytes.length - at <= LONGEST && this.#all.mayKeep())
      this.#known.set(value, bytes.pieceFrom(at));
  }

  #forget(): void {
    this.#all.released(this.#known?.size ?? 0);
    this.#known = null;
    this.#lastString = null;
    this.#lastNumber = NaN;
  }
}

/** @internal */
export class MemberTexts {
  readonly format: MemberFormat;
  readonly #texts = new Map<string, MemberText>();
  /** Values that are kept, of all attributes. */
  #kept = 0;

  constructor(format: MemberFormat) {
    this.format = format;
  }

  of(name: string): MemberText {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const made = new MemberText(this, name);
    if (this.#texts.size < MOST_NAMES && name.length <= LONGEST) this.#texts.set(name, made);
    return made;
  }

  /** Writes all of a list, but for some. */
  write(bytes: TextBytes, list: AttributeList, leftOut: readonly string[]): void {
    for (let at = 0; at < list.length; at += 2) {
      const value = list[at + 1];
      if (value === undefined || leftOut.includes(list[at] as string)) continue;
      this.of(list[at] as string).write(bytes, value);
    }
  }

  /** Whether one more may be kept. */
  mayKeep(): boolean {
    if (this.#kept >= MOST_VALUES) return false;
    this.#kept++;
    return true;
  }

  /** So many are kept no more. */
  released(count: number): void {
    this.#kept -= count;
  }
}
