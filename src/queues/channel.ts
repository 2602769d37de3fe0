/*
 * Channels: a queue with two kinds of ends, each of which can be cloned and closed (trio's memory
 * channels).
 *
 * Strategy: both ends share one `Passage`, which does the work and counts its open ends: without a
 * sender the channel ends once it is empty, without a receiver it is broken. So each producer can
 * say "I am done" by closing its own clone, which a queue's `shutdown`, one switch for all, cannot
 * say; the consumers' loops end with the last producer.
 * Limits: as with `Queue`, `await receiver.receive()` unwraps an item that is a promise; iterating
 * does not.
 */
import { expectLimit } from "../core/arguments.ts";
import { FED_THROUGH, feeding, noteFeed } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { ClosedChannelError, WouldBlock } from "./errors.ts";
import { DONE, iterating } from "./getter.ts";
import { broken, type ChannelStatistics, ended, Passage } from "./passage.ts";

/** The two ends of a new channel. */
export interface Channel<T> {
  readonly sender: Sender<T>;
  readonly receiver: Receiver<T>;
}

/**
 * Opens a channel, and gives a sender and a receiver (`trio.open_memory_channel`).
 *
 * Up to `capacity` items are held; with 0, `send` waits until the item is received. Those who wait
 * are served in the order in which they came.
 *
 * @param capacity an integer from 0, or Infinity
 * @throws RangeError when `capacity` is something else
 *
 * @example
 * ```ts
 * import { openChannel, taskGroup } from "ambit";
 *
 * const { sender, receiver } = openChannel<string>(0);
 * const heard: string[] = [];
 * await taskGroup(async (group) => {
 *   group.spawn(async () => {
 *     for await (const word of receiver) heard.push(word);
 *   });
 *   await sender.send("hello");
 *   sender.close();
 * });
 * heard; // => ["hello"]
 * ```
 */
export function openChannel<T>(capacity: number): Channel<T> {
  expectLimit("capacity", capacity, 0);
  const passage = new Passage<T>(capacity);
  return Object.freeze({ sender: new Sender(passage), receiver: new Receiver(passage) });
}

const SETTLED: Promise<void> = Promise.resolve();

/**
 * The end of a channel that sends; `openChannel` and `clone` make it.
 *
 * Prints as `Sender { size: 1, capacity: 3, senders: 1, receivers: 1, sending: 0, receiving: 0 }`,
 * or `Sender { closed }`.
 *
 * **Cancellation:** a cancelled `send` has sent nothing.
 */
export class Sender<T> implements Disposable {
  readonly #passage: Passage<T>;
  #closed = false;
  /** On its way from `send` to the start of its wait. */
  #outgoing: T | undefined = undefined;

  /** @internal */
  constructor(passage: Passage<T>) {
    this.#passage = passage;
    passage.addSender();
  }

