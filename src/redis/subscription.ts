/*
 * Subscriptions: published messages as an async iterator.
 *
 * Strategy: each has a connection of its own, so a slow reader holds nobody else up: with so many messages unread, the
 * socket is paused, and the server keeps what comes (up to its `client-output-buffer-limit`, then it ends the
 * connection). A connection that broke comes back and subscribes again; what was published meanwhile nobody has kept, and
 * so the subscription says that there was a gap.
 * Limits: in a cluster the driver subscribes again, and tells of no gap.
 */
import type { Redis as DriverRedis } from "ioredis";
import { expectFunction, expectInteger, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Connection } from "./connection.ts";
import { RedisConnectionError } from "./errors.ts";
import { MessageBuffer } from "./messageBuffer.ts";

/** A message that was published. */
export interface RedisMessage<M = string> {
  readonly channel: string;
  readonly message: M;
  /** The pattern by which it was subscribed to; null for a channel by its name. */
  readonly pattern: string | null;
  /** True for the first message after the connection was lost and came back: others may be missing before it. */
  readonly afterGap: boolean;
}

/** What else to subscribe to, and how. */
export interface RedisSubscribeOptions {
  /** Patterns of channels, such as `"news.*"`. */
  readonly patterns?: readonly string[];
  /** Channels of single shards of a cluster (SSUBSCRIBE). */
  readonly shardChannels?: readonly string[];
  /** With so many messages unread the server is held back, an integer of at least 1. Default 1000. */
  readonly bufferSize?: number;
  /** Messages as bytes. Default false: text. */
  readonly bytes?: boolean;
  /** Called when the connection was lost and is back: messages may be missing, none will be from now on. */
  readonly onGap?: () => void;
}

/** What a subscription is doing; its `statistics` method tells. */
export interface RedisSubscriptionStatistics {
  /** Whether the server knows of it now. */
  readonly connected: boolean;
  /** Messages that came and were not read. */
  readonly unread: number;
  /** True while the server is held back because of them. */
  readonly paused: boolean;
  /** Messages that came, in all, and how often there was a gap. */
  readonly received: number;
  readonly gaps: number;
}

/** What is subscribed to. @internal */
export interface Topics {
  readonly subscribe: readonly string[];
  readonly psubscribe: readonly string[];
  readonly ssubscribe: readonly string[];
}

/** The topics of a call of `subscribe`, checked. @internal */
export function topicsOf(channels: unknown, options: RedisSubscribeOptions): Topics {
  const { patterns = [], shardChannels = [], bufferSize, onGap } = options;
  if (bufferSize !== undefined) expectInteger("options.bufferSize", bufferSize, 1);
  if (onGap !== undefined) expectFunction("options.onGap", onGap);
  const topics: Topics = {
    subscribe: typeof channels === "string" ? [channels] : namesOf("channels", channels),
    psubscribe: namesOf("options.patterns", patterns),
    ssubscribe: namesOf("options.shardChannels", shardChannels),
  };
  if (Object.values(topics).every((names: readonly string[]) => names.length === 0))
    throw new RangeError("Expected `channels` to name at least one channel, got none");
  return topics;
}

function namesOf(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return [...value];
  throw wrongType(name, "a string, or an array of strings", value);
}

/**
 * A subscription to channels: an async iterator of what is published there. `redis.subscribe` makes it; close it.
 *
 * One task may read at a time. Prints as `RedisSubscription { connected: true, unread: 0, gaps: 0 }`.
 *
 * **Cancellation:** a cancelled `next` has taken no message: it is the next call's.
 */
export class RedisSubscription<M = string> implements AsyncIterableIterator<RedisMessage<M>> {
  readonly #connection: Connection;
  readonly #topics: Topics;
  readonly #onGap: (() => void) | undefined;
  readonly #onClose: (subscription: object) => void;
  readonly #buffer: MessageBuffer<RedisMessage<M>>;
  readonly #loop: Loop = getRunningLoop();
  #connected = false;
  #established = false;
  #afterGap = false;
  #gaps = 0;

