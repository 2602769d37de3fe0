/*
 * What a client is doing, for who watches it.
 */
import type { BlockingCalls } from "./blockedCall.ts";
import type { Connection } from "./connection.ts";
import type { Stations } from "./stations.ts";

/** What `redis.statistics()` tells. */
export interface RedisStatistics {
  /** Of the shared connection: `"ready"`, or what the driver does about it: `"wait"`, `"connecting"`, `"reconnecting"`, `"end"`. */
  readonly status: string;
  /** Commands that were sent over it, in all. */
  readonly sent: number;
  /** Commands that wait for their answers there, and that wait for a connection. */
  readonly inFlight: number;
  readonly waiting: number;
  /** How often it was lost and came back. */
  readonly reconnections: number;
  /** Commands that block on the server. */
  readonly blocked: number;
  /** Connections of their own that tasks have, that are kept for the next, and how many wait for one. */
  readonly dedicated: number;
  readonly spare: number;
  readonly waitingForDedicated: number;
  /** Subscriptions that are open. */
  readonly subscriptions: number;
}

/** The parts that are counted. @internal */
export interface Counted {
  readonly connection: Connection;
  readonly stations: Stations;
  readonly blocking: BlockingCalls;
  readonly open: ReadonlySet<unknown>;
}

/** @internal */
export function statisticsOf(redis: Counted): RedisStatistics {
  const { connection, stations, blocking, open } = redis;
  return Object.freeze({
    status: connection.closed ? "end" : connection.driver.status,
    sent: connection.sent,
    inFlight: connection.inFlight,
    waiting: connection.waiting,
    reconnections: Math.max(0, connection.readied - 1),
    blocked: blocking.blocked,
    dedicated: stations.lent,
    spare: stations.spare,
    waitingForDedicated: stations.waiting,
    subscriptions: open.size,
  });
}
