/*
 * How clients are made: for one server, for the master that sentinels know of, for a cluster.
 */
import {
  Cluster,
  type ClusterNode,
  Redis as DriverRedis,
  type RedisOptions as DriverOptions,
} from "ioredis";
import { wrongType } from "../core/arguments.ts";
import {
  type ClusterSettings,
  clusterSettingsOf,
  type RedisClusterOptions,
} from "./clusterOptions.ts";
import { ClusterStations, type NodeDialer } from "./clusterStations.ts";
import { Connection } from "./connection.ts";
import type { RedisServerAddress } from "./diagnostics.ts";
import type { Driver } from "./driver.ts";
import { type RedisOptions, type Settings, settingsOf } from "./options.ts";
import { Redis } from "./redis.ts";
import { SingleStation } from "./stations.ts";

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
  const dial = (driver: DriverOptions): Connection =>
    new Connection(new DriverRedis(driver as RedisOptions), settings, server);
  return new Redis({
    settings,
    dial: () => dial(settings.driver),
    stations: (shared) =>
      new SingleStation(
        shared,
        () => dial({ ...settings.driver, retryStrategy: null }),
        settings.dedicatedConnections,
      ),
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
 * must lie in one slot (`{tag}`), and so must those that one `watch` names. Commands that block and `watch` have
 * connections of their own to the node of their keys, and follow them when the cluster moves them: at most
 * `dedicatedConnections` for each node.
 *
 * @param nodes at least one that is there
 * @throws TypeError, RangeError when an option is not what it should be
 *
 * @example
 * ```ts no-run
 * import { createRedisCluster } from "ambit/redis";
 *
 * await using redis = createRedisCluster([{ host: "node-1", port: 6379 }, { host: "node-2", port: 6379 }]);
 * await redis.set("greeting", "hello");
 * const job = await redis.blpop("jobs", 5);
 * ```
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
    stations: (shared) => {
      const dial = nodeDialer(settings);
      return new ClusterStations(shared, dial, settings.dedicatedConnections);
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

/** Connections to single nodes, with the options that the driver uses for those. */
function nodeDialer(settings: ClusterSettings): NodeDialer {
  const { redisOptions, keyPrefix } = settings.driver;
  return (host, port, lasting) => {
    const options: DriverOptions = {
      ...redisOptions,
      ...(keyPrefix === undefined ? {} : { keyPrefix }),
      ...(lasting ? { retryStrategy: settings.retryStrategy } : { retryStrategy: null }),
      host,
      port,
      enableOfflineQueue: false,
      lazyConnect: true,
    };
    const server = { namespace: "0", address: host, port };
    return new Connection(new DriverRedis(options as RedisOptions), settings, server);
  };
}

function serverOf({ driver }: Settings): RedisServerAddress {
  const { host = "localhost", port = 6379, path, db = 0, sentinels, name } = driver;
  const namespace = String(db);
  if (sentinels) return { namespace, address: name ?? "sentinel", port: undefined };
  if (path) return { namespace, address: path, port: undefined };
  return { namespace, address: host, port };
}
