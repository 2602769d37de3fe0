/*
 * The backlog that the subscribers of a broadcast share: the last items, each with a number.
 *
 * Strategy: a ring of `capacity` slots; the item with number n lies in slot n modulo capacity until another one takes its
 * place. A reader waits only when it has had all items; a new one goes to each of those who wait, in the order in which
 * they came, in the step in which it is sent. The target of a wait is the subscription it was begun through.
 */
import type { Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { ClosedChannelError, EndOfChannel } from "./errors.ts";
import { dismiss, give } from "./getter.ts";

/** What `broadcast.statistics()` tells. */
export interface BroadcastStatistics {
  /** Items kept for those who are behind. */
  readonly size: number;
  /** How many are kept at most. */
  readonly capacity: number;
  /** Items sent since the broadcast was made. */
  readonly sent: number;
  /** Open subscriptions. */
  readonly subscribers: number;
  /** How many wait to receive. */
  readonly receiving: number;
  /** True after `close`. */
  readonly closed: boolean;
}

/** A reader's place. @internal */
export interface Reader {
  /** The number of the item that it wants next. */
  position: number;
}

/** What is waited through. @internal */
interface Reading {
  readonly reader: Reader;
}

/** @internal */
export class Backlog<T> {
  readonly #capacity: number;
  readonly #waiting = new WaitQueue<unknown>();
  #slots: T[] = [];
  /** The number of the item that is sent next. */
  #next = 0;
  /** The number of the oldest item that is kept. */
  #oldest = 0;
  #readers = 0;
  #closed = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get next(): number {
    return this.#next;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Keeps the item and wakes who waits for it; returns how many readers there are. */
  send(item: T): number {
    const number = this.#next++;
    if (this.#readers === 0) this.#clear();
    else this.#keep(number, item);
    for (const wait of this.#waitsOf(null)) {
      const { reader } = wait.target as Reading;
      // Given up meanwhile, or another task has taken the item for the same reader.
      if (!wait.pending || reader.position !== number) continue;
      this.#waiting.remove(wait);
      reader.position = this.#next;
      give(wait, item);
    }
    return this.#readers;
  }

  #keep(number: number, item: T): void {
    this.#slots[number % this.#capacity] = item;
    if (this.#next - this.#oldest > this.#capacity) this.#oldest = this.#next - this.#capacity;
  }

  /** Moves a reader that was too slow on to the oldest item that is left; returns how many it missed. */
  catchUp(reader: Reader): number {
    const missed = this.#oldest - reader.position;
    if (missed <= 0) return 0;
    reader.position = this.#oldest;
    return missed;
  }

  /** Takes the next item for a reader that has caught up; there must be one. */
  take(reader: Reader): T {
    return this.#slots[reader.position++ % this.#capacity] as T;
  }

  joinWaiting(wait: Wait<unknown>): void {
    this.#waiting.push(wait);
  }

  leaveWaiting(wait: Wait<unknown>): void {
    this.#waiting.remove(wait);
  }

  addReader(): void {
    this.#readers++;
  }

  /** Fails what waits for the reader; without readers, nothing is kept. */
  removeReader(reader: Reader): void {
    this.#readers--;
    if (this.#readers === 0) this.#clear();
    for (const wait of this.#waitsOf(reader)) {
      if (!wait.pending) continue;
      this.#waiting.remove(wait);
      wait.reject(
        new ClosedChannelError(`${wait.label} was waiting when its subscription was closed`),
      );
    }
  }

  /** No more items: who waits has had the last one. */
  close(): void {
    this.#closed = true;
    for (let at = this.#waiting.shift(); at !== null; at = this.#waiting.shift())
      dismiss(at, ended("receive"));
  }

  countWaiting(reader: Reader): number {
    return this.#waitsOf(reader).length;
  }

  statistics(): BroadcastStatistics {
    return Object.freeze({
      size: this.#next - this.#oldest,
      capacity: this.#capacity,
      sent: this.#next,
      subscribers: this.#readers,
      receiving: this.#waiting.size,
      closed: this.#closed,
    });
  }

  #clear(): void {
    this.#slots = [];
    this.#oldest = this.#next;
  }

  /** Those of one reader, or all. A list of its own: one that is settled may give up others, of the same `select`. */
  #waitsOf(reader: Reader | null): Wait<unknown>[] {
    const found: Wait<unknown>[] = [];
    for (let at = this.#waiting.first; at !== null; at = at.behind)
      if (reader === null || (at.target as Reading).reader === reader) found.push(at);
    return found;
  }
}

/** @internal */
export function ended(operation: string): EndOfChannel {
  return new EndOfChannel(
    `${operation} on a broadcast that was closed, and whose items were all received`,
  );
}
