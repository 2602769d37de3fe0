/*
 * A lock that programs on many machines share.
 */
import { INSPECT } from "../core/inspection.ts";
import type { RedisHold } from "./hold.ts";
import type { AcquireOptions, Leases } from "./leases.ts";

/**
 * Mutual exclusion between programs: one holder at a time, served first come, first served. `redis.lock(name)` makes it.
 *
 * A holder that is killed loses it within its lease; a living one renews it. A holder that loses it nevertheless (the
 * server was out of reach for longer than the lease, or its own process stood still) is cancelled, with a
 * {@link RedisLockLostError}. For moments that must not overlap even then, what is protected checks the fencing token.
 *
 * @example
 * ```ts no-run
 * import { createRedis } from "ambit/redis";
 *
 * await using redis = createRedis();
 * const lock = redis.lock("nightly-report", { lease: 5000 });
 * await lock.run(async ({ token }) => {
 *   await redis.set("report", `by holder ${token}`);
 * });
 * ```
 */
export class RedisLock {
  readonly #leases: Leases;

  /** @internal */
  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** By which all who share it know it. */
  get name(): string {
    return this.#leases.name;
  }

  /** Whether anybody holds it now. */
  async locked(): Promise<boolean> {
    return (await this.#leases.held()) > 0;
  }

  /**
   * Takes the lock, after waiting for it in line. When it is lost, the scope that this was called in is cancelled, with the
   * {@link RedisLockLostError} as the reason.
   *
   * **Cancellation:** leaves the line, without the lock. One that was granted is never lost: the cancel comes at the next
   * wait.
   *
   * @throws {@link RedisTimeoutError} when it is not to be had within `timeout`
   * @throws {@link RedisConnectionError} when there is no connection for longer than `connectTimeout`
   */
  acquire(options: AcquireOptions = {}): Promise<RedisHold> {
    return this.#leases.acquire(options);
  }

  /** Takes the lock if it is free and nobody waits for it; null otherwise. */
  tryAcquire(): Promise<RedisHold | null> {
    return this.#leases.tryAcquire();
  }

  /**
   * Runs the body with the lock, and gives it back whatever happens. When it is lost, the body is cancelled.
   *
   * **Cancellation:** while it waits for the lock, the body does not run.
   *
   * @throws {@link RedisLockLostError} when it was lost while the body ran
   * @throws {@link RedisTimeoutError} when it is not to be had within `timeout`
   * @throws what the body throws
   */
  run<T>(body: (hold: RedisHold) => T | PromiseLike<T>, options: AcquireOptions = {}): Promise<T> {
    return this.#leases.run(body, options);
  }

  /** @internal */
  [INSPECT](): string {
    return `RedisLock { name: "${this.name}", lease: ${this.#leases.lease} }`;
  }
}
