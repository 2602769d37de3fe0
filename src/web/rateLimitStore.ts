/*
 * RateLimitStore: who has asked for how much.
 *
 * Strategy: GCRA, the leaky bucket that needs one number for each key: the time at which its bucket will be empty. Each
 * request puts a drop in, drops leak out evenly; a request that would make it run over is refused and puts nothing in.
 * There is no window at whose border one could ask for twice as much. One number is also one operation in a store that
 * several processes share.
 */
import { expectInteger } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { ExpiringMap } from "./expiringMap.ts";

/** How much is allowed. */
export interface RateLimitRule {
  /** So many requests … */
  readonly limit: number;
  /** … in so many milliseconds … */
  readonly per: number;
  /** … and so many at once after a quiet time. */
  readonly burst: number;
}

/** What a store says of a request. */
export interface RateLimitVerdict {
  readonly allowed: boolean;
  /** How many more would be allowed right now. */
  readonly remaining: number;
  /** Milliseconds until it would be allowed; 0 when it is. */
  readonly retryAfter: number;
  /** Milliseconds until all of the burst is there again. */
  readonly reset: number;
}

/** Counts requests. */
export interface RateLimitStore {
  /** Takes `cost` for that key, if the rule allows it. */
  take(
    key: string,
    rule: RateLimitRule,
    cost: number,
  ): Promise<RateLimitVerdict> | RateLimitVerdict;
}

/** How a store in memory is made. */
export interface MemoryRateLimitStoreOptions {
  /** How many keys it knows at most; then the one that was not seen for the longest is forgotten. Default 100,000. */
  readonly limit?: number;
}

/** Milliseconds by which sums of fractions may be off. */
const SLACK = 1e-6;

/** Counts in memory, by the loop's clock: each process for itself. */
export class MemoryRateLimitStore implements RateLimitStore {
  /** When each bucket is empty: then it's as if it had never been. */
  readonly #emptyAt: ExpiringMap<number>;

  /** @throws RangeError when `limit` is no integer of at least 1 */
  constructor(options: MemoryRateLimitStoreOptions = {}) {
    const { limit = 100_000 } = options;
    expectInteger("options.limit", limit, 1);
    this.#emptyAt = new ExpiringMap(limit);
  }

  /** How many keys it knows, some of which may have expired. */
  get size(): number {
    return this.#emptyAt.size;
  }

  take(key: string, { limit, per, burst }: RateLimitRule, cost: number): RateLimitVerdict {
    const now = getRunningLoop().time();
    const each = per / limit;
    const full = burst * each;
    const level = Math.max(0, (this.#emptyAt.get(key, now) ?? now) - now);
    const next = level + cost * each;
    const allowed = next <= full + SLACK;
    const reset = allowed ? next : level;
    if (allowed && cost > 0) this.#emptyAt.set(key, now + next, now + next, now);
    const remaining = Math.max(0, Math.floor((full - reset + SLACK) / each));
    return { allowed, remaining, retryAfter: allowed ? 0 : next - full, reset };
  }
}
