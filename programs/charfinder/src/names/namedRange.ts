/*
 * Ranges of characters whose names follow from a rule, and are kept nowhere (The Unicode Standard, section 4.8): a
 * prefix and the code point (`CJK UNIFIED IDEOGRAPH-4E00`), or a prefix and a syllable (`HANGUL SYLLABLE GAG`).
 *
 * What a rule can be asked: the name of a code point, and the code points whose name has a word.
 */
import { codePointOfHex, hexOf, LAST_CODE_POINT } from "./codePoint.ts";
import { syllableName, syllablesNamed } from "./hangul.ts";
import { commonSpans, type Span } from "./span.ts";
import { wordsOf } from "./words.ts";

/** A range as it is kept: plain data. */
export interface RangeRule {
  /** Ends with the hyphen or the space before the part that differs. */
  readonly prefix: string;
  readonly kind: "hex" | "hangul";
  readonly span: Span;
}

/** The prefixes that stand in a table of the standard and not in the data (Table 4-8). */
const PREFIXES: readonly [label: RegExp, prefix: string][] = [
  [/^CJK Ideograph/, "CJK UNIFIED IDEOGRAPH-"],
  [/^Tangut Ideograph/, "TANGUT IDEOGRAPH-"],
  [/^Jurchen Character/, "JURCHEN CHARACTER-"],
  [/^Seal Character/, "SMALL SEAL CHARACTER-"],
];

/** The rule that UnicodeData.txt's label of a range stands for; undefined when it names no characters. */
export function ruleOfLabel(label: string): Omit<RangeRule, "span"> | undefined {
  if (label === "Hangul Syllable") return { prefix: "HANGUL SYLLABLE ", kind: "hangul" };
  const found = PREFIXES.find(([pattern]) => pattern.test(label));
  return found && { prefix: found[1], kind: "hex" };
}

/** A range of characters that are named by a rule. */
export class NamedRange {
  readonly span: Span;
  readonly #prefix: string;
  readonly #words: readonly string[];
  readonly #hangul: boolean;

  constructor({ prefix, kind, span }: RangeRule) {
    this.span = span;
    this.#prefix = prefix;
    this.#words = wordsOf(prefix);
    this.#hangul = kind === "hangul";
  }

  /** The name of one of its code points. */
  nameOf(codePoint: number): string {
    return this.#prefix + (this.#hangul ? syllableName(codePoint) : hexOf(codePoint));
  }

  /** The code points whose name has that word, or one that begins so. */
  named(word: string, whole: boolean): readonly Span[] {
    if (this.#words.some((each) => (whole ? each === word : each.startsWith(word))))
      return [this.span];
    const found = this.#hangul ? syllablesNamed(word, whole) : spansOfHex(word, whole);
    return commonSpans(found, [this.span]);
  }
}

/** The code points that are written so, or so at their beginning; in order. */
function spansOfHex(text: string, whole: boolean): Span[] {
  if (whole) {
    const codePoint = codePointOfHex(text);
    return codePoint === undefined ? [] : [[codePoint, codePoint]];
  }
  if (!/^[0-9A-F]{1,6}$/.test(text)) return [];
  return [4, 5, 6].flatMap((length) => spansOfLength(text, length));
}

/** Only four digits may begin with a zero. */
function spansOfLength(text: string, length: number): Span[] {
  if (text.length > length || (length > 4 && text.startsWith("0"))) return [];
  const first = Number.parseInt(text.padEnd(length, "0"), 16);
  const last = Number.parseInt(text.padEnd(length, "F"), 16);
  return first > LAST_CODE_POINT ? [] : [[first, Math.min(last, LAST_CODE_POINT)]];
}
