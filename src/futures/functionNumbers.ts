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

  constructor(link: Link) {
    this.#link = link;
  }

  of(reference: Reference): number {
    const known = this.#byReference.get(reference);
    if (known !== undefined) return known;
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
