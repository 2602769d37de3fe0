/**
 * The names that `ambit/redis` exports. A new name, or one that went, shows here, and with it in the
 * review.
 */
import { expect, test } from "vitest";
import { exportedNames } from "./exportedNames.ts";

test("ambit/redis exports these names", () => {
  expect(exportedNames("src/redis/index.ts")).toMatchInlineSnapshot(`
    [
      "type AcquireOptions",
      "connect",
      "type ConsumeOptions",
      "createRedis",
      "createRedisCluster",
      "defineScript",
      "type LeaseOptions",
      "type ReadStreamOptions",
      "Redis",
      "RedisClosedError",
      "RedisClusterError",
      "type RedisClusterOptions",
      "type RedisCommandEvent",
      "type RedisCommands",
      "RedisConnectionError",
      "RedisError",
      "RedisGroupConsumer",
      "type RedisGroupEntry",
      "RedisHold",
      "RedisLoadingError",
      "RedisLock",
      "RedisLockLostError",
      "type RedisMessage",
      "type RedisOptions",
      "RedisOutOfMemoryError",
      "RedisPermissionError",
      "RedisPipeline",
      "RedisRateLimitStore",
      "type RedisRateLimitStoreOptions",
      "RedisReadOnlyError",
      "RedisReplyError",
      "type RedisResult",
      "RedisScript",
      "RedisScriptError",
      "RedisSemaphore",
      "RedisSessionStore",
      "type RedisSessionStoreOptions",
      "type RedisStatistics",
      "type RedisStreamEntry",
      "RedisStreamReader",
      "type RedisSubscribeOptions",
      "RedisSubscription",
      "type RedisSubscriptionStatistics",
      "RedisTimeoutError",
      "RedisTransaction",
      "RedisTransactionError",
      "RedisWatchError",
      "RedisWrongTypeError",
      "type RefusedCommand",
      "type ScanKeysOptions",
      "type ScanOptions",
      "type ScriptOptions",
      "type ScriptValue",
      "WatchedRedis",
      "type WatchOptions",
    ]
  `);
});
