/*
 * First in, first out, in an array that is used as a ring.
 *
 * Strategy: a power of two of slots, so that an index wraps by a mask; doubled when full. Adding
 * and taking are O(1); `Array.shift` is not, beyond some 50,000 items. Slots are cleared as items
 * leave. A ring that was large and is empty is given back.
 */

const SMALL = 16;
const LARGE = 1024;

/** Where a queue keeps its items. @internal */
export interface ItemStore<T> {
  readonly size: number;
  /** Adds an item; when it throws, nothing was added. */
  push(item: T): void;
  /** Takes out the next item; there must be one. When it throws, nothing was taken. */
  take(): T;
  /** Drops all items. */
  clear(): void;
}

/** @internal */
export class RingBuffer<T> implements ItemStore<T> {
  #slots: (T | undefined)[] = [];
  #head = 0;
  size = 0;

  push(item: T): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.size) & (this.#slots.length - 1)] = item;
    this.size++;
  }

  /** The next item, left where it is; undefined when there is none. */
  get first(): T | undefined {
    return this.#slots[this.#head];
  }

  /** Adds an item that is to be the next. */
  putBack(item: T): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.size++;
  }

  *[Symbol.iterator](): Generator<T, void> {
    for (let at = 0; at < this.size; at++)
      yield this.#slots[(this.#head + at) & (this.#slots.length - 1)] as T;
  }

  take(): T {
    const item = this.#slots[this.#head] as T;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    if (--this.size === 0 && this.#slots.length > LARGE) this.clear();
    return item;
  }

  clear(): void {
    this.#slots = [];
    this.#head = 0;
    this.size = 0;
  }

  #grow(): void {
    const old = this.#slots;
    // oxlint-disable-next-line unicorn/no-new-array -- Array.from fills it, one by one: most of what adding costs
    const slots = new Array<T | undefined>(Math.max(SMALL, old.length * 2));
    for (let at = 0; at < this.size; at++) slots[at] = old[(this.#head + at) & (old.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
