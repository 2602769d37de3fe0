/*
 * CharacterIndex: finds characters by the words of their names, and knows the name of each.
 *
 * Strategy: each term of a query gives a list of entries; what is in all lists is found. The ranges that are named by a
 * rule are asked term by term, too, and answer with ranges: what is found there is never written out.
 */
import type { Alias } from "../names/alias.ts";
import { hexOf, LAST_CODE_POINT, notationOf } from "../names/codePoint.ts";
import type { Category } from "../names/category.ts";
import { NamedRange } from "../names/namedRange.ts";
import { commonSpans, type Span, spanAt } from "../names/span.ts";
import { wordsOf } from "../names/words.ts";
import type { Character } from "./character.ts";
import { Dictionary } from "./dictionary.ts";
import type { IndexTables } from "./indexTables.ts";
import { Matches } from "./matches.ts";
import { inAll, inEither, placeOf } from "./numberList.ts";
import { type Term, termsOf } from "./query.ts";

/** All characters, and the words of their names. */
export class CharacterIndex {
  /** Of the standard: `18.0.0`. */
  readonly version: string;
  /** How many characters are assigned. */
  readonly assigned: number;
  readonly #tables: IndexTables;
  readonly #dictionary: Dictionary;
  readonly #ranges: readonly NamedRange[];
  readonly #spans: readonly Span[];
  readonly #aliases: ReadonlyMap<number, readonly Alias[]>;
  #blockWords: readonly (readonly string[])[] | null = null;
  readonly #categories: [Category, readonly Span[]][];

  constructor(tables: IndexTables) {
    const { version, assigned, ranges, aliases, categories } = tables.details;
    this.version = version;
    this.assigned = assigned;
    this.#tables = tables;
    this.#dictionary = new Dictionary(tables);
    this.#ranges = ranges.map((rule) => new NamedRange(rule));
    this.#spans = ranges.map(({ span }) => span);
    this.#aliases = new Map(aliases);
    this.#categories = Object.entries(categories) as [Category, readonly Span[]][];
  }

  /** What it holds, for those who want to know. */
  get statistics(): { entries: number; words: number; ranges: number } {
    const { codePoints } = this.#tables;
    return {
      entries: codePoints.length,
      words: this.#dictionary.size,
      ranges: this.#ranges.length,
    };
  }

  /** The characters that have all that the query asks for. */
  find(query: string): Matches {
    const terms = termsOf(query);
    if (terms.length === 0) return new Matches(new Uint32Array(0), []);
    const { codePoints } = this.#tables;
    const entries = inAll(terms.map((term) => this.#entriesFor(term)));
    const singles = entries.map((entry) => codePoints[entry] as number);
    const ranges = this.#ranges.flatMap((range) => this.#inRange(range, terms));
    return new Matches(singles, inOrder([...ranges, ...this.#withoutName(terms)]));
  }

  /** What is known of a code point. */
  character(codePoint: number): Character {
    const aliases = this.#aliases.get(codePoint) ?? [];
    const category = this.#categoryOf(codePoint);
    return {
      codePoint,
      notation: notationOf(codePoint),
      name: this.nameOf(codePoint) || aliases[0]?.[1] || labelOf(codePoint, category),
      aliases,
      block: this.#blockOf(codePoint),
      category,
    };
  }

  /** The name that the standard gives to a character; empty when it has none. */
  nameOf(codePoint: number): string {
    const { nameStarts, names } = this.#tables;
    const entry = this.#entryOf(codePoint);
    if (entry !== undefined)
      return names.toString("latin1", nameStarts[entry], nameStarts[entry + 1]);
    const at = spanAt(this.#spans, codePoint);
    return this.#ranges[at]?.nameOf(codePoint) ?? "";
  }

  #entryOf(codePoint: number): number | undefined {
    const { codePoints } = this.#tables;
    const entry = placeOf(codePoints, codePoint);
    return codePoints[entry] === codePoint ? entry : undefined;
  }

  #entriesFor(term: Term): Uint32Array {
    switch (term.kind) {
      case "word":
        return term.whole
          ? this.#dictionary.withWord(term.word)
          : this.#dictionary.withPrefix(term.word);
      case "either":
        return inEither(this.#dictionary.withWord(term.word), this.#entriesOf([term.codePoint]));
      case "characters":
        return this.#entriesOf(term.codePoints);
      case "block":
        return this.#entriesIn(this.#blocksWith(term.words));
    }
  }

  #entriesOf(codePoints: Iterable<number>): Uint32Array {
    const entries = [...codePoints].map((codePoint) => this.#entryOf(codePoint));
    return Uint32Array.from(entries.filter((entry) => entry !== undefined)).sort();
  }

  #entriesIn(spans: readonly Span[]): Uint32Array {
    const { codePoints } = this.#tables;
    const entries: number[] = [];
    for (const [first, last] of spans) {
      const end = placeOf(codePoints, last + 1);
      for (let entry = placeOf(codePoints, first); entry < end; entry++) entries.push(entry);
    }
    return Uint32Array.from(entries);
  }

  /** What of a range has all that is asked for. */
  #inRange(range: NamedRange, terms: readonly Term[]): readonly Span[] {
    let found: readonly Span[] = [range.span];
    for (const term of terms) {
      found = commonSpans(found, this.#spansFor(range, term));
      if (found.length === 0) break;
    }
    return found;
  }

  #spansFor(range: NamedRange, term: Term): readonly Span[] {
    switch (term.kind) {
      case "word":
        return range.named(term.word, term.whole);
      case "either":
        return range.named(term.word, true);
      case "characters":
        return spansOf(term.codePoints);
      case "block":
        return this.#blocksWith(term.words);
    }
  }

  /** Code points without a name are found by themselves only. */
  #withoutName(terms: readonly Term[]): Span[] {
    const [term, ...others] = terms;
    if (term?.kind !== "characters" || others.length > 0) return [];
    const isBare = (codePoint: number) =>
      this.#entryOf(codePoint) === undefined && spanAt(this.#spans, codePoint) === -1;
    return spansOf([...term.codePoints].filter(isBare));
  }

  #blocksWith(words: readonly string[]): Span[] {
    const { blocks } = this.#tables.details;
    this.#blockWords ??= blocks.map(([, , name]) => wordsOf(name));
    const all = this.#blockWords;
    const found = blocks.filter((_, at) => words.every((word) => all[at]?.includes(word)));
    return found.map(([first, last]) => [first, last]);
  }

  #blockOf(codePoint: number): string | null {
    const { blocks } = this.#tables.details;
    return blocks[spanAt(blocks, codePoint)]?.[2] ?? null;
  }

  #categoryOf(codePoint: number): Category {
    const found = this.#categories.find(([, spans]) => spanAt(spans, codePoint) !== -1);
    return found?.[0] ?? "graphic";
  }
}

/** The label of a code point that has no name (section 4.8): `<reserved-0378>`. */
function labelOf(codePoint: number, category: Category): string {
  const isNoncharacter =
    (codePoint & 0xfffe) === 0xfffe || (codePoint >= 0xfdd0 && codePoint <= 0xfdef);
  const unassigned = isNoncharacter ? "noncharacter" : "reserved";
  const kind = category === "unassigned" ? unassigned : category.replace(" ", "-");
  return `<${kind}-${hexOf(Math.min(codePoint, LAST_CODE_POINT))}>`;
}

function spansOf(codePoints: Iterable<number>): Span[] {
  return inOrder([...codePoints].map((codePoint) => [codePoint, codePoint] as const));
}

function inOrder(spans: Span[]): Span[] {
  return spans.sort(([one], [other]) => one - other);
}
