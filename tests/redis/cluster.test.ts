/*
 * A cluster of three real servers, and a client that finds its way in it.
 */
import { gather } from "ambit";
import {
  createRedis,
  createRedisCluster,
  defineScript,
  type Redis,
  RedisClusterError,
} from "ambit/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DatabaseServer, redisMissing, startRedisNode } from "../servers/databases.ts";
import { until } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("a cluster", () => {
  const servers: DatabaseServer[] = [];

  beforeAll(async () => {
    for (let at = 0; at < 3; at++) servers.push(await startRedisNode());
    const clients = servers.map(({ port }) => createRedis({ host: "127.0.0.1", port }));
    const [first] = clients as [Redis];
    for (const [at, redis] of clients.entries()) {
      const from = Math.floor((at * 16384) / 3);
      const to = Math.floor(((at + 1) * 16384) / 3) - 1;
      await redis.call("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
      const { port } = servers[at] as DatabaseServer;
      await first.call("CLUSTER", "MEET", "127.0.0.1", String(port), String(port - 10_000));
    }
    for (const redis of clients)
      await until(async () => {
        const info = String(await redis.call("CLUSTER", "INFO"));
        return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
      });
    await Promise.all(clients.map((redis) => redis.close()));
  }, 60_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  }, 60_000);

  function clusterClient(): Redis {
    return createRedisCluster([{ host: "127.0.0.1", port: servers[0]?.port ?? 0 }]);
  }

  test("commands, pipelines, transactions, scripts and scans find their nodes", async () => {
    await using redis = clusterClient();
    const names = Array.from({ length: 100 }, (_, at) => `key:${at}`);
    await gather(names.map((name) => () => redis.set(name, name)));
    expect(await gather(names.map((name) => () => redis.get(name)))).toEqual(names);
    const seen = new Set<string>();
    for await (const key of redis.scanIter()) seen.add(key);
    expect(seen.size).toBe(100);
    expect(await redis.pipeline().set("{a}1", 1).incr("{a}1").exec()).toEqual([
      [null, "OK"],
      [null, 2],
    ]);
    expect(await redis.multi().incr("{a}1").incr("{a}2").exec()).toEqual([
      [null, 3],
      [null, 1],
    ]);
    const add = defineScript<number>('return redis.call("INCRBY", KEYS[1], ARGV[1])');
    expect(await redis.evaluate(add, ["{a}1"], [4])).toBe(7);
  });

  test("keys of several slots in one command are refused by the server", async () => {
    await using redis = clusterClient();
    await expect(redis.mget("a", "b", "c")).rejects.toBeInstanceOf(RedisClusterError);
  });

  test("a client of one node is told where a key belongs", async () => {
    await using redis = createRedis({ host: "127.0.0.1", port: servers[0]?.port ?? 0 });
    const errors = await gather(
      ["a", "b", "c", "d", "e", "f"].map((key) => () => redis.get(key)),
      { returnExceptions: true },
    );
    const moved = errors.filter((error) => error instanceof RedisClusterError);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved[0]).toMatchObject({ code: "MOVED" });
  });

  test("locks and subscriptions work in it", async () => {
    await using redis = clusterClient();
    const lock = redis.lock("mail");
    const order = await gather([() => lock.run(() => 1), () => lock.run(() => 2)]);
    expect(order).toEqual([1, 2]);
    await using news = await redis.subscribe("news");
    await redis.publish("news", "one");
    expect((await news.next()).value).toMatchObject({ message: "one" });
  });

  test("what needs a connection to one node is refused", async () => {
    await using redis = clusterClient();
    await expect(redis.blpop("jobs", 0)).rejects.toThrow("to one node of the cluster");
    await expect(redis.watch(["a"], async () => null)).rejects.toBeInstanceOf(TypeError);
  });
});
