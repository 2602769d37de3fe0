/*
 * A semaphore that programs on many machines share.
 */
import { INSPECT } from "../core/inspection.ts";
import type { RedisHold } from "./hold.ts";
import type { AcquireOptions, Leases } from "./leases.ts";

/**
 * A number of permits between programs, served first come, first served. `redis.semaphore(name, permits)` makes it.
 *
 * A permit is leased as a {@link RedisLock} is: a killed holder's is free within the lease.
 *
 * @example
 * ```ts no-run
 * import { createRedis } from "ambit/redis";
 *
 * await using redis = createRedis();
 * const threeAtATime = redis.semaphore("imports", 3);
 * await threeAtATime.run(() => redis.incr("imported"));
 * ```
 */
export class RedisSemaphore {
  readonly #leases: Leases;

  /** @internal */
  constructor(leases: Leases) {
    this.#leases = leases;
  }

  /** By which all who share it know it. */
  get name(): string {
    return this.#leases.name;
  }

  /** How many may hold a permit. */
  get permits(): number {
    return this.#leases.permits;
  }

  /** How many hold one now. */
  held(): Promise<number> {
    return this.#leases.held();
  }

  /**
   * Takes a permit, after waiting for it in line; see {@link RedisLock.acquire}.
   *
   * **Cancellation:** leaves the line, without a permit. One that was granted is never lost: the cancel comes at the next
   * wait.
   *
   * @throws {@link RedisTimeoutError} when none is to be had within `timeout`
   */
  acquire(options: AcquireOptions = {}): Promise<RedisHold> {
    return this.#leases.acquire(options);
  }

  /** Takes a permit if one is free and nobody waits for it; null otherwise. */
  tryAcquire(): Promise<RedisHold | null> {
    return this.#leases.tryAcquire();
  }

  /**
   * Runs the body with a permit, and gives it back whatever happens; see {@link RedisLock.run}.
   *
   * **Cancellation:** while it waits for a permit, the body does not run.
   *
   * @throws {@link RedisLockLostError} when it was lost while the body ran
   * @throws {@link RedisTimeoutError} when none is to be had within `timeout`
   */
  run<T>(body: (hold: RedisHold) => T | PromiseLike<T>, options: AcquireOptions = {}): Promise<T> {
    return this.#leases.run(body, options);
  }

  /** @internal */
  [INSPECT](): string {
    return `RedisSemaphore { name: "${this.name}", permits: ${this.permits} }`;
  }
}
