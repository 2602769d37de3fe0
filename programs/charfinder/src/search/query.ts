/*
 * A query: what was typed, taken apart into terms, all of which have to hold.
 *
 * Words stand between spaces and hyphens, in any case, as in the names. `fac*` is a word that begins so. `U+1F408` and
 * characters that no name is made of stand for themselves, `block:box-drawing` for the blocks that have these words in
 * their names. One that could be both, such as `4` or `a`, is both.
 */
import { LAST_CODE_POINT } from "../names/codePoint.ts";
import { wordsOf } from "../names/words.ts";

export type Term =
  | { readonly kind: "word"; readonly word: string; readonly whole: boolean }
  /** A word of one letter, or that character itself. */
  | { readonly kind: "either"; readonly word: string; readonly codePoint: number }
  /** Any of those characters. */
  | { readonly kind: "characters"; readonly codePoints: ReadonlySet<number> }
  | { readonly kind: "block"; readonly words: readonly string[] };

/** Punctuation that people put around words, and that no name has; what is not ASCII stands for itself. */
const AROUND = /^[^A-Z0-9]+|[^A-Z0-9*]+$/gi;

/** The terms of a query; none for one that is empty. */
export function termsOf(text: string): Term[] {
  const trimmed = text.trim();
  if (isOne(trimmed)) return [termOfOne(trimmed)];
  const terms: Term[] = [];
  const characters = new Set<number>();
  for (const token of trimmed.split(/\s+/)) addTerms(token, terms, characters);
  if (characters.size > 0) terms.push({ kind: "characters", codePoints: characters });
  return withoutRepeats(terms);
}

function addTerms(token: string, terms: Term[], characters: Set<number>): void {
  const codePoint = codePointOf(token);
  if (codePoint !== undefined) characters.add(codePoint);
  else if (/^block:./i.test(token)) terms.push({ kind: "block", words: blockWords(token) });
  // A pasted text: the characters in it, whatever they are.
  else if (/[^\0-\x7F]/.test(token)) for (const each of token) characters.add(pointOf(each));
  else for (const word of token.split("-")) addWord(word, terms, characters);
}

function addWord(part: string, terms: Term[], characters: Set<number>): void {
  if (part === "") return;
  if (isOne(part)) {
    const term = termOfOne(part);
    if (term.kind === "characters") for (const each of term.codePoints) characters.add(each);
    else terms.push(term);
    return;
  }
  const bare = part.replaceAll(AROUND, "").toUpperCase();
  const whole = !bare.endsWith("*");
  const word = whole ? bare : bare.replace(/\*+$/, "");
  if (word !== "") terms.push({ kind: "word", word, whole });
}

/** A letter or a digit may be a word of a name; anything else of one character is that character. */
function termOfOne(text: string): Term {
  const codePoint = pointOf(text);
  return /^[A-Z0-9]$/i.test(text)
    ? { kind: "either", word: text.toUpperCase(), codePoint }
    : { kind: "characters", codePoints: new Set([codePoint]) };
}

function blockWords(token: string): string[] {
  return wordsOf(token.slice("block:".length).replaceAll("_", "-"));
}

/** `U+1F408`; also `0x1F408` and `\u{1F408}`, as programs have it. */
function codePointOf(token: string): number | undefined {
  const [, digits] = /^(?:U\+|0x|\\u\{?)([0-9A-F]{1,6})\}?$/i.exec(token) ?? [];
  const codePoint = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  return codePoint <= LAST_CODE_POINT ? codePoint : undefined;
}

function isOne(text: string): boolean {
  return text !== "" && String.fromCodePoint(pointOf(text)).length === text.length;
}

function pointOf(text: string): number {
  return text.codePointAt(0) as number;
}

function withoutRepeats(terms: readonly Term[]): Term[] {
  const keys = new Set<string>();
  return terms.filter((term) => {
    const key = JSON.stringify(term);
    return !keys.has(key) && keys.add(key);
  });
}
