/*
 * Messages that came and were not read yet.
 *
 * Strategy: they stay here until a read takes one in the same step, so a cancelled read has lost nothing. With so many
 * unread, the socket is paused; with half of them, it goes on.
 * Limits: one read at a time. The chunk of the network's that is at hand when it is paused still comes in.
 */
import { InvalidStateError } from "../core/errors.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";

interface Entry<T> {
  readonly message: T;
  next: Entry<T> | null;
}

/** What is paused and goes on. @internal */
export interface Source {
  pause(): unknown;
  resume(): unknown;
}

/** @internal */
export class MessageBuffer<T> {
  readonly #limit: number;
  readonly #source: () => Source | null;
  #first: Entry<T> | null = null;
  #last: Entry<T> | null = null;
  #waiter: Wait<void> | null = null;
  #paused: Source | null = null;
  #error: Error | null = null;
  #ended = false;
  size = 0;
  received = 0;

  constructor(limit: number, source: () => Source | null) {
    this.#limit = limit;
    this.#source = source;
  }

  get paused(): boolean {
    return this.#paused !== null;
  }

  put(message: T): void {
    if (this.#ended) return;
    const entry: Entry<T> = { message, next: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.size++;
    this.received++;
    if (this.size >= this.#limit) this.#pause();
    this.#wake();
  }

  /** A connection that came back has another socket: that is paused in its turn. */
  #pause(): void {
    const source = this.#source();
    if (source === this.#paused) return;
    this.#paused = source;
    source?.pause();
  }

  /** The message that is there, or null. */
  takeNow(): T | null {
    const entry = this.#first;
    if (entry === null) return null;
    this.#first = entry.next;
    if (entry.next === null) this.#last = null;
    this.size--;
    if (this.#paused !== null && this.size <= this.#limit / 2) {
      this.#paused.resume();
      this.#paused = null;
    }
    return entry.message;
  }

  /** Waits for a message; null at the end. */
  async take(label: string): Promise<T | null> {
    if (this.#waiter !== null)
      throw new InvalidStateError(`${label}: another task is reading: one may at a time`);
    for (;;) {
      const message = this.takeNow();
      if (message !== null || this.#ended) return message;
      if (this.#error !== null) throw this.#error;
      await suspend<void, MessageBuffer<T>>(arrive, this, label);
    }
  }

  /** Of the wait for a message. */
  join(wait: Wait<void> | null): void {
    this.#waiter = wait;
  }

  fail(error: Error): void {
    this.#error = error;
    this.#wake();
  }

  /** Nothing more comes, and what is unread is dropped. */
  end(): void {
    this.#ended = true;
    this.#first = this.#last = null;
    this.size = 0;
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    this.#waiter = null;
    waiter.resolve();
  }

  [OUTSIDE](): boolean {
    return true;
  }
}

function arrive<T>(wait: Wait<void>, buffer: MessageBuffer<T>): Cleanup<void, MessageBuffer<T>> {
  buffer.join(wait);
  return leave;
}

function leave<T>(_wait: Wait<void>, buffer: MessageBuffer<T>): void {
  buffer.join(null);
}
