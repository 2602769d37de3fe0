/*
 * The numbers of a pool.
 */

/** What `pool.statistics()` tells. */
export interface PoolStatistics {
  /** Connections, with those being opened. */
  readonly size: number;
  readonly idle: number;
  readonly inUse: number;
  readonly opening: number;
  /** How many wait for one. */
  readonly waiting: number;
  /** How many were opened, and how many of them broke or were destroyed, since the pool was made. */
  readonly opened: number;
  readonly destroyed: number;
  /** How often the server was asked to stop a statement. */
  readonly kills: number;
  /** How many were not released by who had acquired them. */
  readonly leaked: number;
}
