/*
 * The end of a channel that sends. What it does is the passage's matter; this end knows whether it is closed.
 */
import { Clause } from "../core/clause.ts";
import { FED_THROUGH, feeding, noteFeed } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WouldBlock } from "./errors.ts";
import { broken, type ChannelStatistics, closedError, inWords, type Passage } from "./passage.ts";

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

  /** A clause of `select`: `send(item)`. */
  sending(item: T): Clause<void> {
    return new Clause(
      () => this.#closed || !this.#passage.intact || this.#passage.hasRoom,
      () => this.send(item),
    );
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
    return this.#closed ? "Sender { closed }" : `Sender ${inWords(this.statistics())}`;
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
