/*
 * Subscriptions, against a real server: back-pressure, gaps, cancels.
 */
import { inspect } from "node:util";
import { createTask, InvalidStateError, isCancelled, timeout, TimeoutError } from "ambit";
import { RedisConnectionError } from "ambit/redis";
import { cancelEverywhere } from "ambit/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import { clientOf, clientsOf, until } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("subscriptions", () => {
  const served = serveRedis();
  let before = 0;

  beforeEach(async () => {
    await using redis = clientOf(served);
    before = await clientsOf(redis);
  });

  afterEach(async () => {
    await using redis = clientOf(served);
    await until(async () => (await clientsOf(redis)) === before);
  });

  test("messages to channels and patterns come in order", async () => {
    await using redis = clientOf(served);
    await using subscription = await redis.subscribe(["news", "sport"], { patterns: ["a.*"] });
    expect(redis.statistics().subscriptions).toBe(1);
    await redis.publish("news", "one");
    await redis.publish("a.b", "two");
    await redis.publish("sport", "ünicode");
    const read = [];
    for await (const message of subscription) if (read.push(message) === 3) break;
    expect(read).toEqual([
      { channel: "news", message: "one", pattern: null, afterGap: false },
      { channel: "a.b", message: "two", pattern: "a.*", afterGap: false },
      { channel: "sport", message: "ünicode", pattern: null, afterGap: false },
    ]);
    // Leaving the loop has closed it.
    expect(redis.statistics().subscriptions).toBe(0);
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  test("messages as bytes, and of shard channels", async () => {
    await using redis = clientOf(served);
    await using subscription = await redis.subscribe("raw", { bytes: true, shardChannels: ["s"] });
    await redis.publish("raw", Buffer.from([0, 255]));
    await redis.spublish("s", "x");
    expect((await subscription.next()).value).toMatchObject({ message: Buffer.from([0, 255]) });
    expect((await subscription.next()).value).toMatchObject({
      channel: "s",
      message: Buffer.from("x"),
    });
  });

  test("a cancelled read takes no message", async () => {
    await using redis = clientOf(served);
    await using subscription = await redis.subscribe("news");
    await expect(timeout(5, () => subscription.next())).rejects.toBeInstanceOf(TimeoutError);
    const first = createTask(() => subscription.next(), { eager: true });
    await expect(subscription.next()).rejects.toBeInstanceOf(InvalidStateError);
    first.cancel();
    await expect(first.then(() => false, isCancelled)).resolves.toBe(true);
    await redis.publish("news", "one");
    expect((await subscription.next()).value).toMatchObject({ message: "one" });
    expect(inspect(subscription)).toBe("RedisSubscription { connected: true, unread: 0, gaps: 0 }");
  });

  test("subscribing, cancelled at every await point, leaves no connection", async () => {
    const points = await cancelEverywhere(async () => {
      await using redis = clientOf(served);
      await using subscription = await redis.subscribe("news");
      await redis.publish("news", "one");
      const { value } = await subscription.next();
      if (value?.message !== "one") throw new Error("another message");
    });
    expect(points).toBeGreaterThan(2);
  });

  test("a flood meets a slow reader with flat memory: the server is held back", async () => {
    await using redis = clientOf(served);
    await using subscription = await redis.subscribe("flood", { bufferSize: 100 });
    const text = "x".repeat(1000);
    const flood = async (): Promise<void> => {
      const pipeline = redis.pipeline();
      for (let at = 0; at < 5000; at++) pipeline.publish("flood", `${at}:${text}`);
      await pipeline.exec();
    };
    await flood();
    await until(() => subscription.statistics().paused);
    // The chunk that was at hand comes in, 64 KiB; all else stays with the kernel and the server.
    expect(subscription.statistics().unread).toBeLessThan(400);
    let most = 0;
    for (let at = 0; at < 5000; at++) {
      const { value } = await subscription.next();
      if (value?.message.startsWith(`${at}:`) !== true) throw new Error(`not the message ${at}`);
      most = Math.max(most, subscription.statistics().unread);
    }
    expect(most).toBeLessThan(400);
    expect(subscription.statistics()).toMatchObject({ received: 5000, gaps: 0, unread: 0 });
  });

  test("a connection that broke comes back, and the gap is told", async () => {
    await using redis = clientOf(served);
    let gaps = 0;
    await using subscription = await redis.subscribe("news", { onGap: () => gaps++ });
    await redis.publish("news", "before");
    await until(() => subscription.statistics().received === 1);
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await until(() => gaps === 1);
    await redis.publish("news", "after");
    await redis.publish("news", "later");
    const read = [];
    for (let at = 0; at < 3; at++) read.push((await subscription.next()).value);
    expect(read.map((each) => [each?.message, each?.afterGap])).toEqual([
      ["before", false],
      ["after", true],
      ["later", false],
    ]);
    expect(subscription.statistics()).toMatchObject({ connected: true, gaps: 1 });
  });

  test("one that is not to be sought again ends with an error", async () => {
    await using redis = clientOf(served, { retryStrategy: () => null });
    await using subscription = await redis.subscribe("news");
    const reading = createTask(() => subscription.next(), { eager: true });
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    await expect(reading).rejects.toBeInstanceOf(RedisConnectionError);
  });

  test("closing the client closes its subscriptions", async () => {
    const redis = clientOf(served);
    const subscription = await redis.subscribe("news");
    const reading = createTask(() => subscription.next(), { eager: true });
    await redis.close();
    expect(await reading).toEqual({ done: true, value: undefined });
    await expect(redis.subscribe("news")).rejects.toThrow("the client is closed");
  });

  test("what is no name of a channel is refused", async () => {
    await using redis = clientOf(served);
    await expect(redis.subscribe([])).rejects.toBeInstanceOf(RangeError);
    await expect(redis.subscribe(1 as never)).rejects.toBeInstanceOf(TypeError);
    await expect(redis.subscribe("x", { bufferSize: 0 })).rejects.toBeInstanceOf(RangeError);
  });
});
