/*
 * ExpiringMap: a map of bounded size whose entries end, without a timer.
 *
 * Strategy: entries stand in the order of their last use. Each `set` looks at two more of them, in a circle, and drops
 * what has expired: so a map never holds much more than what lives, and no single call does much. When it is full, who
 * was not used for the longest goes. Time is given by the caller.
 */

interface Entry<V> {
  value: V;
  /** On the caller's clock. */
  until: number;
}

/** How many entries each `set` looks at: one would only just keep up with what is added. */
const LOOKS = 2;

/** @internal */
export class ExpiringMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #limit: number;
  #circle: MapIterator<[string, Entry<V>]> | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many it holds, some of which may have expired. */
  get size(): number {
    return this.#entries.size;
  }

  get(key: string, now: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= now) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, until: number, now: number): void {
    this.#sweep(now);
    this.#entries.delete(key);
    this.#entries.set(key, { value, until });
    if (this.#entries.size > this.#limit)
      this.#entries.delete(this.#entries.keys().next().value as string);
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  #sweep(now: number): void {
    for (let looks = 0; looks < LOOKS; looks++) {
      this.#circle ??= this.#entries.entries();
      const { done, value } = this.#circle.next();
      if (done === true) this.#circle = null;
      else if (value[1].until <= now) this.#entries.delete(value[0]);
    }
  }
}
