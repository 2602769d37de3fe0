/*
 * How a client for a cluster is made.
 */
import type { ClusterOptions, RedisOptions as DriverOptions } from "ioredis";
import { type RedisOptions, type Settings, settingsOf } from "./options.ts";

/** Options of the driver's that Ambit sets. */
type Managed =
  | "enableAutoPipelining"
  | "enableOfflineQueue"
  | "lazyConnect"
  | "redisOptions"
  | "replyMapping"
  | "scripts";

/** How a client for a cluster is made. */
export interface RedisClusterOptions
  extends
    Omit<ClusterOptions, Managed>,
    Pick<RedisOptions, "commandTimeout" | "connectTimeout" | "dedicatedConnections"> {
  /** For each node's connection: user, password, TLS. */
  readonly redisOptions?: Omit<
    RedisOptions,
    "commandTimeout" | "connectTimeout" | "dedicatedConnections" | "host" | "port" | "path" | "db"
  >;
}

/** @internal */
export interface ClusterSettings extends Omit<Settings, "driver"> {
  readonly driver: ClusterOptions;
  /** How a connection to one node is sought again. */
  readonly retryStrategy: NonNullable<DriverOptions["retryStrategy"]>;
}

/** Checks the options. @internal */
export function clusterSettingsOf(options: RedisClusterOptions): ClusterSettings {
  const { commandTimeout, connectTimeout, dedicatedConnections, redisOptions, ...rest } = options;
  const own = Object.entries({ commandTimeout, connectTimeout, dedicatedConnections });
  const given = Object.fromEntries(own.filter(([, value]) => value !== undefined));
  const { driver: node, ...limits } = settingsOf(undefined, { ...redisOptions, ...given });
  const { enableOfflineQueue: _offline, lazyConnect: _lazy, retryStrategy, ...nodes } = node;
  return {
    ...limits,
    retryStrategy: retryStrategy as ClusterSettings["retryStrategy"],
    driver: { ...rest, redisOptions: nodes, enableOfflineQueue: false, lazyConnect: true },
  };
}