  /**
   * Sends an item: to who waits for one, or into the channel, after waiting for room.
   *
   * **Cancellation:** the item is not sent. Not waiting, it is no point of cancellation.
   *
   * @throws {@link ClosedChannelError} when this sender is closed, before or meanwhile
   * @throws {@link BrokenChannelError} when all receivers are closed, before or meanwhile
   */
  send(item: T): Promise<void> {
    const error = this.#refusal("send");
    if (error !== null) return Promise.reject(error);
    if (feeding.noted) noteFeed(this.#passage, "send");
    if (this.#passage.hasRoom) {
      this.#passage.send(item);
      return SETTLED;
    }
    this.#outgoing = item;
    const sending = suspend<void, Sender<T>>(Sender.#startSend, this, "Sender.send");
    this.#outgoing = undefined;
    return sending;
  }

  /**
   * Sends an item now.
   *
   * @throws {@link WouldBlock} when nobody waits for one and there is no room
   * @throws {@link ClosedChannelError} when this sender is closed
   * @throws {@link BrokenChannelError} when all receivers are closed
   */
  sendNowait(item: T): void {
    const error = this.#refusal("sendNowait");
    if (error !== null) throw error;
    if (feeding.noted) noteFeed(this.#passage, "send");
    if (!this.#passage.hasRoom)
      throw new WouldBlock(`sendNowait on a full channel: ${this[INSPECT]()}`);
    this.#passage.send(item);
  }

  /**
   * Another sender of the same channel, to be closed by itself.
   * @throws {@link ClosedChannelError} when this sender is closed
   */
  clone(): Sender<T> {
    if (this.#closed) throw closedError("clone", "Sender");
    return new Sender(this.#passage);
  }

  /**
   * Closes this sender; what waits in it fails. The channel ends with its last sender. May be
   * called again.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#passage.closeSender(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The numbers of the moment, frozen. */
  statistics(): ChannelStatistics {
    return this.#passage.statistics();
  }

  /** @internal */
  get [FED_THROUGH](): object {
    return this.#passage;
  }

  /** @internal */
  [INSPECT](): string {
    return this.#closed ? "Sender { closed }" : `Sender ${words(this.statistics())}`;
  }

  #refusal(operation: string): Error | null {
    if (this.#closed) return closedError(operation, "Sender");
    return this.#passage.intact ? null : broken(operation);
  }

  static #startSend<T>(this: void, wait: Wait<void>, sender: Sender<T>): Cleanup<void, Sender<T>> {
    sender.#passage.joinSending(wait, sender.#outgoing as T);
    return Sender.#leave;
  }

  static #leave<T>(this: void, wait: Wait<void>, sender: Sender<T>): void {
    sender.#passage.leaveSending(wait);
  }
}

/**
 * The end of a channel that receives; `openChannel` and `clone` make it.
 *
 * An item goes to one receiver. `for await` receives until the channel has ended; leaving the loop
 * leaves the channel as it is. Prints as {@link Sender} does.
 *
 * **Cancellation:** a cancelled `receive` has received nothing.
 */
export class Receiver<T> implements AsyncIterable<T>, Disposable {
  readonly #passage: Passage<T>;
  #closed = false;

  /** @internal */
  constructor(passage: Passage<T>) {
    this.#passage = passage;
    passage.addReceiver();
  }

  /**
   * Receives the next item, after waiting for one.
   *
   * **Cancellation:** no item is received. Not waiting, it is no point of cancellation.
   *
   * @throws {@link EndOfChannel} when the channel is empty and all senders are closed, before or
   * meanwhile
   * @throws {@link ClosedChannelError} when this receiver is closed, before or meanwhile
   */
  receive(): Promise<T> {
    if (this.#closed) return Promise.reject(closedError("receive", "Receiver"));
    if (feeding.noted) noteFeed(this.#passage, "receive");
    if (this.#passage.hasItem) return Promise.resolve(this.#passage.take());
    if (!this.#passage.fed) return Promise.reject(ended("receive"));
    return suspend<T, Receiver<T>>(Receiver.#startReceive, this, "Receiver.receive");
  }

  /**
   * Receives the next item now.
   *
   * @throws {@link WouldBlock} when there is none
   * @throws {@link EndOfChannel} when there is none and all senders are closed
   * @throws {@link ClosedChannelError} when this receiver is closed
   */
  receiveNowait(): T {
    if (this.#closed) throw closedError("receiveNowait", "Receiver");
    if (feeding.noted) noteFeed(this.#passage, "receive");
    if (this.#passage.hasItem) return this.#passage.take();
    if (!this.#passage.fed) throw ended("receiveNowait");
    throw new WouldBlock(`receiveNowait on an empty channel: ${this[INSPECT]()}`);
  }

  /** Receives until the channel has ended. Items that are promises arrive as they are. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return {
      next: () => this.#next(),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * Another receiver of the same channel, to be closed by itself.
   * @throws {@link ClosedChannelError} when this receiver is closed
   */
  clone(): Receiver<T> {
    if (this.#closed) throw closedError("clone", "Receiver");
    return new Receiver(this.#passage);
  }

  /**
   * Closes this receiver; what waits in it fails. With the last receiver the channel is broken, and
   * what it holds is dropped. May be called again.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#passage.closeReceiver(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The numbers of the moment, frozen. */
  statistics(): ChannelStatistics {
    return this.#passage.statistics();
  }

  /** @internal */
  get [FED_THROUGH](): object {
    return this.#passage;
  }

  /** @internal */
  [INSPECT](): string {
    return this.#closed ? "Receiver { closed }" : `Receiver ${words(this.statistics())}`;
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#closed) throw closedError("receive", "Receiver");
    if (feeding.noted) noteFeed(this.#passage, "receive");
    if (this.#passage.hasItem) return { done: false, value: this.#passage.take() };
    if (!this.#passage.fed) return DONE;
    return suspend<IteratorResult<T, undefined>, Receiver<T>>(
      Receiver.#startNext,
      this,
      "Receiver.receive",
    );
  }

  static #startReceive<T>(
    this: void,
    wait: Wait<T>,
    receiver: Receiver<T>,
  ): Cleanup<T, Receiver<T>> {
    receiver.#passage.joinReceiving(wait);
    return Receiver.#leave;
  }

  static #startNext<T>(
    this: void,
    wait: Wait<IteratorResult<T, undefined>>,
    receiver: Receiver<T>,
  ): Cleanup<unknown, Receiver<T>> {
    receiver.#passage.joinReceiving(iterating(wait));
    return Receiver.#leave;
  }

  static #leave<T>(this: void, wait: Wait<unknown>, receiver: Receiver<T>): void {
    receiver.#passage.leaveReceiving(wait);
  }
}

function closedError(operation: string, end: string): ClosedChannelError {
  return new ClosedChannelError(
    `${operation} on a ${end} that was closed: use a clone() of it, or close it later`,
  );
}

function words(numbers: ChannelStatistics): string {
  return `{ ${Object.entries(numbers)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ")} }`;
}
