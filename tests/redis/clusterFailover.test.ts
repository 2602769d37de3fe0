/*
 * A cluster of three masters, one of which has a replica and is killed: real servers, which wait out real times before they
 * make the replica the master.
 */
import { createTask, gather, sleep } from "ambit";
import { createRedis, createRedisCluster, type Redis } from "ambit/redis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DatabaseServer, redisMissing, startRedisNode } from "../servers/databases.ts";
import { until } from "./clients.ts";

/** In a slot of the second master, which is killed (CLUSTER KEYSLOT c is 7365), and in one of the third. */
const LOST = "lost{c}";
const KEPT = "kept{a}";

describe.skipIf(redisMissing() !== null)("a cluster that loses a master", () => {
  let servers: DatabaseServer[] = [];
  let nodes: Redis[] = [];
  let timersBefore = 0;

  beforeEach(async () => {
    timersBefore = timers();
    servers = [];
    for (let at = 0; at < 4; at++) servers.push(await startRedisNode());
    nodes = servers.map(({ port }) =>
      createRedis({ host: "127.0.0.1", port, connectTimeout: 500 }),
    );
    for (const [at, { port }] of servers.entries()) {
      const redis = nodes[at] as Redis;
      await redis.call("CONFIG", "SET", "cluster-node-timeout", "1000");
      await nodes[0]?.call("CLUSTER", "MEET", "127.0.0.1", String(port), String(port - 10_000));
      if (at === 3) continue;
      const from = Math.floor((at * 16384) / 3);
      const to = Math.floor(((at + 1) * 16384) / 3) - 1;
      await redis.call("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    }
    for (const redis of nodes) await until(() => infoHas(redis, "cluster_known_nodes:4"));
    await replicate();
    for (const redis of nodes) await until(() => infoHas(redis, "cluster_state:ok"));
  }, 60_000);

  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all(servers.map((server) => server.stop()));
    // A timer of the driver's about the lost node goes on for some seconds.
    await until(() => timers() <= timersBefore, 10_000);
  }, 60_000);

  async function infoHas(redis: Redis, words: string): Promise<boolean> {
    return String(await redis.call("CLUSTER", "INFO")).includes(words);
  }

  /** Makes the fourth server the replica of the second. */
  async function replicate(): Promise<void> {
    const [, second, , fourth] = nodes as [Redis, Redis, Redis, Redis];
    await fourth.call("CLUSTER", "REPLICATE", String(await second.call("CLUSTER", "MYID")));
    await until(async () => (await second.info("replication")).includes("state=online"));
  }

  test("goes on at the replica: keys are there, who was blocked hears of it, others never notice", async () => {
    await using cluster = createRedisCluster([{ host: "127.0.0.1", port: servers[0]?.port ?? 0 }]);
    const [, second, , fourth] = nodes as [Redis, Redis, Redis, Redis];
    await gather([cluster.set(LOST, "yes"), cluster.set(KEPT, "too")]);
    await using replica = createRedis(servers[3]?.url ?? "", { readOnly: true });
    await until(async () => (await replica.get(LOST)) === "yes");
    const blocked = createTask(() => cluster.blpop(`${LOST}:jobs`, 0));
    await until(async () => (await second.info("clients")).includes("blocked_clients:1"));
    await servers[1]?.kill();
    const [outcome] = await gather([blocked], { returnExceptions: true });
    expect(outcome).toMatchObject({ name: "RedisConnectionError", sent: true });
    expect(await cluster.get(KEPT)).toBe("too");
    expect(await comesBack(() => cluster.get(LOST))).toBe("yes");
    await cluster.rpush(`${LOST}:jobs`, "after");
    expect(await cluster.blpop(`${LOST}:jobs`, 0)).toEqual([`${LOST}:jobs`, "after"]);
    expect(await fourth.info("replication")).toContain("role:master");
  }, 60_000);
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

/** What it gives once the cluster has chosen a new master; until then commands for its slots may fail. */
async function comesBack<T>(command: () => Promise<T>): Promise<T> {
  for (;;) {
    const [outcome] = await gather([command], { returnExceptions: true });
    if (!(outcome instanceof Error)) return outcome;
    await sleep(100);
  }
}
