/*
 * RedisRateLimitStore: who has asked for how much, counted by all processes together.
 *
 * Strategy: the same leaky bucket as in memory (GCRA): for each key the moment at which its bucket is empty, and one
 * script that looks, decides and writes in one step. The time is the server's, so clocks of the processes play no part;
 * a key lives only until its bucket is empty.
 * Limit: a fraction of a millisecond is kept to three places.
 */
import { INSPECT } from "../core/inspection.ts";
import type { RateLimitRule, RateLimitStore, RateLimitVerdict } from "../web/rateLimitStore.ts";
import { keyPrefix } from "./keyPrefix.ts";
import type { Redis } from "./redis.ts";
import { defineScript, type RedisScript } from "./script.ts";

/** How counts are kept in Redis. */
export interface RedisRateLimitStoreOptions {
  /** What their keys begin with. Default `rate:`. */
  readonly prefix?: string;
}

/**
 * ARGV: by how much the level rises, and how full the bucket may be, in milliseconds. Answers whether it was allowed, and
 * the level then, as text: of a number Redis would pass on only the whole part.
 */
const TAKE: RedisScript<[allowed: number, level: string]> = defineScript(`
local time = redis.call("TIME")
local now = time[1] * 1000 + time[2] / 1000
local rise, full = tonumber(ARGV[1]), tonumber(ARGV[2])
local level = math.max(0, tonumber(redis.call("GET", KEYS[1]) or "0") - now)
local after = level + rise
if after > full + 0.001 then return { 0, string.format("%.3f", level) } end
if rise > 0 then
  redis.call("SET", KEYS[1], string.format("%.3f", now + after), "PX", math.ceil(after))
end
return { 1, string.format("%.3f", after) }
`);

/** Milliseconds by which sums of rounded fractions may be off. */
const SLACK = 0.01;

/**
 * Counts for `rateLimit` of `ambit/web` in Redis: `rateLimit({ limit: 100, store: new RedisRateLimitStore(redis) })`; so
 * a client has one limit, however many workers and machines there are. Alone it limits anything else: see `take`.
 *
 * @example
 * ```ts no-run
 * import { createRedis, RedisRateLimitStore } from "ambit/redis";
 *
 * await using redis = createRedis();
 * const limits = new RedisRateLimitStore(redis);
 * const { allowed, retryAfter } = await limits.take("mail:ada", { limit: 10, per: 60_000, burst: 10 });
 * if (!allowed) console.log(`again in ${retryAfter} ms`);
 * ```
 */
export class RedisRateLimitStore implements RateLimitStore {
  readonly #redis: Redis;
  readonly #prefix: string;

  /** @throws TypeError when `prefix` is no text */
  constructor(redis: Redis, options: RedisRateLimitStoreOptions = {}) {
    this.#redis = redis;
    this.#prefix = keyPrefix(options.prefix, "rate:");
  }

  /**
   * Takes `cost` for that key, if the rule allows it; what is refused takes nothing.
   *
   * **Cancellation:** before it is sent, nothing is taken; later its answer is waited for.
   *
   * @param cost at least 0; 0 only looks. Default 1
   * @throws {@link RedisConnectionError} without a connection
   */
  async take(key: string, rule: RateLimitRule, cost = 1): Promise<RateLimitVerdict> {
    const each = rule.per / rule.limit;
    const full = rule.burst * each;
    const rise = cost * each;
    const answer = await this.#redis.evaluate(TAKE, [this.#prefix + key], [rise, full]);
    const allowed = answer[0] === 1;
    const reset = Number(answer[1]);
    const remaining = Math.max(0, Math.floor((full - reset + SLACK) / each));
    return { allowed, remaining, retryAfter: allowed ? 0 : reset + rise - full, reset };
  }

  /** @internal */
  [INSPECT](): string {
    return `RedisRateLimitStore { prefix: "${this.#prefix}" }`;
  }
}
