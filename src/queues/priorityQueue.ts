/*
 * PriorityQueue: a queue that gives the item first that sorts first.
 *
 * Strategy: the store is a binary heap whose entries carry the order in which they came, so that
 * equal items leave in that order. All comparisons of an operation are made before anything moves:
 * a comparator that throws leaves the heap as it was, and nothing is lost.
 */
import { expectFunction } from "../core/arguments.ts";
import { Queue } from "./queue.ts";
import type { ItemStore } from "./ringBuffer.ts";

/** Less than 0 when `a` comes first, more than 0 when `b` does, 0 when it does not matter. */
export type Comparator<T> = (a: T, b: T) => number;

/**
 * A queue that gives the item first that sorts first (`asyncio.PriorityQueue`); all else as {@link
 * Queue}.
 *
 * Items that compare equal are taken in the order in which they were put. Prints as
 * `PriorityQueue { size: 2, maxsize: 0, getting: 0, putting: 0 }`.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from "ambit";
 *
 * const queue = new PriorityQueue<number>((a, b) => a - b);
 * for (const item of [3, 1, 2]) queue.putNowait(item);
 * [await queue.get(), await queue.get(), await queue.get()]; // => [1, 2, 3]
 * ```
 */
export class PriorityQueue<T> extends Queue<T> {
  /**
   * @param compare as for `Array.sort`; what it throws is thrown by the `put` or `get` that called
   * it
   * @param maxsize how many items it takes, an integer; 0 (default) or less, or Infinity, for any
   * number
   * @throws RangeError when `maxsize` is not an integer
   */
  constructor(compare: Comparator<T>, maxsize = 0) {
    expectFunction("compare", compare);
    super(maxsize, new Heap(compare));
  }
}

interface Entry<T> {
  readonly item: T;
  readonly order: number;
}

class Heap<T> implements ItemStore<T> {
  readonly #compare: Comparator<T>;
  #entries: Entry<T>[] = [];
  #orders = 0;

  constructor(compare: Comparator<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  push(item: T): void {
    const entry = { item, order: this.#orders++ };
    const path = this.#pathUp(entry);
    this.#entries.push(entry);
    this.#move(entry, path);
  }

  take(): T {
    const first = this.#entries[0] as Entry<T>;
    const last = this.#entries.at(-1) as Entry<T>;
    const path = this.#pathDown(last);
    this.#entries.pop();
    if (last !== first) this.#move(last, path);
    return first.item;
  }

  clear(): void {
    this.#entries = [];
  }

  /** The indexes that an entry added at the end rises through. */
  #pathUp(entry: Entry<T>): number[] {
    const path = [this.#entries.length];
    for (let at = this.#entries.length; at > 0;) {
      at = (at - 1) >> 1;
      if (!this.#before(entry, this.#entries[at] as Entry<T>)) break;
      path.push(at);
    }
    return path;
  }

  /**
   * The indexes that the last entry sinks through, from the top, once it is not the last any more.
   */
  #pathDown(last: Entry<T>): number[] {
    const path = [0];
    const end = this.#entries.length - 1;
    for (let at = 1; at < end; at = at * 2 + 1) {
      if (
        at + 1 < end &&
        this.#before(this.#entries[at + 1] as Entry<T>, this.#entries[at] as Entry<T>)
      )
        at++;
      if (!this.#before(this.#entries[at] as Entry<T>, last)) break;
      path.push(at);
    }
    return path;
  }

  /** Moves each entry on the path one step back and puts `entry` at its end. */
  #move(entry: Entry<T>, path: readonly number[]): void {
    let hole = path[0] as number;
    for (const next of path.slice(1)) {
      this.#entries[hole] = this.#entries[next] as Entry<T>;
      hole = next;
    }
    this.#entries[hole] = entry;
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    const order = this.#compare(a.item, b.item);
    return order < 0 || (order === 0 && a.order < b.order);
  }
}
