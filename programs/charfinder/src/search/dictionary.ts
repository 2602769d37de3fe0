/*
 * Dictionary: the words of all names, in order, each with the numbers of the entries that have it.
 */
import type { IndexTables } from "./indexTables.ts";

/** Finds the entries that have a word, or a word that begins so. */
export class Dictionary {
  readonly #words: readonly string[];
  readonly #starts: Uint32Array;
  readonly #postings: Uint32Array;
  readonly #entries: number;

  constructor({ words, postingStarts, postings, codePoints }: IndexTables) {
    this.#words = words.toString("latin1").split("\n");
    this.#starts = postingStarts;
    this.#postings = postings;
    this.#entries = codePoints.length;
  }

  get size(): number {
    return this.#words.length;
  }

  /** The entries that have the word; in order, not to be changed. */
  withWord(word: string): Uint32Array {
    const at = this.#placeOf(word);
    return this.#words[at] === word ? this.#listsOf(at, at + 1) : NONE;
  }

  /** The entries that have a word which begins so; in order. */
  withPrefix(prefix: string): Uint32Array {
    const from = this.#placeOf(prefix);
    // No word has anything above ASCII.
    const to = this.#placeOf(`${prefix}\u{ff}`);
    if (to - from < 2) return this.#listsOf(from, to);
    return this.#inOrder(this.#listsOf(from, to));
  }

  /** Lists of several words hold some twice, and not in order: a mark for each entry puts that right in one go. */
  #inOrder(numbers: Uint32Array): Uint32Array {
    const marks = new Uint8Array(this.#entries);
    let count = 0;
    for (const number of numbers) {
      if (marks[number] !== 0) continue;
      marks[number] = 1;
      count++;
    }
    const found = new Uint32Array(count);
    let at = 0;
    for (let number = 0; at < count; number++) if (marks[number] === 1) found[at++] = number;
    return found;
  }

  #listsOf(from: number, to: number): Uint32Array {
    return this.#postings.subarray(this.#starts[from], this.#starts[to]);
  }

  /** The place of the first word that does not stand before `text`. */
  #placeOf(text: string): number {
    let low = 0;
    let high = this.#words.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#words[middle] as string) < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const NONE = new Uint32Array(0);
