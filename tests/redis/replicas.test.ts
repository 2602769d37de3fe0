/*
 * A master, its replica and a sentinel, all real: WAIT, and a client that follows the master when another one takes over.
 *
 * In real time, for that is the sentinel's.
 */
import { createTask, gather, isCancelled } from "ambit";
import { createRedis, type Redis } from "ambit/redis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  type DatabaseServer,
  redisMissing,
  startRedis,
  startRedisSentinel,
} from "../servers/databases.ts";
import { clientsOf, until, untilBlocked } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("with a replica", () => {
  let master: DatabaseServer;
  let replica: DatabaseServer;

  beforeEach(async () => {
    [master, replica] = await Promise.all([startRedis(), startRedis()]);
    await using follower = createRedis(replica.url);
    await follower.call("REPLICAOF", "127.0.0.1", String(master.port));
    await until(async () => (await follower.info("replication")).includes("master_link_status:up"));
  }, 60_000);

  afterEach(async () => {
    replica.resume();
    await Promise.all([master.stop(), replica.stop()]);
  }, 60_000);

  test("wait tells when replicas have what was written, and holds up nobody", async () => {
    await using redis = createRedis(master.url);
    await redis.set("a", 1);
    expect(await redis.wait(1, 0)).toBe(1);
    await replica.pause();
    await redis.set("a", 2);
    const waiting = createTask(() => redis.wait(1, 0));
    await untilBlocked(redis, 1);
    expect(await redis.get("a")).toBe("2");
    replica.resume();
    expect(await waiting).toBe(1);
    expect(redis.statistics()).toMatchObject({ blocked: 0, dedicated: 0 });
  });

  test("wait gives the number that there is when its time is over", async () => {
    await using redis = createRedis(master.url);
    await replica.pause();
    await redis.set("a", 1);
    expect(await redis.wait(1, 30)).toBe(0);
    replica.resume();
    expect(await redis.wait(1, 0)).toBe(1);
  });

  test("a cancel of wait ends it on the server", async () => {
    await using redis = createRedis(master.url);
    await replica.pause();
    await redis.set("a", 1);
    const waiting = createTask(() => redis.wait(1, 0));
    await untilBlocked(redis, 1);
    waiting.cancel();
    await expect(waiting).rejects.toSatisfy(isCancelled);
    await untilBlocked(redis, 0);
    expect(redis.statistics()).toMatchObject({ blocked: 0, dedicated: 0, spare: 1 });
  });

  test("wait may be part of a transaction, and not of a pipeline", async () => {
    await using redis = createRedis(master.url);
    const results = await redis.multi().set("a", 1).wait(0, 0).exec();
    expect(results?.map(([error]) => error)).toEqual([null, null]);
    expect(() => redis.pipeline().wait(1, 0)).toThrow("would hold up all that share");
  });

  describe("and a sentinel", () => {
    let sentinel: DatabaseServer;

    beforeEach(async () => {
      sentinel = await startRedisSentinel();
      await using admin = createRedis(sentinel.url);
      await admin.call("SENTINEL", "MONITOR", "shop", "127.0.0.1", String(master.port), "1");
      await admin.call("SENTINEL", "SET", "shop", "down-after-milliseconds", "300");
      await admin.call("SENTINEL", "SET", "shop", "failover-timeout", "3000");
      await until(async () => {
        const known = (await admin.call("SENTINEL", "REPLICAS", "shop")) as unknown[];
        return known.length === 1;
      });
    }, 60_000);

    afterEach(async () => {
      await sentinel.stop();
    }, 60_000);

    function clientBySentinel(): Redis {
      const sentinels = [{ host: "127.0.0.1", port: sentinel.port }];
      return createRedis({ sentinels, name: "shop", connectTimeout: 20_000 });
    }

    test("the master is found by it, for shared and for own connections", async () => {
      await using redis = clientBySentinel();
      await redis.set("a", 1);
      await using direct = createRedis(master.url);
      expect(await direct.get("a")).toBe("1");
      const pop = createTask(() => redis.blpop("jobs", 0));
      await untilBlocked(direct, 1);
      await redis.rpush("jobs", "one");
      expect(await pop).toEqual(["jobs", "one"]);
      await using news = await redis.subscribe("news");
      await direct.publish("news", "hello");
      expect((await news.next()).value).toMatchObject({ message: "hello" });
    });

    test("when the master is killed, commands go on at the new one, and blocked ones hear of it", async () => {
      await using redis = clientBySentinel();
      await redis.set("kept", "yes");
      expect(await redis.wait(1, 0)).toBe(1);
      await using gone = createRedis(master.url, { connectTimeout: 200 });
      const pop = createTask(() => redis.blpop("jobs", 0));
      await untilBlocked(gone, 1);
      await master.kill();
      const [outcome] = await gather([pop], { returnExceptions: true });
      expect(outcome).toMatchObject({ name: "RedisConnectionError", sent: true });
      // Each waits for the connection, which comes when the sentinel has made the replica the master.
      const values = await gather([() => redis.get("kept"), () => redis.get("kept")]);
      expect(values).toEqual(["yes", "yes"]);
      await redis.rpush("jobs", "after");
      expect(await redis.blpop("jobs", 0)).toEqual(["jobs", "after"]);
      await using follower = createRedis(replica.url);
      expect(await follower.get("kept")).toBe("yes");
      expect(await follower.info("replication")).toContain("role:master");
    }, 60_000);

    test("a closed client leaves no connection behind", async () => {
      await using direct = createRedis(master.url);
      const before = await clientsOf(direct);
      const redis = clientBySentinel();
      expect(await redis.blpop("jobs", 0.01)).toBeNull();
      await redis.close();
      await until(async () => (await clientsOf(direct)) === before);
    });
  });
});
