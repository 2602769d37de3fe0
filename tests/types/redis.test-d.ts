/**
 * What the compiler must know about Redis: answers, pipelines, scripts and messages have the types of what was asked for.
 * Checked by tests/project/types.test.ts; never run.
 */
import {
  createRedis,
  createRedisCluster,
  defineScript,
  type Redis,
  type RedisGroupEntry,
  type RedisHold,
  type RedisMessage,
  type RedisPipeline,
  type RedisResult,
  type RedisStreamEntry,
  type RedisTransaction,
} from "ambit/redis";
import { expectTypeOf, test } from "vitest";

declare const redis: Redis;

test("commands answer as the driver types them, and in bytes where that is asked for", () => {
  expectTypeOf(redis.get("a")).resolves.toEqualTypeOf<string | null>();
  expectTypeOf(redis.getBuffer("a")).resolves.toEqualTypeOf<Buffer | null>();
  expectTypeOf(redis.incr("a")).resolves.toEqualTypeOf<number>();
  expectTypeOf(redis.wait(1, 100)).resolves.toEqualTypeOf<number>();
  expectTypeOf(redis.blpop("a", 0)).resolves.toEqualTypeOf<[string, string] | null>();
});

test("what would change the shared connection is no method", () => {
  expectTypeOf(redis).not.toHaveProperty("select");
  expectTypeOf(redis).not.toHaveProperty("quit");
  expectTypeOf(redis).not.toHaveProperty("psubscribe");
});

test("pipelines and transactions are chains that end with exec", () => {
  expectTypeOf(redis.pipeline().set("a", 1).incr("a")).toEqualTypeOf<RedisPipeline>();
  expectTypeOf(redis.pipeline().exec()).resolves.toEqualTypeOf<RedisResult[]>();
  expectTypeOf(redis.multi().incr("a")).toEqualTypeOf<RedisTransaction>();
  expectTypeOf(redis.multi().exec()).resolves.toEqualTypeOf<RedisResult[] | null>();
  expectTypeOf(
    redis.watch(["a"], async (watched) => watched.multi().incr("a")),
  ).resolves.toEqualTypeOf<RedisResult[] | null>();
  // @ts-expect-error the body returns a transaction, or nothing
  void redis.watch(["a"], async () => 7);
});

test("a script gives what it is said to give", () => {
  const script = defineScript<number>("return 1");
  expectTypeOf(redis.evaluate(script)).resolves.toEqualTypeOf<number>();
});

test("messages, entries and holds", () => {
  expectTypeOf(redis.subscribe("news")).resolves.toExtend<AsyncIterable<RedisMessage>>();
  expectTypeOf(redis.subscribe("news", { bytes: true })).resolves.toExtend<
    AsyncIterable<RedisMessage<Buffer>>
  >();
  expectTypeOf(redis.readStream("orders")).toExtend<AsyncIterable<RedisStreamEntry>>();
  expectTypeOf(redis.consumeStream("orders", "billing", { consumer: "one" })).toExtend<
    AsyncIterable<RedisGroupEntry>
  >();
  // @ts-expect-error a consumer has a name
  redis.consumeStream("orders", "billing", {});
  expectTypeOf(redis.lock("mail").acquire()).resolves.toEqualTypeOf<RedisHold>();
  expectTypeOf(redis.lock("mail").run(() => 7)).resolves.toEqualTypeOf<number>();
});

test("clients are made of a URL, of options, of nodes", () => {
  expectTypeOf(createRedis("redis://localhost")).toEqualTypeOf<Redis>();
  expectTypeOf(createRedis({ sentinels: [{ host: "a" }], name: "shop" })).toEqualTypeOf<Redis>();
  expectTypeOf(createRedisCluster([{ host: "a", port: 6379 }])).toEqualTypeOf<Redis>();
  // @ts-expect-error Ambit sets it
  createRedis({ enableOfflineQueue: true });
});
