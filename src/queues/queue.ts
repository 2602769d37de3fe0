/*
 * Queue: items handed from those who put to those who get, first come, first served.
 *
 * Strategy: an item goes directly to who has waited longest for one, and room goes directly to who
 * has waited longest to put. So nobody waits to get while there are items, nobody waits to put
 * while there is room, nobody can barge in, and a cancel finds either a wait that has nothing yet
 * or one that is completed: no item is lost or doubled. Where the items are meanwhile is the
 * store's matter; `PriorityQueue` and `LifoQueue` bring their own.
 * Limits: `await` unwraps promises, so an item that is a promise or a task arrives as its outcome;
 * put it in a record.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { feeding, noteFeed } from "../core/feeding.ts";
import { Clause, type Selectable } from "../core/clause.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import {
  QueueEmpty,
  QueueFull,
  type QueueShutDown,
  shutDownError,
  TaskDoneError,
} from "./errors.ts";
import { DONE, dismiss, give } from "./getter.ts";
import { inWords, type QueueStatistics } from "./queueStatistics.ts";
import { startGet, startJoin, startNext, startPut } from "./queueWaits.ts";
import { type ItemStore, RingBuffer } from "./ringBuffer.ts";

/** How a queue is shut down. */
export interface ShutdownOptions {
  /** Drops the items that are in the queue, too. Default false. */
  readonly immediate?: boolean;
}

const SETTLED: Promise<void> = Promise.resolve();

/**
 * A first-in, first-out queue (`asyncio.Queue`).
 *
 * Those who wait are served in the order in which they came. `for await` takes items until the
 * queue is shut down and empty; leaving the loop leaves the queue as it is. Invariant: nobody waits
 * to get while there are items, nobody waits to put while there is room. Prints as
 * `Queue { size: 2, maxsize: 10, getting: 0, putting: 3 }`.
 *
 * **Cancellation:** a cancelled `put` has put nothing, a cancelled `get` has taken nothing.
 *
 * @example
 * ```ts
 * import { Queue, taskGroup } from "ambit";
 *
 * const queue = new Queue<number>(1);
 * const seen: number[] = [];
 * await taskGroup(async (group) => {
 *   group.spawn(async () => {
 *     for await (const item of queue) seen.push(item);
 *   });
 *   for (const item of [1, 2, 3]) await queue.put(item);
 *   queue.shutdown();
 * });
 * seen; // => [1, 2, 3]
 * ```
 */
export class Queue<T> implements AsyncIterable<T>, Selectable<T> {
  readonly #maxsize: number;
  readonly #store: ItemStore<T>;
  /** @internal */
  readonly getters: WaitQueue<unknown> = new WaitQueue();
  /** @internal */
  readonly putters: WaitQueue = new WaitQueue();
  /** @internal */
  readonly joiners: WaitQueue = new WaitQueue();
  /** On its way from `put` to the start of its wait. @internal */
  incoming: T | undefined = undefined;
  #unfinished = 0;
  #shutDown = false;

  /**
   * @param maxsize how many items it takes, an integer; 0 (default) or less, or Infinity, for any
   * number
   * @throws RangeError when `maxsize` is not an integer
   */
  constructor(maxsize?: number);
  /** @internal */
  constructor(maxsize?: number, store?: ItemStore<T>);
  constructor(maxsize = 0, store: ItemStore<T> = new RingBuffer<T>()) {
    expectMaxsize(maxsize);
    this.#maxsize = maxsize > 0 && maxsize !== Infinity ? maxsize : 0;
    this.#store = store;
  }

  /** How many items it takes; 0 for any number. */
  get maxsize(): number {
    return this.#maxsize;
  }

  /** How many items are in it. */
  qsize(): number {
    return this.#store.size;
  }

  /** True when there are no items. */
  empty(): boolean {
    return this.#store.size === 0;
  }

  /** True when there are `maxsize` items; never, when any number is taken. */
  full(): boolean {
    return this.#maxsize !== 0 && this.#store.size >= this.#maxsize;
  }

