/*
 * `ambit/redis`: Redis on ioredis, where a cancel reaches the server and nothing is lost.
 */
export { type RedisResult } from "./batch.ts";
export { type RedisClusterOptions } from "./clusterOptions.ts";
export { type RefusedCommand, type RedisCommands } from "./commandNames.ts";
export { type RedisCommandEvent } from "./diagnostics.ts";
export {
  RedisClosedError,
  RedisClusterError,
  RedisConnectionError,
  RedisError,
  RedisLoadingError,
  RedisLockLostError,
  RedisOutOfMemoryError,
  RedisPermissionError,
  RedisReadOnlyError,
  RedisReplyError,
  RedisScriptError,
  RedisTimeoutError,
  RedisTransactionError,
  RedisWatchError,
  RedisWrongTypeError,
} from "./errors.ts";
export { RedisHold } from "./hold.ts";
export { type AcquireOptions, type LeaseOptions } from "./leases.ts";
export { type RedisOptions } from "./options.ts";
export { RedisPipeline } from "./pipeline.ts";
export { connect, createRedis, createRedisCluster } from "./createRedis.ts";
export { Redis } from "./redis.ts";
export { RedisLock } from "./redisLock.ts";
export { RedisRateLimitStore, type RedisRateLimitStoreOptions } from "./redisRateLimitStore.ts";
export { RedisSemaphore } from "./redisSemaphore.ts";
export { RedisSessionStore, type RedisSessionStoreOptions } from "./redisSessionStore.ts";
export { type ScanKeysOptions, type ScanOptions } from "./scan.ts";
export { defineScript, RedisScript, type ScriptOptions, type ScriptValue } from "./script.ts";
export { type RedisStatistics } from "./statistics.ts";
export { type RedisStreamEntry } from "./streamEntry.ts";
export { type RedisGroupEntry } from "./groupEntry.ts";
export { type ConsumeOptions, RedisGroupConsumer } from "./streamGroup.ts";
export { type ReadStreamOptions, RedisStreamReader } from "./streamReader.ts";
export {
  type RedisMessage,
  type RedisSubscribeOptions,
  RedisSubscription,
  type RedisSubscriptionStatistics,
} from "./subscription.ts";
export { RedisTransaction } from "./transaction.ts";
export { WatchedRedis, type WatchOptions } from "./watching.ts";
