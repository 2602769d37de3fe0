/*
 * A subscription to a broadcast: one reader's place in the backlog.
 *
 * Strategy: the backlog has the items and who waits; this end knows its place, whether it is closed, and what to do when
 * it was too slow. That is found out when it receives, never when somebody sends.
 * Limits: `await` unwraps an item that is a promise; iterating does not.
 */
import { Clause, type Selectable } from "../core/clause.ts";
import { FED_THROUGH } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { type Backlog, ended, type Reader } from "./backlog.ts";
import { ClosedChannelError, LaggedError, WouldBlock } from "./errors.ts";
import { DONE, iterating } from "./getter.ts";
import { inWords } from "./passage.ts";

/** How a subscriber receives. */
export interface SubscribeOptions {
  /**
   * Called with the number of items missed when the subscriber was too slow; it then goes on with the oldest item that is
   * left. Left out, receiving and iterating throw a LaggedError instead, once for each gap.
   */
  readonly onLag?: (missed: number) => void;
}

/** What `subscription.statistics()` tells. */
export interface SubscriptionStatistics {
  /** Items sent and not received, those that will turn out to be missed included. */
  readonly behind: number;
  /** Items missed that it was told of. */
  readonly missed: number;
  /** How many wait to receive through it. */
  readonly receiving: number;
}

/**
 * What `broadcast.subscribe` gives: receives every item that is sent from then on.
 *
 * `for await` receives until the broadcast is closed; leaving the loop leaves the subscription as it is. Several tasks that
 * receive through one subscription share its items. Prints as `Subscription { behind: 2, missed: 0, receiving: 0 }`, or
 * `Subscription { closed }`.
 *
 * **Cancellation:** a cancelled `receive` has received nothing.
 */
export class Subscription<T> implements AsyncIterable<T>, Disposable, Selectable<T> {
  readonly #backlog: Backlog<T>;
  readonly #onLag: ((missed: number) => void) | undefined;
  /** Its place, which the backlog moves on. @internal */
  readonly reader: Reader;
  #missed = 0;
  #closed = false;

  /** @internal */
  constructor(backlog: Backlog<T>, options: SubscribeOptions) {
    this.#backlog = backlog;
    this.#onLag = options.onLag;
    this.reader = { position: backlog.next };
    backlog.addReader();
  }

  /**
   * Receives the next item, after waiting for one.
   *
   * **Cancellation:** no item is received. Not waiting, it is no point of cancellation.
   *
   * @throws {@link LaggedError} when items were missed, and there is no `onLag`; the next call goes on
   * @throws {@link EndOfChannel} when the broadcast is closed, before or meanwhile, and nothing is left
   * @throws {@link ClosedChannelError} when this subscription is closed, before or meanwhile
   */
  receive(): Promise<T> {
    try {
      if (this.#hasItem("receive")) return Promise.resolve(this.#backlog.take(this.reader));
    } catch (error) {
      return rejected(error);
    }
    if (this.#backlog.closed) return rejected(ended("receive"));
    return suspend<T, Subscription<T>>(Subscription.#start, this, "Subscription.receive");
  }

  /**
   * Receives the next item now.
   *
   * @throws {@link WouldBlock} when there is none
   * @throws what `receive` throws
   */
  receiveNowait(): T {
    if (this.#hasItem("receiveNowait")) return this.#backlog.take(this.reader);
    if (this.#backlog.closed) throw ended("receiveNowait");
    throw new WouldBlock(`receiveNowait on ${this[INSPECT]()}`);
  }

  /** Receives until the broadcast is closed. Items that are promises arrive as they are. */
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
      () => this.#closed || this.#backlog.closed || this.reader.position < this.#backlog.next,
      () => this.receive(),
    );
  }

  /** Ends the subscription; what waits in it fails. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#backlog.removeReader(this.reader);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The numbers of the moment, frozen. */
  statistics(): SubscriptionStatistics {
    return Object.freeze({
      behind: this.#closed ? 0 : this.#backlog.next - this.reader.position,
      missed: this.#missed,
      receiving: this.#backlog.countWaiting(this.reader),
    });
  }

  /** Whose senders are noted as feeding this subscription. @internal */
  get [FED_THROUGH](): object {
    return this.#backlog;
  }

  /** @internal */
  [INSPECT](): string {
    return `Subscription ${this.#closed ? "{ closed }" : inWords(this.statistics())}`;
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#hasItem("receive")) return { done: false, value: this.#backlog.take(this.reader) };
    if (this.#backlog.closed) return DONE;
    return suspend<IteratorResult<T, undefined>, Subscription<T>>(
      Subscription.#startNext,
      this,
      "Subscription.receive",
    );
  }

  /** Whether there is an item; tells first of those that were missed. */
  #hasItem(operation: string): boolean {
    if (this.#closed) {
      throw new ClosedChannelError(
        `${operation} on a subscription that was closed: close it later`,
      );
    }
    const missed = this.#backlog.catchUp(this.reader);
    if (missed > 0) this.#lagged(operation, missed);
    return this.reader.position < this.#backlog.next;
  }

  #lagged(operation: string, missed: number): void {
    this.#missed += missed;
    if (this.#onLag !== undefined) return this.#onLag(missed);
    throw new LaggedError(operation, missed);
  }

  static #start<T>(
    this: void,
    wait: Wait<T>,
    subscription: Subscription<T>,
  ): Cleanup<T, Subscription<T>> {
    subscription.#backlog.joinWaiting(wait);
    return Subscription.#leave;
  }

  static #startNext<T>(
    this: void,
    wait: Wait<IteratorResult<T, undefined>>,
    subscription: Subscription<T>,
  ): Cleanup<unknown, Subscription<T>> {
    subscription.#backlog.joinWaiting(iterating(wait));
    return Subscription.#leave;
  }

  static #leave<T>(this: void, wait: Wait<unknown>, subscription: Subscription<T>): void {
    subscription.#backlog.leaveWaiting(wait);
  }
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}
