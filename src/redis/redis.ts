/*
 * The client: one connection that all tasks share, and more where a task needs one for itself.
 *
 * Strategy: ordinary commands go over the shared connection, in the order of their calls, without waiting for each
 * other's answers. What blocks, watches or listens gets a connection of its own. See connection.ts for what a cancel
 * does, blockedCall.ts for how a blocked command is ended.
 */
import { Cluster, type ClusterNode, Redis as DriverRedis } from "ioredis";
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import type { RedisResult } from "./batch.ts";
import { BlockingCalls } from "./blockedCall.ts";
import {
  type ClusterSettings,
  clusterSettingsOf,
  type RedisClusterOptions,
} from "./clusterOptions.ts";
import {
  commandNamed,
  installCommands,
  type KnownCommand,
  misuse,
  type RedisCommands,
  type ReplyEncoding,
} from "./commandNames.ts";
import { Connection, type Driver } from "./connection.ts";
import { DedicatedPool } from "./dedicatedPool.ts";
import type { RedisServerAddress } from "./diagnostics.ts";
import { RedisClosedError } from "./errors.ts";
import { RedisPipeline } from "./pipeline.ts";
import { type RedisOptions, type Settings, settingsOf } from "./options.ts";
import {
  type Page,
  type Pager,
  pair,
  Scan,
  scanArguments,
  type ScanKeysOptions,
  type ScanOptions,
  scored,
  single,
} from "./scan.ts";
import { evaluate, type RedisScript, type ScriptValue } from "./script.ts";
import { type LeaseOptions, Leases } from "./leases.ts";
import { RedisLock } from "./redisLock.ts";
import { RedisSemaphore } from "./redisSemaphore.ts";
import { type RedisStatistics, statisticsOf } from "./statistics.ts";
import { type ConsumeOptions, RedisGroupConsumer } from "./streamGroup.ts";
import { type ReadStreamOptions, RedisStreamReader } from "./streamReader.ts";
import { RedisSubscription, type RedisSubscribeOptions, topicsOf } from "./subscription.ts";
import { RedisTransaction } from "./transaction.ts";
import { WakeLine } from "./wakeLine.ts";
import { runWatched, type WatchedRedis, type WatchOptions } from "./watching.ts";

/** How connections are made. @internal */
export interface Dialer {
  /** A connection that comes back by itself, or one that ends when it breaks. */
  dial(lasting: boolean): Connection;
  readonly settings: Settings | ClusterSettings;
}