  /**
   * Adds an item, after waiting for room if the queue is full.
   *
   * **Cancellation:** the item is not put. Not waiting, it is no point of cancellation.
   *
   * @throws {@link QueueShutDown} when the queue is shut down, before or meanwhile
   */
  put(item: T): Promise<void> {
    if (this.#shutDown) return Promise.reject(this.#refusal("put"));
    if (feeding.noted) noteFeed(this, "put");
    if (this.full()) {
      this.incoming = item;
      const putting = suspend<void, Queue<T>>(startPut, this, "Queue.put");
      this.incoming = undefined;
      return putting;
    }
    try {
      this.#add(item);
      return SETTLED;
    } catch (error) {
      return rejected(error);
    }
  }

  /**
   * Adds an item now.
   *
   * @throws {@link QueueFull} when there is no room
   * @throws {@link QueueShutDown} when the queue is shut down
   */
  putNowait(item: T): void {
    if (this.#shutDown) throw this.#refusal("putNowait");
    if (feeding.noted) noteFeed(this, "put");
    if (this.full()) throw new QueueFull(`putNowait on a full queue: ${this[INSPECT]()}`);
    this.#add(item);
  }

  /**
   * Takes the next item, after waiting for one if there is none.
   *
   * **Cancellation:** no item is taken. Not waiting, it is no point of cancellation.
   *
   * @throws {@link QueueShutDown} when the queue is shut down, before or meanwhile, and has no
   * items
   */
  get(): Promise<T> {
    if (feeding.noted) noteFeed(this, "take");
    try {
      if (this.#store.size > 0) return Promise.resolve(this.#take());
    } catch (error) {
      return rejected(error);
    }
    if (this.#shutDown) return Promise.reject(this.#refusal("get"));
    return suspend<T, Queue<T>>(startGet, this, "Queue.get");
  }

  /**
   * Takes the next item now.
   *
   * @throws {@link QueueEmpty} when there is none
   * @throws {@link QueueShutDown} when there is none and the queue is shut down
   */
  getNowait(): T {
    if (feeding.noted) noteFeed(this, "take");
    if (this.#store.size > 0) return this.#take();
    if (this.#shutDown) throw this.#refusal("getNowait");
    throw new QueueEmpty(`getNowait on an empty queue: ${this[INSPECT]()}`);
  }

  /**
   * Tells that the work on an item that was taken is done; `join` waits for all of them.
   *
   * @throws {@link TaskDoneError} when called more often than items were put
   */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new TaskDoneError(
        "taskDone was called more often than items were put: call it once for each item",
      );
    }
    if (feeding.noted) noteFeed(this, "finish");
    this.#finish(1);
  }

  /**
   * Waits until all items that were put are taken and reported by `taskDone`.
   *
   * **Cancellation:** the wait ends; the queue is as it was.
   */
  join(): Promise<void> {
    if (this.#unfinished === 0) return SETTLED;
    return suspend<void, Queue<T>>(startJoin, this, "Queue.join");
  }

  /**
   * Shuts the queue down: no more items can be put, those in it can still be taken, who waits to
   * get or put is woken. With `immediate`, the items in it are dropped and count as done. May be
   * called again.
   */
  shutdown(options: ShutdownOptions = {}): void {
    const { immediate = false } = options;
    if (typeof immediate !== "boolean")
      throw wrongType("options.immediate", "true or false", immediate);
    this.#shutDown = true;
    if (immediate) this.#drop();
    for (let at = this.getters.shift(); at !== null; at = this.getters.shift()) {
      dismiss(at, this.#refusal("get"));
    }
    for (let at = this.putters.shift(); at !== null; at = this.putters.shift()) {
      at.reject(this.#refusal("put"));
    }
  }

  /**
   * Takes items until the queue is shut down and empty. Items that are promises arrive as they are.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return {
      next: () => this.#next(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** As a clause of `select`: `get`. */
  asClause(): Clause<T> {
    return new Clause(
      () => this.#store.size > 0 || this.#shutDown,
      () => this.get(),
    );
  }

  /** A clause of `select`: `put(item)`. */
  putting(item: T): Clause<void> {
    return new Clause(
      () => !this.full() || this.#shutDown,
      () => this.put(item),
    );
  }

  /** The numbers of the moment, frozen. */
  statistics(): QueueStatistics {
    return Object.freeze({
      size: this.#store.size,
      maxsize: this.#maxsize,
      getting: this.getters.size,
      putting: this.putters.size,
      joining: this.joiners.size,
      unfinished: this.#unfinished,
      shutDown: this.#shutDown,
    });
  }

  /** @internal */
  [INSPECT](): string {
    return inWords(this.constructor.name, this.statistics());
  }

  #refusal(operation: string): QueueShutDown {
    return shutDownError(operation, this[INSPECT]());
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (feeding.noted) noteFeed(this, "take");
    if (this.#store.size > 0) return { done: false, value: this.#take() };
    if (this.#shutDown) return DONE;
    return suspend<IteratorResult<T, undefined>, Queue<T>>(startNext, this, "Queue.get");
  }

  /** To who has waited longest, or kept. */
  #add(item: T): void {
    const getter = this.getters.shift();
    if (getter === null) this.#store.push(item);
    else give(getter, item);
    this.#unfinished++;
  }

  #take(): T {
    const item = this.#store.take();
    if (this.putters.first !== null) this.#admit();
    return item;
  }

  /** There is room again: who has waited longest to put has put. */
  #admit(): void {
    const putter = this.putters.shift();
    if (putter === null) return;
    try {
      this.#store.push(putter.token as T);
    } catch (error) {
      // A comparator that fails on this item: the room goes to the next.
      putter.reject(error);
      return this.#admit();
    }
    this.#unfinished++;
    putter.resolve();
  }

  #drop(): void {
    const dropped = this.#store.size;
    this.#store.clear();
    this.#finish(Math.min(dropped, this.#unfinished));
  }

  #finish(count: number): void {
    this.#unfinished -= count;
    if (this.#unfinished > 0) return;
    while (this.joiners.first !== null) this.joiners.shift()?.resolve();
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}

function expectMaxsize(value: unknown): void {
  if (typeof value !== "number") throw wrongType("maxsize", "an integer", value);
  if (!Number.isInteger(value) && value !== Infinity)
    throw outOfRange("maxsize", "an integer", value);
}
