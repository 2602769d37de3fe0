/*
 * The client: one connection that all tasks share, and more where a task needs one for itself.
 *
 * Strategy: commands are commandClient.ts's; here is what else stands on connections: locks, subscriptions, streams, and
 * the end of all of them.
 */
import { INSPECT } from "../core/inspection.ts";
import type { ClusterSettings } from "./clusterOptions.ts";
import { CommandClient } from "./commandClient.ts";
import type { Connection } from "./connection.ts";
import { RedisClosedError } from "./errors.ts";
import type { Settings } from "./options.ts";
import { type LeaseOptions, Leases } from "./leases.ts";
import { RedisLock } from "./redisLock.ts";
import { RedisSemaphore } from "./redisSemaphore.ts";
import type { Stations } from "./stations.ts";
import { type RedisStatistics, statisticsOf } from "./statistics.ts";
import { type ConsumeOptions, RedisGroupConsumer } from "./streamGroup.ts";
import { type ReadStreamOptions, RedisStreamReader } from "./streamReader.ts";
import { RedisSubscription, type RedisSubscribeOptions, topicsOf } from "./subscription.ts";
import { WakeLine } from "./wakeLine.ts";

/** How connections are made. @internal */
export interface Dialer {
  /** A connection that comes back by itself. */
  dial(): Connection;
  /** Where there are connections of one's own, beside this shared one. */
  stations(shared: Connection): Stations;
  readonly settings: Settings | ClusterSettings;
}

/**
 * A Redis client. Make one with `createRedis` or `connect`, and close it.
 *
 * Every command is a method (`redis.hset("user:1", { name: "Ada" })`), typed as ioredis has it; with `Buffer` at the end of
 * its name it answers in bytes. Commands of all tasks share one connection and are carried out in the order of their
 * calls. Prints as `Redis { status: "ready", inFlight: 2 }`.
 *
 * **Cancellation:** a command that was not sent yet is not sent. One that was sent can't be called back: its answer is
 * waited for (at most `commandTimeout`), is what the call returns, and the cancel is delivered at the next wait; so
 * nothing that was popped or counted is lost. A command that blocks (`blpop`, `blmove`, `bzpopmin`, `xread` with BLOCK) is
 * ended on the server; an element that it had popped by then is returned all the same.
 *
 * @example
 * ```ts
 * import { createRedis } from "ambit/redis";
 *
 * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
 * await redis.set("greeting", "hello", "EX", 60);
 * await redis.get("greeting"); // => "hello"
 * ```
 */
export class Redis extends CommandClient implements AsyncDisposable {
  /** @internal */
  readonly dialer: Dialer;
  /** What else is open: subscriptions. @internal */
  readonly open: Set<{ close(): Promise<void> }> = new Set();

  /** @internal */
  constructor(dialer: Dialer) {
    const shared = dialer.dial();
    super(shared, dialer.stations(shared));
    this.dialer = dialer;
  }

  /**
   * A lock that programs on many machines share: one holder at a time. Nothing is sent yet.
   *
   * @param name the same for all who share it
   *
   * @example
   * ```ts
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
   * const lock = redis.lock("report");
   * await using held = await lock.acquire();
   * held.token; // => 1
   * ```
   */
  lock(name: string, options: LeaseOptions = {}): RedisLock {
    return new RedisLock(new Leases(this, "lock", name, 1, options));
  }

  /**
   * A semaphore that programs on many machines share: so many holders at a time. Nothing is sent yet.
   *
   * @param name the same for all who share it
   * @param permits how many holders there may be, an integer of at least 1, the same for all
   *
   * @example
   * ```ts
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
   * const mails = redis.semaphore("mails", 2);
   * await using first = await mails.acquire();
   * await using second = await mails.acquire();
   * [first, second].map(({ lost }) => lost); // => [false, false]
   * ```
   */
  semaphore(name: string, permits: number, options: LeaseOptions = {}): RedisSemaphore {
    return new RedisSemaphore(new Leases(this, "semaphore", name, permits, options));
  }

