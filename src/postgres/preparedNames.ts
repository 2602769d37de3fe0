/*
 * The statements that a server has parsed for one connection, by their text.
 *
 * The ones that were not used for longest are forgotten when there are too many. A name is used once: so a statement that
 * failed before it was parsed, or after, leaves nothing that another could be taken for.
 */

/** @internal */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  readonly #most: number;
  #count = 0;
  #unwanted: string[] = [];

  /** @param most 0 to prepare nothing */
  constructor(most: number) {
    this.#most = most;
  }

  /** The name of a text that is parsed; undefined when it is not. */
  find(text: string): string | undefined {
    const name = this.#names.get(text);
    if (name === undefined) return undefined;
    this.#names.delete(text);
    this.#names.set(text, name);
    return name;
  }

  /** A name for a text that is not; the empty string when nothing is to be prepared. */
  fresh(): string {
    return this.#most === 0 ? "" : `ambit_${++this.#count}`;
  }

  /** It was parsed. */
  keep(text: string, name: string): void {
    if (name === "") return;
    this.#names.set(text, name);
    for (const [old, oldName] of this.#names) {
      if (this.#names.size <= this.#most) break;
      this.#names.delete(old);
      this.#unwanted.push(oldName);
    }
  }

  /** It failed: whether the server knows it, nobody knows. */
  drop(text: string, name: string): void {
    if (name === "") return;
    this.#names.delete(text);
    this.#unwanted.push(name);
  }

  /** The names that the server may forget, once. */
  takeUnwanted(): readonly string[] {
    if (this.#unwanted.length === 0) return NONE;
    const unwanted = this.#unwanted;
    this.#unwanted = [];
    return unwanted;
  }

  get size(): number {
    return this.#names.size;
  }
}

const NONE: readonly string[] = [];
