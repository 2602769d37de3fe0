/*
 * What came over a WebSocket and was not received yet.
 *
 * Strategy: messages stay here until a receive takes them in one step, so a receive that waits holds nothing and a
 * cancelled one has lost nothing. A slow reader stops the socket: with so many messages or bytes unread it is
 * paused, and with half of them it goes on, so TCP holds the peer back.
 * Limits: one receive at a time. Pausing stops what comes after the chunk at hand (64 KiB of the network's), and control
 * frames too: a close or a pong that comes behind unread messages is seen when they were read.
 */
import type { TimerHandle } from "../core/clock.ts";
import { InvalidStateError, TimeoutError } from "../core/errors.ts";
import type { Loop } from "../core/loop.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";

/** A message: text is a string, binary a Uint8Array. */
export type WebSocketMessage = string | Uint8Array;

/** What is paused and goes on. @internal */
export interface Tap {
  pause(): void;
  resume(): void;
}

/** @internal */
export interface InboxLimits {
  readonly unreadMessages: number;
  readonly unreadBytes: number;
  /** Milliseconds; Infinity for no limit. */
  readonly receiveTimeout: number;
}

interface Entry {
  readonly message: WebSocketMessage;
  readonly size: number;
  next: Entry | null;
}

/** @internal */
export class Inbox {
  readonly #label: string;
  readonly #tap: Tap;
  readonly #loop: Loop;
  readonly #limits: InboxLimits;
  #first: Entry | null = null;
  #last: Entry | null = null;
  /** How many messages are unread, and their bytes. */
  size = 0;
  bytes = 0;
  paused = false;
  /** Nothing more will come. */
  ended = false;
  /** Whether somebody has ever asked for a message. */
  asked = false;
  /** Called when somebody asks for one, once the peer has closed; may end it. */
  onAsk: (() => void) | null = null;
  #waiter: Wait<void> | null = null;
  #receiving = false;
  #timer: TimerHandle | null = null;

  constructor(label: string, tap: Tap, loop: Loop, limits: InboxLimits) {
    this.#label = label;
    this.#tap = tap;
    this.#loop = loop;
    this.#limits = limits;
  }

  put(message: WebSocketMessage, size: number): void {
    if (this.ended) return;
    const entry: Entry = { message, size, next: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.size++;
    this.bytes += size;
    const { unreadBytes, unreadMessages } = this.#limits;
    if (!this.paused && (this.bytes >= unreadBytes || this.size >= unreadMessages)) {
      this.paused = true;
      this.#tap.pause();
    }
    this.#wake();
  }

  /** Nothing more comes: what is unread stays to be read, unless it is dropped. */
  end(drop: boolean): void {
    this.ended = true;
    if (drop) {
      this.#first = this.#last = null;
      this.size = this.bytes = 0;
    }
    if (this.paused) this.#resume();
    this.#wake();
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    this.#forget();
    waiter.resolve();
  }

  /** The message that comes next, left where it is; null at the end. The caller has waited for it. */
  get next(): WebSocketMessage | null {
    return this.#first?.message ?? null;
  }

  /** Takes the message that {@link Inbox.next} is. */
  drop(): void {
    const { next, size } = this.#first as Entry;
    this.#first = next;
    if (next === null) this.#last = null;
    this.size--;
    this.bytes -= size;
    const { unreadBytes, unreadMessages } = this.#limits;
    if (this.paused && this.bytes <= unreadBytes / 2 && this.size <= unreadMessages / 2)
      this.#resume();
  }

  #resume(): void {
    this.paused = false;
    this.#tap.resume();
  }

  /** Whether somebody waits for a message. */
  get awaited(): boolean {
    return this.#waiter !== null;
  }

  /** True when there is something to take, or the end, and nobody waits. Who looks here asks for a message. */
  get ready(): boolean {
    this.asked = true;
    this.onAsk?.();
    return (this.#first !== null || this.ended) && !this.#receiving;
  }

  /**
   * Waits for a message, or the end. Takes nothing.
   * @throws {@link InvalidStateError} when somebody waits already
   * @throws {@link TimeoutError} when none came in time
   */
  async arrival(operation: string): Promise<void> {
    if (this.#receiving) {
      throw new InvalidStateError(
        `${operation} on ${this.#label}: somebody else is receiving: one task may at a time`,
      );
    }
    this.#receiving = true;
    try {
      while (this.#first === null && !this.ended)
        await suspend<void>(this.#start, undefined, `${this.#label} ${operation}`);
    } finally {
      this.#receiving = false;
    }
  }

  readonly #start = (wait: Wait<void>): Cleanup<void, undefined> => {
    this.#waiter = wait;
    const { receiveTimeout } = this.#limits;
    const loop = this.#loop;
    if (receiveTimeout !== Infinity)
      this.#timer = loop.schedule<Inbox>(loop.time() + receiveTimeout, Inbox.#tooLong, this);
    return this.#leave;
  };

  readonly #leave = (): void => this.#forget();

  static #tooLong(this: void, inbox: Inbox): void {
    const waiter = inbox.#waiter;
    const { receiveTimeout } = inbox.#limits;
    inbox.#forget();
    const words = `receive on ${inbox.#label}: no message within ${receiveTimeout} ms`;
    waiter?.reject(new TimeoutError(words, receiveTimeout));
  }

  #forget(): void {
    this.#waiter = null;
    this.#timer?.cancel();
    this.#timer = null;
  }
}
