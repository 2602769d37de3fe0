/*
 * The scripts of locks and semaphores: who holds, who waits, what is granted; each is one step on the server.
 *
 * Keys, all in one slot: the holders, by when their lease ends; a counter for fencing tokens and places in line; the
 * line, by place; and until when each who waits is believed to live. Times are the server's own, so clocks of clients
 * play no part. Who waits has to be heard of now and then, or a killed process would hold up all behind it.
 * A waiter is woken over the channel of its client; who misses that looks again after a while.
 */
import { defineScript, type RedisScript } from "./script.ts";

/** Where the client of a waiter listens: followed by the part of the waiter's name before the colon. @internal */
export const WAKE = "ambit:wake:";

const NOW = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Wakes those whose turn it is. */
const WAKE_NEXT = `
local function wake(places)
  if places < 1 then return end
  for _, waiter in ipairs(redis.call("ZRANGE", KEYS[3], 0, places - 1)) do
    redis.call("PUBLISH", "${WAKE}" .. string.match(waiter, "^[^:]*"), waiter)
  end
end
`;

/**
 * ARGV: who, the lease in milliseconds, how many may hold, for how many milliseconds who waits is believed to live (0: it
 * does not wait). Answers a fencing token, or 0; and in how many milliseconds to look again.
 * @internal
 */
export const ACQUIRE: RedisScript<[token: number, again: number]> = defineScript(`
${NOW}
local me, lease, permits, life = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
for _, dead in ipairs(redis.call("ZRANGEBYSCORE", KEYS[4], "-inf", now)) do
  redis.call("ZREM", KEYS[3], dead)
  redis.call("ZREM", KEYS[4], dead)
end
local mine = redis.call("ZSCORE", KEYS[1], me)
local ahead = redis.call("ZRANK", KEYS[3], me) or redis.call("ZCARD", KEYS[3])
if mine or redis.call("ZCARD", KEYS[1]) + ahead < permits then
  redis.call("ZREM", KEYS[3], me)
  redis.call("ZREM", KEYS[4], me)
  redis.call("ZADD", KEYS[1], now + lease, me)
  local last = redis.call("ZRANGE", KEYS[1], -1, -1, "WITHSCORES")
  redis.call("PEXPIREAT", KEYS[1], last[2])
  return { redis.call("INCR", KEYS[2]), 0 }
end
if life > 0 then
  if not redis.call("ZSCORE", KEYS[3], me) then
    redis.call("ZADD", KEYS[3], redis.call("INCR", KEYS[2]), me)
  end
  redis.call("ZADD", KEYS[4], now + life, me)
  redis.call("PEXPIRE", KEYS[3], 2 * life)
  redis.call("PEXPIRE", KEYS[4], 2 * life)
end
local first = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
return { 0, first[2] and math.max(1, first[2] - now + 1) or life }
`);

/** ARGV: who, the lease in milliseconds. Answers 1, or 0 when it is lost. @internal */
export const RENEW: RedisScript<number> = defineScript(`
${NOW}
local until_ = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not until_ or tonumber(until_) <= now then return 0 end
redis.call("ZADD", KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
local last = redis.call("ZRANGE", KEYS[1], -1, -1, "WITHSCORES")
redis.call("PEXPIREAT", KEYS[1], last[2])
return 1
`);

/** ARGV: who, how many may hold. Gives up what is held, and the place in line. Answers 1 when it was held. @internal */
export const RELEASE: RedisScript<number> = defineScript(`
${NOW}
${WAKE_NEXT}
local until_ = redis.call("ZSCORE", KEYS[1], ARGV[1])
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("ZREM", KEYS[4], ARGV[1])
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now)
wake(tonumber(ARGV[2]) - redis.call("ZCARD", KEYS[1]))
return until_ and tonumber(until_) > now and 1 or 0
`);

/** How many hold a lease. @internal */
export const HELD: RedisScript<number> = defineScript(`
${NOW}
return redis.call("ZCOUNT", KEYS[1], "(" .. now, "+inf")
`);
