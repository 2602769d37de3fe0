/*
 * The index as it lies in memory and in its file: a few typed arrays, two texts and a little plain data.
 *
 * An entry is a character whose name is written down; entries are numbered in the order of their code points. A posting
 * list holds, for a word, the numbers of the entries that have it, in order. Characters that are named by a rule are not
 * in here: there are a hundred and forty thousand of them, in some dozen ranges.
 */
import type { Alias } from "../names/alias.ts";
import type { Block } from "../names/block.ts";
import type { RangeRule } from "../names/namedRange.ts";
import type { Span } from "../names/span.ts";

export interface IndexTables {
  /** The code point of each entry. */
  readonly codePoints: Uint32Array;
  /** Where the name of each entry begins in `names`, and where the last one ends. */
  readonly nameStarts: Uint32Array;
  /** Where the posting list of each word begins in `postings`, and where the last one ends. */
  readonly postingStarts: Uint32Array;
  readonly postings: Uint32Array;
  /** All names, one after the other, in ASCII. */
  readonly names: Buffer;
  /** All words, in order, a line each, in ASCII. */
  readonly words: Buffer;
  readonly details: IndexDetails;
}

/** What is small. */
export interface IndexDetails {
  /** Of the standard. */
  readonly version: string;
  /** How many characters are assigned, controls included; private use and surrogates are none. */
  readonly assigned: number;
  readonly ranges: readonly RangeRule[];
  readonly blocks: readonly Block[];
  readonly aliases: readonly (readonly [codePoint: number, aliases: readonly Alias[]])[];
  /** By category, in order. */
  readonly categories: Readonly<Record<string, readonly Span[]>>;
}
