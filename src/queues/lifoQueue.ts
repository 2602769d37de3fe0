/*
 * LifoQueue: a queue that gives the newest item first.
 *
 * Strategy: the store is a stack; all else is `Queue`'s. Only items are taken from the top: those
 * who wait to get or to put are served first come, first served, here too.
 */
import { Queue } from "./queue.ts";
import type { ItemStore } from "./ringBuffer.ts";

/**
 * A last-in, first-out queue (`asyncio.LifoQueue`); all else as {@link Queue}.
 *
 * Prints as `LifoQueue { size: 2, maxsize: 0, getting: 0, putting: 0 }`.
 *
 * @example
 * ```ts
 * import { LifoQueue } from "ambit";
 *
 * const queue = new LifoQueue<string>();
 * queue.putNowait("first");
 * queue.putNowait("second");
 * await queue.get(); // => "second"
 * ```
 */
export class LifoQueue<T> extends Queue<T> {
  /**
   * @param maxsize how many items it takes, an integer; 0 (default) or less, or Infinity, for any
   * number
   * @throws RangeError when `maxsize` is not an integer
   */
  constructor(maxsize = 0) {
    super(maxsize, new Stack<T>());
  }
}

class Stack<T> implements ItemStore<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    return this.#items.pop() as T;
  }

  clear(): void {
    this.#items.length = 0;
  }
}
