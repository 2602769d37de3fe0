/*
 * Broadcast: every item to every subscriber; who sends never waits (tokio's `broadcast`).
 *
 * Strategy: the last `capacity` items lie in one backlog that all subscribers share, and a subscription knows the number
 * of the item that it wants next. So a subscriber costs two numbers, however many items there are; and one that falls
 * behind by more than the backlog holds is told how many it missed, and goes on with the oldest that is left: it can slow
 * down neither who sends nor the others.
 * Limits: a receiver that must see every item wants a channel of its own, which makes the sender wait.
 */
import { expectFunction, expectInteger } from "../core/arguments.ts";
import { feeding, noteFeed } from "../core/feeding.ts";
import { INSPECT } from "../core/inspection.ts";
import { Backlog, type BroadcastStatistics } from "./backlog.ts";
import { ClosedChannelError } from "./errors.ts";
import { inWords } from "./passage.ts";
import { type SubscribeOptions, Subscription } from "./subscription.ts";

/**
 * Sends every item to every subscriber, without waiting.
 *
 * A subscriber receives what is sent after it subscribed. The last `capacity` items are kept for those who are behind;
 * who falls further behind misses items, and is told how many. Prints as
 * `Broadcast { size: 2, capacity: 16, sent: 7, subscribers: 3, receiving: 1, closed: false }`.
 *
 * @example
 * ```ts
 * import { Broadcast } from "ambit";
 *
 * const prices = new Broadcast<number>(2);
 * const slow = prices.subscribe({ onLag: (missed) => missed }); // would throw a LaggedError without onLag
 * for (const price of [10, 11, 12]) prices.send(price);
 * prices.close();
 * const seen: number[] = [];
 * for await (const price of slow) seen.push(price);
 * seen; // => [11, 12]
 * ```
 */
export class Broadcast<T> implements Disposable {
  readonly #backlog: Backlog<T>;

  /**
   * @param capacity how many items are kept for those who are behind, an integer of at least 1
   * @throws RangeError for any other number
   */
  constructor(capacity: number) {
    expectInteger("capacity", capacity, 1);
    this.#backlog = new Backlog(capacity);
  }

  /**
   * Sends an item to all who have subscribed; returns how many they are. With none, the item is dropped.
   * @throws {@link ClosedChannelError} when the broadcast is closed
   */
  send(item: T): number {
    if (this.#backlog.closed) throw new ClosedChannelError(`send on ${this[INSPECT]()}`);
    if (feeding.noted) noteFeed(this.#backlog, "send");
    return this.#backlog.send(item);
  }

  /**
   * A new subscription, which receives what is sent from now on. Close it when it is done with, for as long as there is one
   * items are kept.
   * @throws {@link ClosedChannelError} when the broadcast is closed
   */
  subscribe(options: SubscribeOptions = {}): Subscription<T> {
    if (options.onLag !== undefined) expectFunction("options.onLag", options.onLag);
    if (this.#backlog.closed) throw new ClosedChannelError(`subscribe to ${this[INSPECT]()}`);
    return new Subscription(this.#backlog, options);
  }

  /** Ends it: subscribers receive what is left for them, then the end. May be called again. */
  close(): void {
    this.#backlog.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The numbers of the moment, frozen. */
  statistics(): BroadcastStatistics {
    return this.#backlog.statistics();
  }

  /** @internal */
  [INSPECT](): string {
    return `Broadcast ${inWords(this.statistics())}`;
  }
}
