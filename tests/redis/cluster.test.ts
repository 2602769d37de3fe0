/*
 * A cluster of three real servers, and a client that finds its way in it.
 */
import { createTask, gather, isCancelled, sleep, timeout, TimeoutError } from "ambit";
import {
  createRedis,
  createRedisCluster,
  defineScript,
  type Redis,
  RedisClusterError,
} from "ambit/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type DatabaseServer, redisMissing, startRedisNode } from "../servers/databases.ts";
import { clientsOf, until } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("a cluster", () => {
  const servers: DatabaseServer[] = [];
  let nodes: Redis[] = [];

  beforeAll(async () => {
    for (let at = 0; at < 3; at++) servers.push(await startRedisNode());
    nodes = servers.map(({ port }) => createRedis({ host: "127.0.0.1", port }));
    const [first] = nodes as [Redis];
    for (const [at, redis] of nodes.entries()) {
      const from = Math.floor((at * 16384) / 3);
      const to = Math.floor(((at + 1) * 16384) / 3) - 1;
      await redis.call("CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
      const { port } = servers[at] as DatabaseServer;
      await first.call("CLUSTER", "MEET", "127.0.0.1", String(port), String(port - 10_000));
    }
    for (const redis of nodes)
      await until(async () => {
        const info = String(await redis.call("CLUSTER", "INFO"));
        return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
      });
  }, 60_000);

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await Promise.all(servers.map((server) => server.stop()));
  }, 60_000);

  beforeEach(async () => {
    for (const node of nodes) await node.flushall();
  });

  function clusterClient(): Redis {
    return createRedisCluster([{ host: "127.0.0.1", port: servers[0]?.port ?? 0 }]);
  }

  /** Waits until so many clients block, on all nodes together. */
  async function untilBlocked(count: number): Promise<void> {
    await until(async () => {
      const infos = await Promise.all(nodes.map((node) => node.info("clients")));
      const blocked = infos.map((info) => Number(/blocked_clients:(\d+)/.exec(info)?.[1]));
      return blocked.reduce((sum, each) => sum + each, 0) === count;
    });
  }

  /** The number of the node that has a key. */
  async function ownerOf(key: string): Promise<number> {
    for (const [at, node] of nodes.entries()) {
      const found = await node.exists(key).catch((error: unknown) => error);
      if (typeof found === "number") return at;
    }
    throw new Error(`no node has ${key}`);
  }

  /** Gives the slot of a key, which holds nothing, to another node. */
  async function moveSlot(key: string): Promise<void> {
    const from = await ownerOf(key);
    const to = (from + 1) % nodes.length;
    const [source, target] = [nodes[from], nodes[to]] as [Redis, Redis];
    const slot = String(await source.call("CLUSTER", "KEYSLOT", key));
    const targetId = String(await target.call("CLUSTER", "MYID"));
    await target.call("CLUSTER", "SETSLOT", slot, "NODE", targetId);
    await source.call("CLUSTER", "SETSLOT", slot, "NODE", targetId);
    for (const node of nodes) await node.call("CLUSTER", "SETSLOT", slot, "NODE", targetId);
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
    await expect(redis.blpop("a", "b", "c", 0)).rejects.toMatchObject({ code: "CROSSSLOT" });
    const watching = redis.watch(["a", "b", "c"], async () => null);
    await expect(watching).rejects.toMatchObject({ code: "CROSSSLOT" });
    expect(redis.statistics()).toMatchObject({ dedicated: 0 });
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

  test("commands that block wait at the nodes of their keys, and others go on meanwhile", async () => {
    await using redis = clusterClient();
    const keys = Array.from({ length: 12 }, (_, at) => `jobs:${at}`);
    expect(new Set(await Promise.all(keys.map(ownerOf))).size).toBe(3);
    const waiting = keys.map((key) => createTask(() => redis.blpop(key, 0)));
    await untilBlocked(12);
    expect(redis.statistics()).toMatchObject({ blocked: 12, dedicated: 12 });
    for (const key of keys) await redis.rpush(key, `for ${key}`);
    expect(await gather(waiting)).toEqual(keys.map((key) => [key, `for ${key}`]));
    expect(redis.statistics()).toMatchObject({ blocked: 0, dedicated: 0, spare: 12 });
  });

  test("a cancel ends them there, and nothing that was popped is lost", async () => {
    await using redis = clusterClient();
    const pops = Array.from({ length: 60 }, (_, at) =>
      createTask(() => redis.blpop(`jobs:${at % 6}`, 0)),
    );
    await untilBlocked(60);
    const pushing = createTask(async () => {
      for (let at = 0; at < 60; at++) await redis.rpush(`jobs:${at % 6}`, at);
    });
    for (const [at, pop] of pops.entries())
      if (at % 2 === 0) {
        pop.cancel();
        await sleep(1);
      }
    await pushing;
    for (const pop of pops) pop.cancel();
    const outcomes = await gather(pops, { returnExceptions: true });
    const popped = outcomes.filter((outcome) => Array.isArray(outcome)).length;
    expect(outcomes.every((outcome) => Array.isArray(outcome) || isCancelled(outcome))).toBe(true);
    let left = 0;
    for (let at = 0; at < 6; at++) left += await redis.llen(`jobs:${at}`);
    expect(popped + left).toBe(60);
    await untilBlocked(0);
    await expect(timeout(30, () => redis.blpop("jobs:0{x}", 0))).rejects.toBeInstanceOf(
      TimeoutError,
    );
  });

  test("one that blocks follows its key when the cluster moves it", async () => {
    await using redis = clusterClient();
    const waiting = createTask(() => redis.blpop("moving", 0));
    await untilBlocked(1);
    await moveSlot("moving");
    // The first node has sent it away; it waits at the second.
    const owner = nodes[await ownerOf("moving")] as Redis;
    await until(async () => (await owner.info("clients")).includes("blocked_clients:1"));
    await redis.rpush("moving", "here");
    expect(await waiting).toEqual(["moving", "here"]);
  });

  test("watched keys are watched at their node, wherever that is now", async () => {
    await using redis = clusterClient();
    await redis.set("{w}stock", 7);
    let attempts = 0;
    const results = await redis.watch(["{w}stock"], async (watched) => {
      const stock = Number(await watched.get("{w}stock"));
      // Somebody else changes it while the first attempt decides.
      if (++attempts === 1) await redis.set("{w}stock", 20);
      return watched.multi().set("{w}stock", stock - 5);
    });
    expect(results).toEqual([[null, "OK"]]);
    expect([attempts, await redis.get("{w}stock")]).toEqual([2, "15"]);
    await redis.watch(["elsewhere"], async () => null);
    await moveSlot("elsewhere");
    const moved = await redis.watch(["elsewhere"], async (watched) =>
      watched.multi().set("elsewhere", 1),
    );
    expect(moved).toEqual([[null, "OK"]]);
    expect(redis.statistics()).toMatchObject({ dedicated: 0 });
  });

  test("streams are read and consumed in it", async () => {
    await using redis = clusterClient();
    const reader = redis.readStream("orders", { from: "0" });
    const first = createTask(() => reader.next());
    await untilBlocked(1);
    await redis.xadd("orders", "*", "item", "lamp");
    expect((await first).value).toMatchObject({ fields: { item: "lamp" } });
    const consumer = redis.consumeStream("orders", "billing", { consumer: "one" });
    const { value } = await consumer.next();
    expect(value).toMatchObject({ fields: { item: "lamp" } });
    expect(await value.ack()).toBe(true);
    const cancelled = createTask(() => consumer.next());
    await untilBlocked(1);
    cancelled.cancel();
    await expect(cancelled).rejects.toSatisfy(isCancelled);
    await redis.xadd("orders", "*", "item", "desk");
    expect((await consumer.next()).value).toMatchObject({ fields: { item: "desk" } });
  });

  test("closing it leaves no connection to any node", async () => {
    const before = await Promise.all(nodes.map((node) => clientsOf(node)));
    const redis = clusterClient();
    const waiting = createTask(() => redis.blpop("never", 0));
    await untilBlocked(1);
    await redis.watch(["a"], async () => null);
    await redis.close();
    await expect(waiting).rejects.toThrow("BLPOP");
    await until(async () => {
      const after = await Promise.all(nodes.map((node) => clientsOf(node)));
      return after.every((count, at) => count === before[at]);
    });
  });

  test("WAIT, which is about the replicas of one node, is refused", async () => {
    await using redis = clusterClient();
    await expect(redis.wait(1, 10)).rejects.toThrow("of one node of a cluster");
  });
});
