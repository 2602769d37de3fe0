// A process that takes a lock again and again, and looks whether anybody else is inside: for locks.chaos tests.
//
// node lockHolder.mjs URL ROUNDS [lingers]: one that lingers stays inside until it is killed. On the server: `inside` says who is inside (killed ones are in the set `killed`), `last`
// is the greatest token that the protected resource has seen, `done` counts the rounds, `trouble` lists what went wrong.
import { run, sleep } from "../../dist/index.js";
import { createRedis, defineScript, RedisLockLostError } from "../../dist/redis/index.js";

const [url = "", rounds = "0", lingers = ""] = process.argv.slice(2);

const enter = defineScript(`
local other = redis.call("GET", "inside")
if other and redis.call("SISMEMBER", "killed", other) == 0 then
  redis.call("RPUSH", "trouble", ARGV[1] .. " met " .. other)
end
redis.call("SET", "inside", ARGV[1])
local last = tonumber(redis.call("GET", "last") or "0")
if tonumber(ARGV[2]) <= last then
  redis.call("RPUSH", "trouble", "token " .. ARGV[2] .. " after " .. last)
end
redis.call("SET", "last", ARGV[2])
`);
const leave = defineScript(`
if redis.call("GET", "inside") ~= ARGV[1] then redis.call("RPUSH", "trouble", ARGV[1] .. " was pushed out") end
redis.call("DEL", "inside")
redis.call("INCR", "done")
`);

/** @param {import("../../dist/redis/index.js").Redis} redis */
async function takeTurns(redis) {
  const me = String(process.pid);
  const lock = redis.lock("chaos", { lease: 1500 });
  for (let round = 0; round < Number(rounds); round++) {
    try {
      await lock.run(async ({ token }) => {
        await redis.evaluate(enter, [], [me, token]);
        await sleep(lingers === "lingers" ? 60_000 : Math.random() * 5);
        await redis.evaluate(leave, [], [me]);
      });
    } catch (error) {
      if (!(error instanceof RedisLockLostError)) throw error;
      await redis.rpush("lost", me);
    }
  }
}

await run(async () => {
  const redis = createRedis(url);
  try {
    await takeTurns(redis);
  } finally {
    await redis.close();
  }
});
