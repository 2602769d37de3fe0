/*
 * What `redis.statistics()` tells, field by field: at rest, under load, while others wait, after losses, after the end.
 *
 * In real time, against a real server.
 */
import { createTask, gather, isCancelled } from "ambit";
import { RedisConnectionError, RedisError, type RedisStatistics } from "ambit/redis";
import { describe, expect, test } from "vitest";
import { redisMissing } from "../servers/databases.ts";
import { clientOf, serveEmptyRedis, until, untilBlocked } from "./clients.ts";

const NONE: RedisStatistics = {
  status: "wait",
  sent: 0,
  inFlight: 0,
  waiting: 0,
  reconnections: 0,
  blocked: 0,
  dedicated: 0,
  spare: 0,
  waitingForDedicated: 0,
  subscriptions: 0,
};
const READY: RedisStatistics = { ...NONE, status: "ready" };

describe.skipIf(redisMissing() !== null)("the statistics of a client", () => {
  const served = serveEmptyRedis();

  test("are all zero before the first command, and those of a moment: frozen", async () => {
    await using redis = clientOf(served);
    const before = redis.statistics();
    expect(before).toEqual(NONE);
    expect(Object.isFrozen(before)).toBe(true);
    await redis.get("key");
    expect(before).toEqual(NONE);
    expect(redis.statistics()).toEqual({ ...READY, sent: 1 });
  });

  test("tell who waits for the connection, then what was sent and is on its way", async () => {
    await using redis = clientOf(served);
    const early = [1, 2, 3].map((at) => createTask(() => redis.set("key", at), { eager: true }));
    const { status, ...numbers } = redis.statistics();
    expect(["connecting", "connect"]).toContain(status);
    const { status: _, ...none } = NONE;
    expect(numbers).toEqual({ ...none, waiting: 3 });
    await gather(early);
    const pings = Array.from({ length: 50 }, () => redis.ping());
    expect(redis.statistics()).toEqual({ ...READY, sent: 53, inFlight: 50 });
    await Promise.all(pings);
    expect(redis.statistics()).toEqual({ ...READY, sent: 53 });
  });

  test("count each command of a pipeline, and those that the server refused", async () => {
    await using redis = clientOf(served);
    await redis.pipeline().set("key", "word").incr("key").get("key").exec();
    expect(redis.statistics()).toEqual({ ...READY, sent: 3 });
    await expect(redis.incr("key")).rejects.toThrow(/not an integer/);
    expect(redis.statistics()).toEqual({ ...READY, sent: 4 });
  });

  test("tell who blocks and on how many connections, those kept for the next, and who waits", async () => {
    await using redis = clientOf(served, { dedicatedConnections: 2 });
    await redis.ping();
    const numbers = (): Partial<RedisStatistics> => ({ ...redis.statistics(), sent: 0 });
    const block = () => createTask(() => redis.blpop("jobs", 0), { eager: true });
    const tasks = [block(), block(), block()];
    await untilBlocked(redis, 2);
    expect(numbers()).toEqual({ ...READY, blocked: 2, dedicated: 2, waitingForDedicated: 1 });
    for (const task of tasks) task.cancel();
    for (const task of tasks) expect(await task.then(null, isCancelled)).toBe(true);
    expect(numbers()).toEqual({ ...READY, spare: 2 });
  });

  test("count subscriptions from their beginning to their end", async () => {
    await using redis = clientOf(served);
    const first = await redis.subscribe("news");
    const second = await redis.subscribe(["news", "other"]);
    expect(redis.statistics().subscriptions).toBe(2);
    await first.close();
    expect(redis.statistics().subscriptions).toBe(1);
    await second.close();
    expect(redis.statistics().subscriptions).toBe(0);
  });

  test("after a loss count the reconnection, and hold nothing of what was lost", async () => {
    await using redis = clientOf(served);
    const block = createTask(() => redis.blpop("jobs", 0), { eager: true });
    await untilBlocked(redis, 1);
    await served.server.kill();
    await expect(block).rejects.toBeInstanceOf(RedisConnectionError);
    await until(() => redis.statistics().status !== "ready");
    const lost = redis.statistics();
    expect(lost).toMatchObject({ inFlight: 0, blocked: 0, dedicated: 0, reconnections: 0 });
    await served.server.restart();
    expect(await redis.ping()).toBe("PONG");
    expect(redis.statistics()).toMatchObject({ status: "ready", reconnections: 1, spare: 0 });
  });

  test("after the end keep what was counted, and nothing else", async () => {
    const redis = clientOf(served);
    await redis.ping();
    const subscription = await redis.subscribe("news");
    const block = createTask(() => redis.blpop("jobs", 0), { eager: true });
    await untilBlocked(redis, 1);
    const { sent } = redis.statistics();
    await redis.close();
    expect((await subscription.next()).done).toBe(true);
    await expect(block).rejects.toBeInstanceOf(RedisError);
    expect(redis.statistics()).toEqual({ ...NONE, status: "end", sent });
  });
});
