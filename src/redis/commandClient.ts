/*
 * The commands of a client: each as a method, many together, scripts and scans.
 *
 * Strategy: ordinary commands go over the shared connection, in the order of their calls, without waiting for each
 * other's answers. What blocks or watches gets a connection of its own. See connection.ts for what a cancel does,
 * blockedCall.ts for how a blocked command is ended.
 */
import type { Cluster } from "ioredis";
import type { RedisResult } from "./batch.ts";
import { BlockingCalls } from "./blockedCall.ts";
import {
  commandNamed,
  installCommands,
  type KnownCommand,
  misuse,
  type RedisCommands,
  type ReplyEncoding,
} from "./commandNames.ts";
import type { Sendable } from "./call.ts";
import type { Connection } from "./connection.ts";
import { RedisPipeline } from "./pipeline.ts";
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
import type { Stations } from "./stations.ts";
import { RedisTransaction } from "./transaction.ts";
import { runWatched, type WatchedRedis, type WatchOptions } from "./watching.ts";

/** Every command, as a method that is awaited. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `installCommands` gives the class what the interface says.
export interface CommandClient extends RedisCommands {}

/** What a client can be told to do: every command, and commands together. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `installCommands` gives the class what the interface says.
export abstract class CommandClient {
  /** The shared connection. @internal */
  readonly connection: Connection;
  /** Where there are connections of one's own. @internal */
  readonly stations: Stations;
  /** @internal */
  readonly blocking: BlockingCalls;

  /** @internal */
  constructor(connection: Connection, stations: Stations) {
    this.connection = connection;
    this.stations = stations;
    this.blocking = new BlockingCalls(stations);
  }

  /** @internal */
  send(command: KnownCommand, encoding: ReplyEncoding, args: unknown[]): Promise<unknown> {
    const wrong = misuse(command, args);
    if (wrong !== null) return Promise.reject(wrong);
    if (command.blocks?.(args) === true) return this.#sendBlocking({ command, encoding, args });
    return this.connection.send(command, encoding, args);
  }

  #sendBlocking(sendable: Sendable): Promise<unknown> {
    if (sendable.command.name === "wait" && this.connection.driver.isCluster) {
      const words =
        "WAIT counts the replicas of one node of a cluster: make a client for that node";
      return Promise.reject(new TypeError(words));
    }
    return this.blocking.run(sendable);
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
   * @param keys in a cluster, of one slot
   * @param body is called once for each attempt, with a connection of its own; without a transaction, nothing is written
   * @returns the results of the transaction; null when the body returned none
   * @throws {@link RedisWatchError} when every attempt found a key changed
   *
   * @example
   * ```ts
   * import { createRedis } from "ambit/redis";
   *
   * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
   * await redis.set("balance", 20);
   * await redis.watch(["balance"], async (watched) => {
   *   const balance = Number(await watched.get("balance"));
   *   return balance < 5 ? null : watched.multi().set("balance", balance - 5);
   * });
   * await redis.get("balance"); // => "15"
   * ```
   */
  watch(
    keys: readonly (string | Buffer)[],
    body: (redis: WatchedRedis) => PromiseLike<RedisTransaction | null | undefined>,
    options: WatchOptions = {},
  ): Promise<RedisResult[] | null> {
    return runWatched(this.stations, keys, body, options);
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
}

installCommands(CommandClient.prototype);
