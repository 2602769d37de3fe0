/*
 * A transaction: MULTI, commands, EXEC, carried out with nothing in between.
 */
import type { RedisCommander } from "ioredis";
import { type RedisResult, sendByDriver, sendTransaction } from "./batch.ts";
import { CommandBatch } from "./commandBatch.ts";
import type { RefusedCommand } from "./commandNames.ts";

declare module "ioredis/built/utils/RedisCommander.js" {
  /** What a command's method returns, by where it is called. */
  interface ResultTypes<Result, Context> {
    ambitTransaction: RedisTransaction;
  }
}

/** Every command is a method that adds it; `exec` carries them out. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `CommandBatch` has what the interface says.
export interface RedisTransaction extends Omit<
  RedisCommander<{ type: "ambitTransaction" }>,
  RefusedCommand
> {}

/**
 * Commands that are carried out together or not at all: `redis.multi()`, and what `redis.watch` hands its body.
 *
 * Redis takes nothing back: a command that fails while it is carried out (WRONGTYPE) leaves the others done.
 *
 * @example
 * ```ts no-run
 * import { createRedis } from "ambit/redis";
 *
 * await using redis = createRedis();
 * await redis.multi().decrby("alice", 5).incrby("bob", 5).exec();
 * ```
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- `CommandBatch` has what the interface says.
export class RedisTransaction extends CommandBatch {
  /** @internal */
  protected readonly kind = "transaction";
  /** @internal */
  protected readonly takesBlocking = true;

  /**
   * Carries the commands out: `[error, result]` for each, in order; null when a watched key had changed, and nothing was
   * done.
   *
   * **Cancellation:** before they are sent, nothing is done. After that, the answers are waited for, and the cancel is
   * delivered at the next wait: the transaction is whole either way.
   *
   * @throws {@link RedisTransactionError} when a command was refused before it began; its `cause` tells which
   * @throws {@link RedisConnectionError} when there is no connection in time, or it broke; then `sent` tells whether it
   *   may have been carried out
   * @throws InvalidStateError when it was executed before
   */
  async exec(): Promise<RedisResult[] | null> {
    const commands = this.take();
    if (this.connection.driver.isCluster) return sendByDriver(this.connection, "MULTI", commands);
    return sendTransaction(this.connection, commands);
  }
}
