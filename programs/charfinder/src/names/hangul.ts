/*
 * The names of Hangul syllables, which are put together from those of their letters (The Unicode Standard, section 3.12
 * and rule NR1 of section 4.8).
 *
 * A syllable is a leading consonant, a vowel and perhaps a trailing consonant; the 11,172 of them stand in that order, so
 * the start of a name stands for a range, and none of the names has to be kept.
 */
import type { Span } from "./span.ts";

// The short names of Jamo.txt; the silent leading consonant has none, and no trailing consonant is the first of those.
const LEADS = "G GG N D DD R M B BB S SS  J JJ C K T P H".split(" ");
const VOWELS = "A AE YA YAE EO E YEO YE O WA WAE OE YO U WEO WE WI YU EU YI I".split(" ");
const TRAILS = " G GG GS N NJ NH D L LG LM LB LS LT LP LH M B BS S SS NG J C K T P H".split(" ");

const FIRST = 0xac00;
const PER_VOWEL = TRAILS.length;
const PER_LEAD = VOWELS.length * PER_VOWEL;

/** All of them. */
export const hangulSyllables: Span = [FIRST, FIRST + LEADS.length * PER_LEAD - 1];

/** The last word of a syllable's name: `GAG` of HANGUL SYLLABLE GAG. */
export function syllableName(codePoint: number): string {
  const at = codePoint - FIRST;
  const lead = LEADS[Math.floor(at / PER_LEAD)] ?? "";
  const vowel = VOWELS[Math.floor((at % PER_LEAD) / PER_VOWEL)] ?? "";
  return lead + vowel + (TRAILS[at % PER_VOWEL] ?? "");
}

/** The syllables whose name begins with that, or is that; in order. */
export function syllablesNamed(text: string, whole: boolean): Span[] {
  const found: Span[] = [];
  LEADS.forEach((lead, at) => {
    const first = FIRST + at * PER_LEAD;
    if (!whole && lead.startsWith(text)) found.push([first, first + PER_LEAD - 1]);
    else if (text.startsWith(lead)) addVowels(found, first, text.slice(lead.length), whole);
  });
  return found;
}

function addVowels(found: Span[], lead: number, text: string, whole: boolean): void {
  VOWELS.forEach((vowel, at) => {
    const first = lead + at * PER_VOWEL;
    if (!whole && vowel.startsWith(text)) found.push([first, first + PER_VOWEL - 1]);
    else if (text.startsWith(vowel)) addTrails(found, first, text.slice(vowel.length), whole);
  });
}

function addTrails(found: Span[], vowel: number, text: string, whole: boolean): void {
  TRAILS.forEach((trail, at) => {
    if (whole ? trail === text : trail.startsWith(text)) found.push([vowel + at, vowel + at]);
  });
}
