/*
 * The passage between the ends of a channel.
 *
 * Strategy: as in `Queue`, an item goes directly to who has waited longest for one, and room to who
 * has waited longest to send; with capacity 0, who sends and who receives meet. A wait is settled
 * in the step in which it leaves its FIFO. The target of a wait is its end of the channel: so
 * closing an end finds the waits that were made through it.
 */
import type { Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { BrokenChannelError, ClosedChannelError, EndOfChannel } from "./errors.ts";
import { dismiss, give } from "./getter.ts";
import { RingBuffer } from "./ringBuffer.ts";

/** What `statistics()` of an end of a channel tells. */
export interface ChannelStatistics {
  /** Items sent and not received. */
  readonly size: number;
  /** How many items it holds before a sender waits. */
  readonly capacity: number;
  /** Open senders, clones included. */
  readonly senders: number;
  /** Open receivers, clones included. */
  readonly receivers: number;
  /** How many wait to send. */
  readonly sending: number;
  /** How many wait to receive. */
  readonly receiving: number;
}

/** @internal */
export class Passage<T> {
  readonly #capacity: number;
  readonly #items = new RingBuffer<T>();
  readonly #sending = new WaitQueue();
  readonly #receiving = new WaitQueue<unknown>();
  #senders = 0;
  #receivers = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True while somebody can still receive. */
  get intact(): boolean {
    return this.#receivers > 0;
  }

  /** True while somebody can still send. */
  get fed(): boolean {
    return this.#senders > 0;
  }

  /** True when an item passes without waiting. */
  get hasRoom(): boolean {
    return this.#receiving.first !== null || this.#items.size < this.#capacity;
  }

  /** True when there is an item to take. */
  get hasItem(): boolean {
    return this.#items.size > 0 || this.#sending.first !== null;
  }

  /** Sends an item; there must be room. */
  send(item: T): void {
    const receiver = this.#receiving.shift();
    if (receiver === null) this.#items.push(item);
    else give(receiver, item);
  }

  /** Takes the next item; there must be one. */
  take(): T {
    const sender = this.#sending.shift();
    sender?.resolve();
    if (this.#items.size === 0) return sender?.token as T;
    const item = this.#items.take();
    if (sender !== null) this.#items.push(sender.token as T);
    return item;
  }

  joinSending(wait: Wait<void>, item: T): void {
    wait.token = item;
    this.#sending.push(wait);
  }

  leaveSending(wait: Wait<void>): void {
    this.#sending.remove(wait);
  }

  joinReceiving(wait: Wait<unknown>): void {
    this.#receiving.push(wait);
  }

  leaveReceiving(wait: Wait<unknown>): void {
    this.#receiving.remove(wait);
  }

  addSender(): void {
    this.#senders++;
  }

  addReceiver(): void {
    this.#receivers++;
  }

  /** The last one ends the channel for those who wait to receive. */
  closeSender(end: object): void {
    rejectThrough(this.#sending, end);
    if (--this.#senders > 0) return;
    for (let at = this.#receiving.shift(); at !== null; at = this.#receiving.shift()) {
      dismiss(at, ended("receive"));
    }
  }

  /**
   * The last one breaks the channel for those who wait to send; what was not received is dropped.
   */
  closeReceiver(end: object): void {
    rejectThrough(this.#receiving, end);
    if (--this.#receivers > 0) return;
    this.#items.clear();
    for (let at = this.#sending.shift(); at !== null; at = this.#sending.shift())
      at.reject(broken("send"));
  }

  statistics(): ChannelStatistics {
    return Object.freeze({
      size: this.#items.size,
      capacity: this.#capacity,
      senders: this.#senders,
      receivers: this.#receivers,
      sending: this.#sending.size,
      receiving: this.#receiving.size,
    });
  }
}

/** Fails what waits through an end. One that fails may give up another of the same end: a `select` of both. */
function rejectThrough(queue: WaitQueue<unknown>, end: object): void {
  const through: Wait<unknown>[] = [];
  for (let at = queue.first; at !== null; at = at.behind) if (at.target === end) through.push(at);
  for (const wait of through) {
    if (!wait.pending) continue;
    queue.remove(wait);
    wait.reject(
      new ClosedChannelError(`${wait.label} was waiting when this end of the channel was closed`),
    );
  }
}

/** @internal */
export function broken(operation: string): BrokenChannelError {
  return new BrokenChannelError(`${operation} on a channel whose receivers are all closed`);
}

/** @internal */
export function ended(operation: string): EndOfChannel {
  return new EndOfChannel(
    `${operation} on a channel that is empty and whose senders are all closed`,
  );
}

/** @internal */
export function closedError(operation: string, end: string): ClosedChannelError {
  return new ClosedChannelError(
    `${operation} on a ${end} that was closed: use a clone() of it, or close it later`,
  );
}

/** The numbers as an object literal. @internal */
export function inWords(numbers: object): string {
  return `{ ${Object.entries(numbers)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ")} }`;
}
