/**
 * How much is too much, for whom, and what clients are told.
 */
import * as fc from "fast-check";
import { sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import {
  MemoryRateLimitStore,
  NotFound,
  rateLimit,
  type RateLimitOptions,
  type RateLimitStore,
} from "ambit/web";
import { describe, expect, test } from "vitest";
import { type Passage, through, type ThroughInit } from "./through.ts";

/** What asks one limit again and again. */
function asking(
  options: RateLimitOptions,
): (from?: string, init?: ThroughInit) => Promise<Passage> {
  const middleware = rateLimit(options);
  return (address = "192.0.2.1", init = {}) => through(middleware, { peer: { address }, ...init });
}

const told = ({ status, header }: Passage): unknown[] => [
  status,
  header("ratelimit"),
  header("retry-after"),
];

describe("rateLimit", () => {
  test("lets so many through, then says when to come back", () =>
    runVirtual(async () => {
      const ask = asking({ limit: 3, per: 30_000 });
      const answers = [await ask(), await ask(), await ask(), await ask()];
      expect(answers.map(told)).toEqual([
        [200, '"default";r=2;t=10', null],
        [200, '"default";r=1;t=20', null],
        [200, '"default";r=0;t=30', null],
        [429, '"default";r=0;t=30', "10"],
      ]);
      expect(answers.map(({ header }) => header("ratelimit-policy"))).toEqual(
        answers.map(() => '"default";q=3;w=30'),
      );
      await sleep(9999);
      expect(told(await ask())).toEqual([429, '"default";r=0;t=21', "1"]);
      await sleep(1);
      expect((await ask()).status).toBe(200);
      expect((await ask()).status).toBe(429);
    }));

  test("what was refused counts for nothing", () =>
    runVirtual(async () => {
      const ask = asking({ limit: 1, per: 1000 });
      await ask();
      for (let n = 0; n < 50; n++) expect((await ask()).status).toBe(429);
      await sleep(1000);
      expect((await ask()).status).toBe(200);
    }));

  test("there is no border at which twice as much passes", () =>
    runVirtual(async () => {
      const ask = asking({ limit: 10, per: 1000 });
      await sleep(990);
      let passed = 0;
      for (let n = 0; n < 20; n++) {
        if ((await ask()).status === 200) passed++;
        await sleep(1);
      }
      expect(passed).toBe(10);
    }));

  test("a burst may be smaller than the limit", () =>
    runVirtual(async () => {
      const ask = asking({ limit: 60, per: 60_000, burst: 2 });
      const statuses = [];
      for (let n = 0; n < 4; n++) statuses.push((await ask()).status);
      expect(statuses).toEqual([200, 200, 429, 429]);
      await sleep(1000);
      expect((await ask()).header("ratelimit-policy")).toBe('"default";q=2;w=2');
    }));

  test("each client has his own; one of IPv6 is his network", () =>
    runVirtual(async () => {
      const ask = asking({ limit: 1 });
      const status = async (from: string): Promise<number> => (await ask(from)).status;
      expect(await status("192.0.2.1")).toBe(200);
      expect(await status("192.0.2.2")).toBe(200);
      expect(await status("::ffff:192.0.2.2")).toBe(429);
      expect(await status("2001:db8:0:7::1")).toBe(200);
      expect(await status("2001:db8::7:ffff:1:2:3")).toBe(429);
      expect(await status("2001:db8:0:8::1")).toBe(200);
    }));

  test("a key of one's own, a cost, and nobody at all", () =>
    runVirtual(async () => {
      const ask = asking({
        limit: 10,
        key: ({ query }) => query.get("user"),
        cost: ({ method }) => (method === "POST" ? 6 : 1),
      });
      const by = async (method: string, target: string): Promise<number> =>
        (await ask(undefined, { method, target })).status;
      expect(await by("POST", "/?user=ada")).toBe(200);
      expect(await by("POST", "/?user=ada")).toBe(429);
      expect(await by("GET", "/?user=ada")).toBe(200);
      expect(await by("POST", "/?user=bob")).toBe(200);
      const free = await ask(undefined, { method: "POST" });
      expect([free.status, free.header("ratelimit")]).toEqual([200, null]);
    }));

  test.each([Number.NaN, -1, Infinity, "2", undefined])("a cost of %s is refused", (cost) =>
    runVirtual(async () => {
      const store = new MemoryRateLimitStore();
      const { status, thrown } = await through(
        rateLimit({ limit: 2, cost: () => cost as number, store }),
      );
      expect(status).toBe(500);
      expect(String(thrown)).toContain("Expected `options.cost()` to be a number");
      expect(store.size).toBe(0);
    }),
  );

  test("an error of the handler counts, and tells what is left", () =>
    runVirtual(async () => {
      const failing = await through(rateLimit({ limit: 2 }), {}, () => {
        throw new NotFound();
      });
      expect(told(failing)).toEqual([404, '"default";r=1;t=30', null]);
    }));

  test("two limits each tell theirs, and share a store without sharing counts", () =>
    runVirtual(async () => {
      const store = new MemoryRateLimitStore();
      const both = [
        rateLimit({ limit: 5, name: "minute", store }),
        rateLimit({ limit: 2, per: 1000, name: "second", store }),
      ];
      const { headers } = await through(both);
      expect(headers("ratelimit")).toEqual(['"minute";r=4;t=12', '"second";r=1;t=1']);
      expect(headers("ratelimit-policy")).toEqual(['"minute";q=5;w=60', '"second";q=2;w=1']);
      expect(store.size).toBe(2);
    }));

  test("the store may take its time", () =>
    runVirtual(async () => {
      const store: RateLimitStore = {
        take: async (key, rule, cost) => {
          await sleep(5);
          expect([key, rule, cost]).toEqual([
            "default:192.0.2.1",
            { limit: 7, per: 1000, burst: 7 },
            1,
          ]);
          return { allowed: false, remaining: 0, retryAfter: 1500, reset: 2500 };
        },
      };
      const passage = await asking({ limit: 7, per: 1000, store })();
      expect(told(passage)).toEqual([429, '"default";r=0;t=3', "2"]);
    }));

  test.each([
    [undefined, "Expected `options` to be an object with a `limit`"],
    [{}, "Expected `options.limit`"],
    [{ limit: 0 }, "Expected `options.limit` to be an integer of at least 1"],
    [{ limit: 1, burst: 0.5 }, "Expected `options.burst`"],
    [{ limit: 1, per: 0 }, "Expected `options.per`"],
    [{ limit: 1, per: "1s" }, "Expected `options.per`"],
    [{ limit: 1, key: "ip" }, "Expected `options.key`"],
    [{ limit: 1, cost: 1 }, "Expected `options.cost`"],
    [{ limit: 1, name: 'a"b' }, "Expected `options.name`"],
  ])("rateLimit(%j) is refused", (options, message) => {
    expect(() => rateLimit(options as never)).toThrow(message);
  });
});

describe("MemoryRateLimitStore", () => {
  const rule = { limit: 1, per: 1000, burst: 1 };

  test("forgets who has been quiet, without a timer", () =>
    runVirtual(async () => {
      const store = new MemoryRateLimitStore();
      for (let n = 0; n < 1000; n++) store.take(`old ${n}`, rule, 1);
      await sleep(1000);
      for (let n = 0; n < 1000; n++) store.take(`new ${n}`, rule, 1);
      expect(store.size).toBeLessThanOrEqual(1001);
    }));

  test("has a limit: who was not seen for the longest is forgotten", () =>
    runVirtual(async () => {
      const store = new MemoryRateLimitStore({ limit: 2 });
      for (const key of ["a", "b", "c"]) store.take(key, rule, 1);
      const allowed = ["c", "b", "a"].map((key) => store.take(key, rule, 1).allowed);
      expect(allowed).toEqual([false, false, true]);
      expect(store.size).toBe(2);
      expect(() => new MemoryRateLimitStore({ limit: 0 })).toThrow("`options.limit`");
    }));

  test("in no stretch of time does more pass than the burst and the rate allow", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 5, maxLength: 60 }),
        (limit, burst, pauses) =>
          runVirtual(async () => {
            const store = new MemoryRateLimitStore();
            const passed: number[] = [];
            let now = 0;
            for (const pause of pauses) {
              await sleep(pause);
              now += pause;
              const verdict = store.take("k", { limit, per: 1000, burst }, 1);
              if (verdict.allowed) passed.push(now);
            }
            const over = passed.flatMap((from, first) =>
              passed
                .slice(first)
                .map((to, count) => count + 1 - burst - ((to - from) * limit) / 1000),
            );
            expect(Math.max(...over)).toBeLessThanOrEqual(1e-3);
          }),
      ),
      { numRuns: 60 },
    ));

  test("after `retryAfter`, and not before, the next passes", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        (limit, burst) =>
          runVirtual(async () => {
            const store = new MemoryRateLimitStore();
            const take = (): ReturnType<typeof store.take> =>
              store.take("k", { limit, per: 1000, burst }, 1);
            for (let n = 0; n < burst; n++) expect(take().remaining).toBe(burst - 1 - n);
            const { allowed, retryAfter } = take();
            expect(allowed).toBe(false);
            await sleep(retryAfter - 1);
            expect(take().allowed).toBe(false);
            await sleep(1);
            expect(take().allowed).toBe(true);
          }),
      ),
      { numRuns: 40 },
    ));
});
