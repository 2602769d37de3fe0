/*
 * Which files the run has to do with: no two items may have the same.
 *
 * Strategy: each path is kept as a hash, so that a list of millions needs no more than some bytes for
 * each. On a file system that takes `A` and `a` for one, so does this; Unicode's two ways to write an
 * accented letter are one everywhere. `a` and `a.part` are in each other's way, too: the one is
 * written under the other's name.
 */
import { HashTable } from "./hashTable.ts";

/** What is appended to a file's name while it is not complete. @internal */
export const PART = ".part";

/** @internal */
export class Reservations {
  readonly #taken = new HashTable();
  readonly #ignoreCase: boolean;

  constructor(ignoreCase: boolean) {
    this.#ignoreCase = ignoreCase;
  }

  /** Reserves a path below the folder; false when another one is in the way. */
  take(path: string): boolean {
    const key = this.#key(path);
    if (this.#taken.has(key + PART)) return false;
    if (key.endsWith(PART) && this.#taken.has(key.slice(0, -PART.length))) return false;
    return this.#taken.add(key);
  }

  #key(path: string): string {
    const one = path.normalize("NFC");
    return this.#ignoreCase ? one.toLowerCase() : one;
  }
}