  #wakeLine: WakeLine | null = null;

  /** Where those who wait for locks are woken. @internal */
  get wakeLine(): WakeLine {
    return (this.#wakeLine ??= new WakeLine(this.dialer.dial()));
  }

  /**
   * Subscribes to channels. Settles when the server knows of it: nothing that is published after that is missed, as long as
   * the connection holds.
   *
   * **Cancellation:** there is no subscription then, and no connection.
   *
   * @param channels one or more names; none when `options` names patterns or channels of shards
   * @throws {@link RedisConnectionError} when there is no connection in time
   *
   * @example
   * ```ts
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
   * await using news = await redis.subscribe("news", { patterns: ["alerts.*"] });
   * await redis.publish("alerts.fire", "third floor");
   * for await (const { channel, message, afterGap } of news) {
   *   if (afterGap) console.log("something may be missing here");
   *   console.log(channel, message); // => alerts.fire third floor
   *   break;
   * }
   * ```
   */
  subscribe(
    channels: string | readonly string[],
    options: RedisSubscribeOptions & { readonly bytes: true },
  ): Promise<RedisSubscription<Buffer>>;
  subscribe(
    channels: string | readonly string[],
    options?: RedisSubscribeOptions,
  ): Promise<RedisSubscription>;
  async subscribe(
    channels: string | readonly string[],
    options: RedisSubscribeOptions = {},
  ): Promise<RedisSubscription<never>> {
    const topics = topicsOf(channels, options);
    if (this.connection.closed) throw new RedisClosedError("SUBSCRIBE");
    const forget = (subscription: object): void =>
      void this.open.delete(subscription as RedisSubscription<never>);
    const connection = this.dialer.dial();
    const subscription = new RedisSubscription<never>(connection, topics, options, forget);
    this.open.add(subscription);
    await subscription.establish();
    return subscription;
  }

  /**
   * Reads streams (XREAD): their entries as an async iterator, waited for, that goes on where it was when the connection is
   * lost: no entry is lost, none comes twice.
   *
   * @param streams the key of a stream; or of several, each with the id after which to begin
   *
   * @example
   * ```ts
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
   * await redis.xadd("orders", "*", "item", "tea");
   * for await (const { fields } of redis.readStream("orders", { from: "0" })) {
   *   console.log(fields["item"]); // => tea
   *   break;
   * }
   * ```
   */
  readStream(
    streams: string | Readonly<Record<string, string>>,
    options: ReadStreamOptions = {},
  ): RedisStreamReader {
    return new RedisStreamReader(this, streams, options);
  }

  /**
   * Reads a stream as one consumer of a group (XREADGROUP), which is made if it is not there. Each entry is handed to one
   * of the group, and comes again until it is acknowledged.
   *
   * @example
   * ```ts no-run
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis();
   * for await (const entry of redis.consumeStream("orders", "billing", { consumer: "billing-1" })) {
   *   console.log(entry.fields);
   *   await entry.ack();
   * }
   * ```
   */
  consumeStream(stream: string, group: string, options: ConsumeOptions): RedisGroupConsumer {
    return new RedisGroupConsumer(this, stream, group, options);
  }

  /** Waits until the server can be talked to. Commands wait for that themselves. */
  async ready(): Promise<void> {
    await this.connection.opened("connect");
  }

  /** The state of the moment, frozen. */
  statistics(): RedisStatistics {
    return statisticsOf(this);
  }

  /**
   * Closes the client: waits for the answers that are due, ends what blocks or listens, and closes every connection.
   *
   * **Cancellation:** it is done to its end.
   */
  async close(): Promise<void> {
    const others = [...this.open].map((each) => each.close());
    const line = this.#wakeLine?.close();
    await Promise.all([...others, line, this.stations.close(), this.connection.close()]);
  }

  /** As {@link Redis.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const { status, inFlight } = this.statistics();
    return `Redis { status: "${status}", inFlight: ${inFlight} }`;
  }
}
