/*
 * A pipeline: many commands in one piece, without waiting between them.
 */
import type { RedisCommander } from "ioredis";
import { type RedisResult, sendBatch, sendByDriver } from "./batch.ts";
import { CommandBatch } from "./commandBatch.ts";
import type { RefusedCommand } from "./commandNames.ts";

declare module "ioredis/built/utils/RedisCommander.js" {
  /** What a command's method returns, by where it is called. */
  interface ResultTypes<Result, Context> {
    ambitPipeline: RedisPipeline;
  }
}

/** Every command is a method that adds it; `exec` sends them. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `CommandBatch` has what the interface says.
export interface RedisPipeline extends Omit<
  RedisCommander<{ type: "ambitPipeline" }>,
  RefusedCommand
> {}

/**
 * Commands that are sent together, over the client's connection, and answered together: `redis.pipeline()`.
 *
 * They are carried out in order; commands of others may come between them (a transaction, `multi`, allows none).
 *
 * @example
 * ```ts
 * import { createRedis } from "ambit/redis";
 *
 * await using redis = createRedis(process.env["REDIS_URL"] ?? "redis://localhost:6379");
 * const results = await redis.pipeline().set("visits", 1).incr("visits").exec();
 * results; // => [[null, "OK"], [null, 2]]
 * ```
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `CommandBatch` has what the interface says.
export class RedisPipeline extends CommandBatch {
  /** @internal */
  protected readonly kind = "pipeline";
  /** @internal */
  protected readonly takesBlocking = false;

  /**
   * Sends all commands and waits for all answers: `[error, result]` for each, in order. A command that fails does not
   * keep the others from being carried out.
   *
   * **Cancellation:** before they are sent, nothing is. After that, all answers are waited for, and the cancel is
   * delivered at the next wait.
   *
   * @throws {@link RedisConnectionError} when there is no connection in time
   * @throws InvalidStateError when it was executed before
   */
  async exec(): Promise<RedisResult[]> {
    const commands = this.take();
    if (this.connection.driver.isCluster)
      return (await sendByDriver(this.connection, "PIPELINE", commands)) ?? [];
    return sendBatch(this.connection, "PIPELINE", commands);
  }
}
