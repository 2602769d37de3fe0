/*
 * What came over a WebSocket and was not received yet.
 *
 * Strategy: messages stay here until a receive takes them in one step, so a receive that waits holds
 * nothing and a cancelled one has lost nothing. A slow reader stops the socket: with so many bytes
 * or messages unread it is paused, and with half of them it goes on, so TCP holds the sender back.
 * Limits: one receive at a time. Pausing stops what comes after the chunk at hand (64 KiB of the
 * network's; compressed, that may be many messages), and control frames too: a close or a pong that
 * comes behind unread messages is seen when they were read.
 */
import { InvalidStateError } from "../core/errors.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";

/** A message: text is a string, binary a Uint8Array. */
export type WebSocketMessage = string | Uint8Array;

/** With this many bytes of messages unread, the socket is paused. @internal */
export const UNREAD_BYTES = 256 * 1024;
/** With this many messages, too. @internal */
export const UNREAD_MESSAGES = 1024;

/** @internal */
export interface Tap {
  pause(): void;
  resume(): void;
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
  #first: Entry | null = null;
  #last: Entry | null = null;
  /** How many messages are unread, and their bytes on the wire, uncompressed. */
  size = 0;
  bytes = 0;
  paused = false;
  /** Nothing more will come. */
  ended = false;
  #receiving = false;
  #waiter: Wait<void> | null = null;

  constructor(label: string, tap: Tap) {
    this.#label = label;
    this.#tap = tap;
  }

  put(message: WebSocketMessage, size: number): void {
    if (this.ended) return;
    const entry: Entry = { message, size, next: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.size++;
    this.bytes += size;
    if (!this.paused && (this.bytes >= UNREAD_BYTES || this.size >= UNREAD_MESSAGES)) {
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
    this.#waiter = null;
    waiter?.resolve();
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
    if (this.paused && this.bytes <= UNREAD_BYTES / 2 && this.size <= UNREAD_MESSAGES / 2) {
      this.#resume();
    }
  }

  #resume(): void {
    this.paused = false;
    this.#tap.resume();
  }

  /** True when there is something to take, or the end, and nobody waits. */
  get ready(): boolean {
    return (this.#first !== null || this.ended) && !this.#receiving;
  }

  /**
   * Waits for a message, or the end. Takes nothing.
   * @throws {@link InvalidStateError} when somebody waits already
   */
  async arrival(operation: string): Promise<void> {
    if (this.#receiving) {
      throw new InvalidStateError(
        `${operation} on ${this.#label}: somebody else is receiving: one task may at a time`,
      );
    }
    this.#receiving = true;
    try {
      while (this.#first === null && !this.ended) {
        await suspend<void>(this.#start, undefined, `${this.#label} ${operation}`);
      }
    } finally {
      this.#receiving = false;
    }
  }

  readonly #start = (wait: Wait<void>): Cleanup<void, undefined> => {
    this.#waiter = wait;
    return this.#leave;
  };

  readonly #leave = (): void => {
    this.#waiter = null;
  };
}
