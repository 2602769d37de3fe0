/*
 * Sessions and limits of ambit/web, kept in a real server, by several applications. Times are the server's: these tests
 * wait in real time, a few hundredths of a second each.
 */
import { inspect } from "node:util";
import * as fc from "fast-check";
import { gather, sleep } from "ambit";
import { type Redis, RedisRateLimitStore, RedisSessionStore } from "ambit/redis";
import { Application, rateLimit, type RateLimitRule, sessions } from "ambit/web";
import { beforeEach, describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import { clientOf, until } from "./clients.ts";

/** An application that counts the visits of a visitor. */
function counting(redis: Redis): Application {
  const store = new RedisSessionStore(redis, { prefix: "visits:" });
  const app = new Application().use(sessions({ store, initial: () => ({ count: 0 }) }));
  app.get("/", ({ state }) => ({ count: ++state.session.data.count }));
  app.get("/out", ({ state }) => {
    state.session.destroy();
    return "bye";
  });
  return app;
}

async function visit(app: Application, path: string, cookie: string): Promise<Response> {
  return app.fetch(new Request(`http://localhost${path}`, { headers: { cookie } }));
}

const cookieOf = (response: Response): string =>
  response.headers.get("set-cookie")?.split(";")[0] ?? "";

describe.skipIf(redisMissing() !== null)("stores of ambit/web in Redis", () => {
  const served = serveRedis();

  beforeEach(async () => {
    await using redis = clientOf(served);
    await redis.flushall();
  });

  test("a visitor is known again by another process with the same store", async () => {
    await using here = clientOf(served);
    await using there = clientOf(served);
    const first = await visit(counting(here), "/", "");
    const second = await visit(counting(there), "/", cookieOf(first));
    expect([await first.json(), await second.json()]).toEqual([{ count: 1 }, { count: 2 }]);
    const keys = await here.keys("*");
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatch(/^visits:/);
    // Who reads the store does not learn the id that the visitor has.
    expect(keys[0]).not.toContain(cookieOf(first).slice("session=".length));
  });

  test("who has logged out is not known any more, and nothing is left", async () => {
    await using redis = clientOf(served);
    const app = counting(redis);
    const cookie = cookieOf(await visit(app, "/", ""));
    await visit(app, "/out", cookie);
    expect(await redis.dbsize()).toBe(0);
    expect(await (await visit(app, "/", cookie)).json()).toEqual({ count: 1 });
  });

  test("a session expires by the server's clock", async () => {
    await using redis = clientOf(served);
    const store = new RedisSessionStore(redis);
    await store.save("k", "text", 20.2);
    expect(await store.load("k")).toBe("text");
    expect(await redis.pttl("session:k")).toBeLessThanOrEqual(21);
    await until(async () => (await store.load("k")) === null);
    await store.save("k", "other", 60_000);
    await store.save("k", "other", 0);
    expect(await store.load("k")).toBe(null);
    await store.remove("k");
  });

  test("of a limit, all processes together get no more than it allows", async () => {
    await using here = clientOf(served);
    await using there = clientOf(served);
    const rule = { limit: 10, per: 600_000, burst: 10 };
    const stores = [new RedisRateLimitStore(here), new RedisRateLimitStore(there)];
    const verdicts = await gather(
      Array.from({ length: 40 }, (_, n) => () => stores[n % 2]!.take("ada", rule)),
    );
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(10);
    const refused = verdicts.find(({ allowed }) => !allowed);
    expect(refused?.remaining).toBe(0);
    expect(refused?.retryAfter).toBeGreaterThan(50_000);
    expect(refused?.retryAfter).toBeLessThanOrEqual(60_000);
    expect((await stores[0]!.take("bob", rule)).remaining).toBe(9);
  });

  test("a bucket leaks evenly, and is forgotten when it is empty", async () => {
    await using redis = clientOf(served);
    const store = new RedisRateLimitStore(redis, { prefix: "" });
    const rule = { limit: 1, per: 40, burst: 1 };
    expect(await store.take("k", rule)).toMatchObject({ allowed: true, remaining: 0 });
    const refused = await store.take("k", rule);
    expect(refused.allowed).toBe(false);
    await sleep(refused.retryAfter + 5);
    expect((await store.take("k", rule)).allowed).toBe(true);
    await until(async () => (await redis.exists("k")) === 0);
  });

  test("looking costs nothing, and what is refused takes nothing", async () => {
    await using redis = clientOf(served);
    const store = new RedisRateLimitStore(redis);
    const rule = { limit: 4, per: 400_000, burst: 4 };
    expect((await store.take("k", rule, 0)).remaining).toBe(4);
    expect(await redis.dbsize()).toBe(0);
    expect((await store.take("k", rule, 3)).remaining).toBe(1);
    expect(await store.take("k", rule, 2)).toMatchObject({ allowed: false, remaining: 1 });
    expect((await store.take("k", rule, 1)).allowed).toBe(true);
  });

  test("of any costs, it allows what a bucket allows that hardly leaks", async () => {
    await using redis = clientOf(served);
    const store = new RedisRateLimitStore(redis);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 20 }),
        async (burst, costs) => {
          const key = `run ${run++}`;
          const rule: RateLimitRule = { limit: 1, per: 3_600_000, burst };
          let left = burst;
          for (const cost of costs) {
            const { allowed, remaining } = await store.take(key, rule, cost);
            expect(allowed).toBe(cost <= left);
            if (allowed) left -= cost;
            expect(remaining).toBe(left);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("as a middleware it answers 429 in whichever process a client asks", async () => {
    await using here = clientOf(served);
    await using there = clientOf(served);
    const apps = [here, there].map((redis) => {
      const store = new RedisRateLimitStore(redis);
      const app = new Application().use(
        rateLimit({ limit: 3, per: 600_000, key: () => "everybody", store }),
      );
      app.get("/", () => "fine");
      return app;
    });
    const statuses = [];
    for (let n = 0; n < 5; n++) statuses.push((await visit(apps[n % 2]!, "/", "")).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  test("they tell what they are, and refuse a prefix that is no text", async () => {
    await using redis = clientOf(served);
    expect(inspect(new RedisSessionStore(redis))).toBe('RedisSessionStore { prefix: "session:" }');
    expect(inspect(new RedisRateLimitStore(redis))).toBe('RedisRateLimitStore { prefix: "rate:" }');
    // @ts-expect-error -- an argument is of the wrong type
    expect(() => new RedisSessionStore(redis, { prefix: 1 })).toThrow("options.prefix");
    // @ts-expect-error -- an argument is of the wrong type
    expect(() => new RedisRateLimitStore(redis, { prefix: 1 })).toThrow("options.prefix");
  });
});
