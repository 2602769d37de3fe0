/*
 * Servers at which a task can have a connection for itself: for commands that block, and for what is watched.
 *
 * Strategy: at each, a pool of such connections, and one more over which a command that blocks there is ended. A client of
 * one server has one station; a client of a cluster has one for each node (clusterStations.ts).
 */
import type { Sendable } from "./call.ts";
import type { Connection } from "./connection.ts";
import { DedicatedPool } from "./dedicatedPool.ts";

/** One server. @internal */
export interface Station {
  readonly pool: DedicatedPool;
  /** Over which commands on connections of the pool are ended. */
  readonly control: Connection;
}

/** The servers of a client. @internal */
export interface Stations {
  /**
   * Hands the body the server of a command's keys. In a cluster the body is called again, for another server, when it
   * throws that the keys are not there: so it must have done nothing then.
   */
  at<T>(keyed: Sendable, body: (station: Station) => Promise<T>): Promise<T>;
  /** Connections that are lent, that are kept for the next, and how many wait for one. */
  readonly lent: number;
  readonly spare: number;
  readonly waiting: number;
  /** Ends all connections; what runs on them fails. */
  close(): Promise<void>;
}

/** The one server of a client; commands are ended over the shared connection. @internal */
export class SingleStation implements Station, Stations {
  readonly pool: DedicatedPool;
  readonly control: Connection;

  constructor(control: Connection, open: () => Connection, limit: number) {
    this.control = control;
    this.pool = new DedicatedPool(open, limit);
  }

  at<T>(_keyed: Sendable, body: (station: Station) => Promise<T>): Promise<T> {
    return body(this);
  }

  get lent(): number {
    return this.pool.lent;
  }

  get spare(): number {
    return this.pool.spare;
  }

  get waiting(): number {
    return this.pool.waiting;
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}
