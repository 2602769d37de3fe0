/*
 * rateLimit: so many requests from each client, and not more.
 *
 * Strategy: what counts a client is one key, by default the address; of IPv6 the first half of it, which is what one
 * customer of a provider has at least: by whole addresses he would be a new client with each request. What is left is told
 * in every answer, by the draft for RateLimit headers (draft-ietf-httpapi-ratelimit-headers-10).
 */
import { expectFunction, expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import type { Middleware } from "./handler.ts";
import { TooManyRequests } from "./httpError.ts";
import { networkOf } from "./ipAddress.ts";
import {
  MemoryRateLimitStore,
  type RateLimitRule,
  type RateLimitStore,
  type RateLimitVerdict,
} from "./rateLimitStore.ts";
import type { ServerRequest } from "./request.ts";

/** How much is allowed to whom. */
export interface RateLimitOptions {
  /** How many requests in `per` milliseconds. */
  readonly limit: number;
  /** In milliseconds. Default a minute. */
  readonly per?: number;
  /** How many at once after a quiet time. Default `limit`. */
  readonly burst?: number;
  /** Whose requests are counted together; null for one that is not counted. Default: the client's address or network. */
  readonly key?: (request: ServerRequest) => string | null;
  /** As how many a request counts, at least 0; 0: as none. Default 1. */
  readonly cost?: (request: ServerRequest) => number;
  /** Tells this limit from others, to the client and in a store that they share. Default `default`. */
  readonly name?: string;
  /** Default: one in memory, of its own. */
  readonly store?: RateLimitStore;
}

/**
 * Answers who asks for more than so much with a 429 and `Retry-After`. Every answer tells what is left, as `RateLimit`,
 * and the rule, as `RateLimit-Policy`.
 *
 * Behind a proxy that is not trusted (`trustProxy`), all clients have the proxy's address, and share one limit.
 *
 * @throws TypeError or RangeError when an option is none
 *
 * @example
 * ```ts
 * import { rateLimit } from "ambit/web";
 *
 * const gentle = rateLimit({ limit: 100, per: 60_000, burst: 20 });
 * const logins = rateLimit({ limit: 5, name: "login", key: ({ ip }) => `login from ${ip}` });
 * typeof gentle; // => "function"
 * ```
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const rule = ruleOf(options);
  const { key = networkKey, cost = one, name = "default" } = options;
  expectFunction("options.key", key);
  expectFunction("options.cost", cost);
  if (typeof name !== "string" || !/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(name))
    throw wrongType("options.name", "text of ASCII without quotes", name);
  const store = options.store ?? new MemoryRateLimitStore();
  const policy = `"${name}";q=${rule.burst};w=${Math.ceil((rule.burst * rule.per) / rule.limit / 1000)}`;
  return async (request, next) => {
    const counted = key(request as ServerRequest);
    if (counted === null) return next();
    const price = cost(request as ServerRequest);
    expectCost(price);
    const verdict = await store.take(`${name}:${counted}`, rule, price);
    const { replyHeaders } = request;
    replyHeaders.append("ratelimit-policy", policy);
    replyHeaders.append("ratelimit", told(name, verdict));
    if (verdict.allowed) return next();
    throw new TooManyRequests(Math.max(1, verdict.retryAfter / 1000));
  };
}

function ruleOf(options: RateLimitOptions): RateLimitRule {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object with a `limit`", options);
  const { limit, per = 60_000, burst = limit } = options;
  expectInteger("options.limit", limit, 1);
  expectInteger("options.burst", burst, 1);
  if (typeof per !== "number") throw wrongType("options.per", "a number of milliseconds", per);
  if (!(per > 0 && per < Infinity))
    throw outOfRange("options.per", "a number of milliseconds of more than 0", per);
  return { limit, per, burst };
}

/** Less than nothing would allow more than the limit. */
function expectCost(cost: unknown): void {
  if (typeof cost !== "number") throw wrongType("options.cost()", "a number", cost);
  if (!(cost >= 0 && cost < Infinity))
    throw outOfRange("options.cost()", "a number of at least 0", cost);
}

function told(name: string, { remaining, reset }: RateLimitVerdict): string {
  return `"${name}";r=${remaining};t=${Math.ceil(reset / 1000)}`;
}

function networkKey({ ip }: ServerRequest): string {
  return networkOf(ip);
}

function one(): number {
  return 1;
}
