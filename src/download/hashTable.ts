/*
 * A set of strings, or a map from strings to numbers, that keeps no string: 64 bits of hash stand for
 * each.
 *
 * Why: a list may have millions of items, and what has to be known of each (its name is taken, its
 * line in the journal) is known in 8 or 16 bytes and no object. The hash is keyed at random, so that
 * nobody can prepare two names with the same one; that two of a million have the same by chance has
 * a likelihood of 1 to 37 million.
 * Strategy: open addressing, at most two thirds full; nothing is ever taken out.
 */
import { randomInt } from "node:crypto";

const FIRST_SIZE = 1024;

/** @internal */
export class HashTable {
  readonly #seed: number = randomInt(2 ** 32);
  #high: Uint32Array = new Uint32Array(FIRST_SIZE);
  #low: Uint32Array = new Uint32Array(FIRST_SIZE);
  #values: Float64Array | null;
  #size = 0;
  #hashHigh = 0;
  #hashLow = 0;

  /** @param valued whether it is a map */
  constructor(valued = false) {
    this.#values = valued ? new Float64Array(FIRST_SIZE) : null;
  }

  get size(): number {
    return this.#size;
  }

  has(text: string): boolean {
    this.#hash(text);
    return this.#low[this.#slot()] !== 0;
  }

  /** Adds it; false when it was there already. */
  add(text: string): boolean {
    this.#hash(text);
    const slot = this.#slot();
    if (this.#low[slot] !== 0) return false;
    this.#fill(slot);
    if (++this.#size * 3 > this.#low.length * 2) this.#grow();
    return true;
  }

  /** What it leads to, or undefined. */
  get(text: string): number | undefined {
    this.#hash(text);
    const slot = this.#slot();
    return this.#low[slot] === 0 ? undefined : this.#values?.[slot];
  }

  /** Sets what it leads to; gives what it led to before. */
  set(text: string, value: number): number | undefined {
    const before = this.get(text);
    const slot = this.#slot();
    this.#fill(slot);
    (this.#values as Float64Array)[slot] = value;
    if (before === undefined && ++this.#size * 3 > this.#low.length * 2) this.#grow();
    return before;
  }

  #fill(slot: number): void {
    this.#high[slot] = this.#hashHigh;
    this.#low[slot] = this.#hashLow;
  }

  /** Where the hash at hand is, or may go. */
  #slot(): number {
    const mask = this.#low.length - 1;
    let slot = this.#hashHigh & mask;
    while (this.#low[slot] !== 0) {
      if (this.#low[slot] === this.#hashLow && this.#high[slot] === this.#hashHigh) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const [high, low, values] = [this.#high, this.#low, this.#values];
    this.#high = new Uint32Array(high.length * 2);
    this.#low = new Uint32Array(high.length * 2);
    if (values !== null) this.#values = new Float64Array(high.length * 2);
    for (let i = 0; i < low.length; i++) {
      if (low[i] === 0) continue;
      this.#hashHigh = high[i] as number;
      this.#hashLow = low[i] as number;
      const slot = this.#slot();
      this.#fill(slot);
      if (values !== null) (this.#values as Float64Array)[slot] = values[i] as number;
    }
  }

  /** Two lanes of 32 bits, each mixed at every character and once more at the end (as in murmur3). */
  #hash(text: string): void {
    let a = 0xdeadbeef ^ this.#seed;
    let b = 0x41c6ce57 ^ Math.imul(this.#seed, 0x9e3779b1);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 0x9e3779b1);
      b = Math.imul(b ^ code, 0x5f356495);
      a ^= a >>> 15;
      b ^= b >>> 13;
    }
    a = mixed(a ^ Math.imul(b, 0x85ebca6b));
    b = mixed(b ^ Math.imul(a, 0xc2b2ae35));
    this.#hashHigh = a;
    // A low half of 0 marks an empty slot.
    this.#hashLow = b === 0 ? 1 : b;
  }
}

function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
