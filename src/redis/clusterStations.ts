/*
 * The nodes of a cluster at which tasks have connections for themselves.
 *
 * Strategy: the driver knows which node has which slot; connections to a node are made here. When a node says that the
 * keys are elsewhere, or is not there, the driver looks anew and the body is called again, until `connectTimeout` is over.
 * A node that has left the cluster is forgotten when nobody has a connection to it.
 * Limits: commands of many keys need them in one slot, as everywhere in a cluster.
 */
import type { Cluster } from "ioredis";
import { getRunningLoop } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { suspend } from "../core/suspend.ts";
import type { Sendable } from "./call.ts";
import type { Connection } from "./connection.ts";
import { DedicatedPool } from "./dedicatedPool.ts";
import { RedisClosedError, RedisClusterError, RedisConnectionError } from "./errors.ts";
import type { Station, Stations } from "./stations.ts";

/** Makes a connection to a node: one that comes back by itself, or one that ends when it breaks. @internal */
export type NodeDialer = (host: string, port: number, lasting: boolean) => Connection;

/** Milliseconds before it is tried again. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 200;

/** Answers that say that nothing was done here, and that it may be elsewhere, or later. */
const ELSEWHERE: readonly string[] = ["MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"];

class NodeStation implements Station {
  readonly pool: DedicatedPool;
  readonly #dial: (lasting: boolean) => Connection;
  #control: Connection | null = null;

  constructor(dial: (lasting: boolean) => Connection, limit: number) {
    this.#dial = dial;
    this.pool = new DedicatedPool(() => dial(false), limit);
  }

  get control(): Connection {
    return (this.#control ??= this.#dial(true));
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.#control?.destroy()]);
  }
}

/** @internal */
export class ClusterStations implements Stations {
  readonly #cluster: Connection;
  readonly #dial: NodeDialer;
  readonly #limit: number;
  readonly #stations = new Map<string, NodeStation>();
  /** Nodes that have left, while their connections are being closed. */
  readonly #leaving = new Set<Promise<void>>();
  #closed = false;

  /** `limit` is how many connections there may be for each node. */
  constructor(cluster: Connection, dial: NodeDialer, limit: number) {
    this.#cluster = cluster;
    this.#dial = dial;
    this.#limit = limit;
  }

  async at<T>(keyed: Sendable, body: (station: Station) => Promise<T>): Promise<T> {
    const { title } = keyed.command;
    const cluster = this.#cluster;
    const until = getRunningLoop().time() + cluster.limits.connectTimeout;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      if (!cluster.ready) await cluster.opened(title);
      try {
        return await body(this.#stationOf(keyed));
      } catch (error) {
        if (!isElsewhere(error) || getRunningLoop().time() >= until) throw error;
      }
      await sleep(pause);
      await this.#lookAnew();
    }
  }

  #stationOf(keyed: Sendable): NodeStation {
    const { title } = keyed.command;
    if (this.#closed) throw new RedisClosedError(title);
    const { slots } = this.#cluster.driver as Cluster;
    const key = slots[this.#cluster.slotOf(keyed)]?.[0];
    if (key === undefined)
      throw new RedisClusterError(title, "no node is known to have the slot", "CLUSTERDOWN");
    let station = this.#stations.get(key);
    if (station === undefined) {
      const colon = key.lastIndexOf(":");
      const [host, port] = [key.slice(0, colon), Number(key.slice(colon + 1))];
      station = new NodeStation((lasting) => this.#dial(host, port, lasting), this.#limit);
      this.#stations.set(key, station);
    }
    return station;
  }

  /** Has the driver ask the cluster which node has what. */
  async #lookAnew(): Promise<void> {
    const driver = this.#cluster.driver as Cluster;
    await suspend<void>(
      (wait) => driver.refreshSlotsCache(() => wait.resolve()),
      undefined,
      "redis cluster slots",
    );
    const present = new Set(driver.slots.flat());
    for (const [key, station] of this.#stations) {
      if (present.has(key) || station.pool.lent + station.pool.waiting > 0) continue;
      this.#stations.delete(key);
      const leaving = station.close().finally(() => this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
    }
  }

  get lent(): number {
    return this.#sum((pool) => pool.lent);
  }

  get spare(): number {
    return this.#sum((pool) => pool.spare);
  }

  get waiting(): number {
    return this.#sum((pool) => pool.waiting);
  }

  #sum(count: (pool: DedicatedPool) => number): number {
    return [...this.#stations.values()].reduce((sum, { pool }) => sum + count(pool), 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([
      ...Array.from(this.#stations.values(), (station) => station.close()),
      ...this.#leaving,
    ]);
  }
}

function isElsewhere(error: unknown): boolean {
  if (error instanceof RedisConnectionError) return !error.sent;
  return error instanceof RedisClusterError && ELSEWHERE.includes(error.code);
}