  /** @internal */
  constructor(
    connection: Connection,
    topics: Topics,
    options: RedisSubscribeOptions,
    onClose: (subscription: object) => void,
  ) {
    this.#connection = connection;
    this.#topics = topics;
    this.#onGap = options.onGap;
    this.#onClose = onClose;
    this.#buffer = new MessageBuffer(options.bufferSize ?? 1000, () => {
      return connection.driver.isCluster ? null : (connection.driver as DriverRedis).stream;
    });
    this.#listen(options.bytes === true ? "Buffer" : "");
    connection.onReady = () => this.#ready();
    connection.onLost = () => this.#lost();
  }

  #listen(kind: "" | "Buffer"): void {
    const { driver } = this.#connection;
    const put = (pattern: string | null, channel: unknown, message: unknown): void =>
      this.#put(pattern, channel, message as M);
    driver.on(`message${kind}`, (channel: unknown, message: unknown) =>
      put(null, channel, message),
    );
    driver.on(`smessage${kind}`, (channel: unknown, message: unknown) =>
      put(null, channel, message),
    );
    driver.on(`pmessage${kind}`, (pattern: unknown, channel: unknown, message: unknown) =>
      put(String(pattern), channel, message),
    );
  }

  #put(pattern: string | null, channel: unknown, message: M): void {
    const afterGap = this.#afterGap;
    this.#afterGap = false;
    this.#buffer.put({ channel: String(channel), message, pattern, afterGap });
  }

  /** Subscribes for the first time; settles when nothing that is published from now on is missed. @internal */
  async establish(): Promise<void> {
    try {
      await this.#connection.opened("SUBSCRIBE");
      await this.#subscribe();
      this.#established = this.#connected = true;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #subscribe(): Promise<void> {
    for (const [name, topics] of Object.entries(this.#topics) as [string, readonly string[]][]) {
      // In a cluster, the shard channels of one call would have to lie in one shard.
      const calls = name === "ssubscribe" ? topics.map((topic) => [topic]) : [topics];
      for (const names of calls)
        if (names.length > 0) await this.#connection.request(name, [...names]);
    }
  }

  /** The connection is back. */
  #ready(): void {
    if (!this.#established || this.#connection.driver.isCluster) return;
    this.#afterGap = true;
    void this.#subscribeAgain();
  }

  async #subscribeAgain(): Promise<void> {
    try {
      await this.#subscribe();
    } catch (error) {
      // Either it broke again, and comes back again, or it has to.
      return this.#connection.closed ? undefined : this.#connection.giveUp(error as Error);
    }
    this.#connected = true;
    this.#gaps++;
    const onGap = this.#onGap;
    if (onGap !== undefined) this.#loop.guard(onGap);
  }

  #lost(): void {
    this.#connected = false;
    const { driver, closed, trouble } = this.#connection;
    if (closed || driver.status !== "end" || !this.#established) return;
    // The options say that it is not to be sought again.
    const words = "the connection is lost, and is not sought again";
    this.#buffer.fail(new RedisConnectionError("SUBSCRIBE", words, true, trouble ?? undefined));
  }

  /**
   * The next message; `done` when the subscription is closed.
   * @throws {@link RedisConnectionError} when the connection is lost for good (`retryStrategy` has given it up)
   * @throws InvalidStateError when another task is reading
   */
  async next(): Promise<IteratorResult<RedisMessage<M>>> {
    const message = this.#buffer.takeNow() ?? (await this.#buffer.take("RedisSubscription.next"));
    return message === null ? { done: true, value: undefined } : { done: false, value: message };
  }

  /** Closes it. */
  async return(): Promise<IteratorResult<RedisMessage<M>>> {
    await this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The state of the moment, frozen. */
  statistics(): RedisSubscriptionStatistics {
    const { size, paused, received } = this.#buffer;
    return Object.freeze({
      connected: this.#connected,
      unread: size,
      paused,
      received,
      gaps: this.#gaps,
    });
  }

  /**
   * Closes it and its connection; what is unread is dropped.
   *
   * **Cancellation:** it is done to its end.
   */
  async close(): Promise<void> {
    this.#buffer.end();
    this.#connected = false;
    this.#onClose(this);
    await this.#connection.destroy();
  }

  /** As {@link RedisSubscription.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const { connected, unread, gaps } = this.statistics();
    return `RedisSubscription { connected: ${connected}, unread: ${unread}, gaps: ${gaps} }`;
  }
}
