/*
 * Optimistic transactions: read what is watched, decide, write it if nobody else has.
 *
 * Strategy: WATCH belongs to a connection, so each has one of its own for its time. What it watches is let go of in any
 * case: by EXEC, by UNWATCH, or with the connection.
 */
import { sleep } from "../core/sleep.ts";
import { protect } from "../core/shield.ts";
import { expectFunction, expectInteger, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import {
  installCommands,
  type KnownCommand,
  misuse,
  type RedisCommands,
  type ReplyEncoding,
} from "./commandNames.ts";
import { commandNamed } from "./commandNames.ts";
import type { Sendable } from "./call.ts";
import type { Connection } from "./connection.ts";
import type { Dedicated, DedicatedPool } from "./dedicatedPool.ts";
import type { Station, Stations } from "./stations.ts";
import type { RedisResult } from "./batch.ts";
import { RedisWatchError } from "./errors.ts";
import { RedisTransaction } from "./transaction.ts";

/** How `watch` goes about it. */
export interface WatchOptions {
  /** How often it is tried, an integer of at least 1. Default 32. */
  readonly attempts?: number;
}

/** Every command, carried out at once; `multi` makes the transaction that is to follow. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `installCommands` gives the class what the interface says.
export interface WatchedRedis extends RedisCommands {}

/** What the body of `redis.watch` works with: a connection on which the keys are watched. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `installCommands` gives the class what the interface says.
export class WatchedRedis {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** A transaction that is carried out only if no watched key has changed: return it from the body. */
  multi(): RedisTransaction {
    return new RedisTransaction(this.#connection);
  }

  /** @internal */
  send(command: KnownCommand, encoding: ReplyEncoding, args: unknown[]): Promise<unknown> {
    const wrong = misuse(command, args);
    if (wrong !== null) return Promise.reject(wrong);
    if (command.blocks?.(args) === true)
      return Promise.reject(
        new TypeError(`${command.title} while keys are watched: call it before`),
      );
    return this.#connection.send(command, encoding, args);
  }

  /** @internal */
  [INSPECT](): string {
    return "WatchedRedis {}";
  }
}

installCommands(WatchedRedis.prototype);

/** @internal */
export type WatchBody = (redis: WatchedRedis) => PromiseLike<RedisTransaction | null | undefined>;

const WATCH = commandNamed("watch");
const UNWATCH = commandNamed("unwatch");
/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 50;

/** Runs the body until its transaction goes through. @internal */
export async function runWatched(
  stations: Stations,
  keys: readonly unknown[],
  body: WatchBody,
  options: WatchOptions,
): Promise<RedisResult[] | null> {
  expectFunction("body", body);
  const { attempts = 32 } = options;
  expectInteger("options.attempts", attempts, 1);
  if (keys.length === 0) throw new RangeError("Expected `keys` to name at least one key, got none");
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const outcome = await attemptOnce(stations, keys, body);
    if (outcome.done) return outcome.results;
    if (attempt < attempts) await sleep(Math.random() * Math.min(2 ** attempt, LONGEST_PAUSE));
  }
  throw new RedisWatchError(attempts);
}

interface Outcome {
  readonly done: boolean;
  readonly results: RedisResult[] | null;
}

async function attemptOnce(
  stations: Stations,
  keys: readonly unknown[],
  body: WatchBody,
): Promise<Outcome> {
  const watch: Sendable = { command: WATCH, encoding: "utf8", args: [...keys] };
  const { pool, dedicated } = await stations.at(watch, (station) => beginWatching(station, watch));
  let watching = true;
  try {
    const transaction = await body(new WatchedRedis(dedicated.connection));
    if (transaction == null) return { done: true, results: null };
    if (!(transaction instanceof RedisTransaction))
      throw wrongType("what the body returns", "a transaction, or nothing", transaction);
    const results = await transaction.exec();
    watching = false;
    return { done: results !== null, results };
  } finally {
    await letGo(pool, dedicated, watching);
  }
}

async function beginWatching(
  { pool }: Station,
  { command, encoding, args }: Sendable,
): Promise<{ pool: DedicatedPool; dedicated: Dedicated }> {
  const dedicated = await pool.borrow(command.title);
  try {
    await dedicated.connection.send(command, encoding, args);
    return { pool, dedicated };
  } catch (error) {
    await letGo(pool, dedicated, true);
    throw error;
  }
}

function letGo(pool: DedicatedPool, dedicated: Dedicated, watching: boolean): Promise<void> {
  return protect(async () => {
    if (watching && dedicated.connection.ready) {
      try {
        await dedicated.connection.send(UNWATCH, "utf8", []);
      } catch {
        // The connection goes, and what it watches with it.
        dedicated.reusable = false;
      }
    }
    await pool.giveBack(dedicated);
  });
}
