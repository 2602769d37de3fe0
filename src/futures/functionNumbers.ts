/*
 * The functions that a worker knows: it is told where one is once, and then by its number.
 */
import type { Link } from "./link.ts";
import type { Reference } from "./reference.ts";

/** @internal */
export class FunctionNumbers {
  readonly #link: Link;
  /** By module and name. */
  readonly #byName = new Map<string, number>();
  /** The same, by what is at hand. */
  readonly #byReference = new WeakMap<Reference, number>();
  /** The one that was asked for last, which is asked for next as well, most of the time. */
  #reference: Reference | null = null;
  #number = 0;

  constructor(link: Link) {
    this.#link = link;
  }

  of(reference: Reference): number {
    if (reference === this.#reference) return this.#number;
    this.#number = this.#byReference.get(reference) ?? this.#give(reference);
    this.#reference = reference;
    return this.#number;
  }

  #give(reference: Reference): number {
    const { url, name } = reference;
    const key = `${url}#${name}`;
    const before = this.#byName.get(key);
    const number = before ?? this.#byName.size;
    this.#byReference.set(reference, number);
    if (before !== undefined) return before;
    this.#byName.set(key, number);
    this.#link.send({ define: number, reference: { url, name } }, []);
    return number;
  }
}
