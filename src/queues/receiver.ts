/*
 * The end of a channel that receives. What it does is the passage's matter; this end knows whether it is closed.
 */
import { Clause, type Selectable } from "../core/clause.ts";
import { FED_THROUGH, feeding, noteFeed } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WouldBlock } from "./errors.ts";
import { DONE, iterating } from "./getter.ts";
import { type ChannelStatistics, closedError, ended, inWords, type Passage } from "./passage.ts";

/**
 * The end of a channel that receives; `openChannel` and `clone` make it.
 *
 * An item goes to one receiver. `for await` receives until the channel has ended; leaving the loop
 * leaves the channel as it is. Prints as {@link Sender} does.
 *
 * **Cancellation:** a cancelled `receive` has received nothing.
 */
export class Receiver<T> implements AsyncIterable<T>, Disposable, Selectable<T> {
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

  /** As a clause of `select`: `receive`. */
  asClause(): Clause<T> {
    return new Clause(
      () => this.#closed || this.#passage.hasItem || !this.#passage.fed,
      () => this.receive(),
    );
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
    return this.#closed ? "Receiver { closed }" : `Receiver ${inWords(this.statistics())}`;
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