/** Every command, as a method that is awaited. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `installCommands` gives the class what the interface says.
export interface Redis extends RedisCommands {}

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
 * ```ts no-run
 * import { createRedis } from "ambit/redis";
 *
 * await using redis = createRedis("redis://localhost:6379");
 * await redis.set("greeting", "hello", "EX", 60);
 * const greeting = await redis.get("greeting");
 * ```
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `installCommands` gives the class what the interface says.
export class Redis implements AsyncDisposable {
  /** The shared connection. @internal */
  readonly connection: Connection;
  /** @internal */
  readonly dialer: Dialer;
  /** @internal */
  readonly dedicated: DedicatedPool;
  /** @internal */
  readonly blocking: BlockingCalls;
  /** What else is open: subscriptions. @internal */
  readonly open: Set<{ close(): Promise<void> }> = new Set();

  /** @internal */
  constructor(dialer: Dialer) {
    this.dialer = dialer;
    this.connection = dialer.dial(true);
    this.dedicated = new DedicatedPool(
      () => dialer.dial(false),
      dialer.settings.dedicatedConnections,
    );
    this.blocking = new BlockingCalls(this.dedicated, () => this.connection);
  }

  /** @internal */
  send(command: KnownCommand, encoding: ReplyEncoding, args: unknown[]): Promise<unknown> {
    const wrong = misuse(command, args);
    if (wrong !== null) return Promise.reject(wrong);
    if (command.blocks?.(args) === true) {
      if (this.connection.driver.isCluster) return Promise.reject(notInCluster(command.title));
      return this.blocking.run({ command, encoding, args });
    }
    return this.connection.send(command, encoding, args);
  }

  /** A pipeline: commands that are sent in one piece. */
  pipeline(): RedisPipeline {
    return new RedisPipeline(this.connection);
  }

  /** A transaction: commands that are carried out together, with nothing in between. */
  multi(): RedisTransaction {
    return new RedisTransaction(this.connection);
  }

  /**
   * An optimistic transaction: watches the keys, runs the body, which reads and returns a transaction, and carries that
   * out if no watched key has changed meanwhile; otherwise it all begins again.
   *
   * **Cancellation:** leaves nothing watched; the transaction is carried out whole, or not at all.
   *
   * @param body is called once for each attempt, with a connection of its own; without a transaction, nothing is written
   * @returns the results of the transaction; null when the body returned none
   * @throws {@link RedisWatchError} when every attempt found a key changed
   *
   * @example
   * ```ts no-run
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis();
   * await redis.watch(["balance"], async (watched) => {
   *   const balance = Number(await watched.get("balance"));
   *   return balance < 5 ? null : watched.multi().set("balance", balance - 5);
   * });
   * ```
   */
  watch(
    keys: readonly (string | Buffer)[],
    body: (redis: WatchedRedis) => PromiseLike<RedisTransaction | null | undefined>,
    options: WatchOptions = {},
  ): Promise<RedisResult[] | null> {
    if (this.connection.driver.isCluster) return Promise.reject(notInCluster("WATCH"));
    return runWatched(this.dedicated, keys, body, options);
  }

  /**
   * Runs a script (`defineScript`), by its hash; its text is sent only when the server does not know it.
   *
   * **Cancellation:** as for any command: what was sent runs to its end.
   *
   * @throws {@link RedisScriptError} when it fails
   */
  evaluate<T>(
    script: RedisScript<T>,
    keys: readonly ScriptValue[] = [],
    args: readonly ScriptValue[] = [],
  ): Promise<T> {
    return evaluate(this.connection, script, keys, args);
  }

  /**
   * A lock that programs on many machines share: one holder at a time. Nothing is sent yet.
   *
   * @param name the same for all who share it
   */
  lock(name: string, options: LeaseOptions = {}): RedisLock {
    return new RedisLock(new Leases(this, "lock", name, 1, options));
  }

  /**
   * A semaphore that programs on many machines share: so many holders at a time. Nothing is sent yet.
   *
   * @param name the same for all who share it
   * @param permits how many holders there may be, an integer of at least 1, the same for all
   */
  semaphore(name: string, permits: number, options: LeaseOptions = {}): RedisSemaphore {
    return new RedisSemaphore(new Leases(this, "semaphore", name, permits, options));
  }

  #wakeLine: WakeLine | null = null;

  /** Where those who wait for locks are woken. @internal */
  get wakeLine(): WakeLine {
    return (this.#wakeLine ??= new WakeLine(this.dialer.dial(true)));
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
   * ```ts no-run
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis();
   * await using news = await redis.subscribe("news", { patterns: ["alerts.*"] });
   * for await (const { channel, message, afterGap } of news) {
   *   if (afterGap) console.log("something may be missing here");
   *   console.log(channel, message);
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
    const connection = this.dialer.dial(true);
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
   * ```ts no-run
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis();
   * for await (const { id, fields } of redis.readStream("orders", { from: "0" })) console.log(id, fields);
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

  /**
   * All keys (SCAN), page by page; in a cluster, those of all its masters. A key may come twice.
   *
   * **Cancellation:** nothing is lost but the scan; the server keeps nothing of it.
   */
  scanIter(options: ScanKeysOptions = {}): AsyncIterableIterator<string> {
    return new Scan(this.#keyPagers(scanArguments(options)), 1, single);
  }

  /** The fields of a hash and their values (HSCAN), page by page. */
  hscanIter(key: string, options: ScanOptions = {}): AsyncIterableIterator<[string, string]> {
    return new Scan([this.#pagerOf("hscan", key, options)], 2, pair);
  }

  /** The members of a set (SSCAN), page by page. */
  sscanIter(key: string, options: ScanOptions = {}): AsyncIterableIterator<string> {
    return new Scan([this.#pagerOf("sscan", key, options)], 1, single);
  }

  /** The members of a sorted set and their scores (ZSCAN), page by page, in no order. */
  zscanIter(key: string, options: ScanOptions = {}): AsyncIterableIterator<[string, number]> {
    return new Scan([this.#pagerOf("zscan", key, options)], 2, scored);
  }

  #pagerOf(name: string, key: string, options: ScanOptions): Pager {
    const command = commandNamed(name);
    const rest = scanArguments(options);
    return (cursor) =>
      this.connection.send(command, "utf8", [key, cursor, ...rest]) as Promise<Page>;
  }

  *#keyPagers(rest: readonly unknown[]): Iterable<Pager> {
    const { connection } = this;
    if (!connection.driver.isCluster) {
      yield (cursor) =>
        connection.send(commandNamed("scan"), "utf8", [cursor, ...rest]) as Promise<Page>;
      return;
    }
    for (const node of (connection.driver as Cluster).nodes("master"))
      yield (cursor) => node.call("scan", cursor, ...(rest as string[])) as Promise<Page>;
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
    await Promise.all([...others, line, this.dedicated.close(), this.connection.close()]);
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

installCommands(Redis.prototype);

/**
 * Makes a client. It connects when the first command is called; commands wait for that.
 *
 * @param url such as `"redis://user:password@localhost:6379/0"`, `"rediss://…"` for TLS, `"redis+unix:///path"`; left out,
 *   port 6379 of this machine
 * @param options Ambit's and ioredis's; with `sentinels` and `name`, the master is found by those
 * @throws TypeError, RangeError when the URL is none, or an option is not what it should be
 */
export function createRedis(url?: string, options?: RedisOptions): Redis;
export function createRedis(options: RedisOptions): Redis;
export function createRedis(first?: string | RedisOptions, second?: RedisOptions): Redis {
  const byOptions = typeof first === "object" && first !== null;
  const settings = settingsOf(byOptions ? undefined : first, byOptions ? first : (second ?? {}));
  const server = serverOf(settings);
  return new Redis({
    settings,
    dial: (lasting) => {
      const options = lasting ? settings.driver : { ...settings.driver, retryStrategy: null };
      return new Connection(new DriverRedis(options as RedisOptions), settings, server);
    },
  });
}

/**
 * Makes a client, as {@link createRedis}, and waits until the server can be talked to.
 *
 * **Cancellation:** closes the client.
 *
 * @throws {@link RedisConnectionError} when that takes longer than `connectTimeout`
 * @throws {@link RedisPermissionError} when the server does not accept the password
 */
export async function connect(url?: string, options?: RedisOptions): Promise<Redis> {
  const redis = createRedis(url, options);
  try {
    await redis.ready();
    return redis;
  } catch (error) {
    await redis.close();
    throw error;
  }
}

/**
 * Makes a client for a cluster, of which some nodes are named; the driver finds the others, and follows redirections.
 *
 * In a cluster the driver repeats a command when the cluster moves its key; keys of one command, pipeline or transaction
 * must lie in one slot (`{tag}`). Commands that block and `watch` need a connection of their own to one node, which the
 * driver does not give: they are refused.
 */
export function createRedisCluster(
  nodes: readonly ClusterNode[],
  options: RedisClusterOptions = {},
): Redis {
  if (!Array.isArray(nodes) || nodes.length === 0)
    throw wrongType("nodes", "an array of at least one node", nodes);
  const settings = clusterSettingsOf(options);
  const server = addressOf(nodes[0]);
  return new Redis({
    settings,
    dial: () => {
      const driver: Driver = new Cluster([...nodes], settings.driver as never);
      return new Connection(driver, settings, server);
    },
  });
}

/** The node that was named first stands for the cluster. */
function addressOf(node: ClusterNode | undefined): RedisServerAddress {
  const namespace = "0";
  if (typeof node === "object")
    return { namespace, address: node.host ?? "localhost", port: node.port ?? 6379 };
  if (typeof node === "number") return { namespace, address: "localhost", port: node };
  return { namespace, address: String(node), port: undefined };
}

function notInCluster(title: string): TypeError {
  const words =
    "needs a connection of its own to one node of the cluster, which the driver does not give";
  return new TypeError(`${title} ${words}: make a client for that node`);
}

function serverOf({ driver }: Settings): RedisServerAddress {
  const { host = "localhost", port = 6379, path, db = 0, sentinels, name } = driver;
  const namespace = String(db);
  if (sentinels) return { namespace, address: name ?? "sentinel", port: undefined };
  if (path) return { namespace, address: path, port: undefined };
  return { namespace, address: host, port };
}
