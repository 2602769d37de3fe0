/*
 * What came and was not looked at yet, as an async iterator: the inside of `on` and `signals`.
 *
 * Strategy: an item goes to who has waited longest for one, or is kept in order. The end, or a
 * failure, comes after all that came before it; a failure is thrown once.
 * A `for await` that is left because a step was cancelled does not call `return`, so a cancelled
 * step must close the buffer itself, but only if the cancel takes the loop with it:
 *   for await (const [item] of on(source, "item")) …      the task is cancelled: closed
 *   await moveOnAfter(10, () => events.next());             the deadline passes: goes on listening
 * The cancel that takes the loop with it is one that the scope has met in which the buffer was made.
 * Limits: it keeps whatever comes; who feeds it is told how much that is, and may slow down.
 */
import { INSPECT } from "../core/inspection.ts";
import { ambientScope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";

type Step<T> = IteratorResult<T, undefined>;

/** Who fills a buffer. @internal */
export interface Feed {
  /** How diagnostics name it. */
  readonly name: string;
  /** Its buffer is closed: nothing is to come any more. */
  stop(): void;
  /** How many items are kept has changed. */
  kept?(count: number): void;
  /** Whether somebody waits for an item has changed. */
  awaited?(yes: boolean): void;
}

/** @internal */
export class EventBuffer<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly #label: string;
  readonly #feed: Feed;
  readonly #takers = new WaitQueue<Step<T>>();
  readonly #scope = ambientScope();
  readonly #cancels = this.#scope.metCancels();
  #items: T[] = [];
  /** How many of `#items` are gone already. */
  #taken = 0;
  #closed = false;
  #failure: [error: unknown] | null = null;

  constructor(label: string, feed: Feed) {
    this.#label = label;
    this.#feed = feed;
  }

  /** An item has come. */
  push(item: T): void {
    const taker = this.#takers.shift();
    if (taker === null) {
      this.#items.push(item);
      return this.#feed.kept?.(this.#kept);
    }
    taker.resolve({ done: false, value: item });
    this.#noteAwaited();
  }

  /** Nothing comes any more; what is kept is still given out. */
  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#feed.stop();
    while (this.#takers.first !== null) this.#takers.shift()?.resolve(DONE);
    this.#noteAwaited();
  }

  /** Like {@link EventBuffer.end}, and whoever asks first after what is kept gets the error. */
  fail(error: unknown): void {
    if (this.#closed) return;
    const taker = this.#takers.shift();
    if (taker === null) this.#failure = [error];
    else taker.reject(error);
    this.end();
  }

  /** What is kept, given up. */
  takeAll(): T[] {
    const left = this.#items.slice(this.#taken);
    this.#items = [];
    this.#taken = 0;
    return left;
  }

  get #kept(): number {
    return this.#items.length - this.#taken;
  }

  async next(): Promise<Step<T>> {
    if (this.#kept > 0) return { done: false, value: this.#take() };
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure[0];
    if (this.#closed) return DONE;
    try {
      return await suspend<Step<T>, EventBuffer<T>>(EventBuffer.#queueUp, this, this.#label);
    } catch (error) {
      if (this.#scope.ended || this.#scope.metCancels() > this.#cancels) this.end();
      throw error;
    }
  }

  return(): Promise<Step<T>> {
    this.end();
    this.takeAll();
    this.#failure = null;
    return Promise.resolve(DONE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#closed ? "closed" : `${this.#kept} kept`;
    return `<${this.#feed.name} ${state}>`;
  }

  #take(): T {
    const item = this.#items[this.#taken] as T;
    this.#items[this.#taken++] = undefined as T;
    // Taking from the front of an array moves the rest: done rarely, it costs nothing.
    if (this.#taken * 2 > this.#items.length) this.#items = this.takeAll();
    this.#feed.kept?.(this.#kept);
    return item;
  }

  #noteAwaited(): void {
    this.#feed.awaited?.(this.#takers.size > 0);
  }

  static #queueUp<T>(
    this: void,
    wait: Wait<Step<T>>,
    buffer: EventBuffer<T>,
  ): Cleanup<Step<T>, EventBuffer<T>> {
    buffer.#takers.push(wait);
    buffer.#noteAwaited();
    return EventBuffer.#leave;
  }

  static #leave<T>(this: void, wait: Wait<Step<T>>, buffer: EventBuffer<T>): void {
    buffer.#takers.remove(wait);
    buffer.#noteAwaited();
  }
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });
