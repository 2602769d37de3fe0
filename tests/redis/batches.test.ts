/*
 * Pipelines, transactions, watched keys, scripts and scans, against a real server.
 */
import { inspect } from "node:util";
import { createTask, gather, InvalidStateError, isCancelled, sleep } from "ambit";
import {
  defineScript,
  RedisScriptError,
  RedisTransactionError,
  RedisWatchError,
  RedisWrongTypeError,
} from "ambit/redis";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { redisMissing } from "../servers/databases.ts";
import { clientOf, mustHold, serveEmptyRedis } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("commands together", () => {
  const served = serveEmptyRedis();

  test("a pipeline gives each command's answer or error, in order", async () => {
    await using redis = clientOf(served);
    const pipeline = redis.pipeline().set("a", 1).incr("a").lpush("a", "x").getBuffer("a");
    expect(inspect(pipeline)).toBe("RedisPipeline { commands: 4 }");
    const results = await pipeline.exec();
    expect(results.map(([error]) => error?.name ?? null)).toEqual([
      null,
      null,
      "RedisWrongTypeError",
      null,
    ]);
    expect(results.map(([, value]) => value)).toEqual(["OK", 2, undefined, Buffer.from("2")]);
    await expect(pipeline.exec()).rejects.toBeInstanceOf(InvalidStateError);
    expect(await redis.pipeline().exec()).toEqual([]);
    expect(() => redis.pipeline().blpop("a", 0)).toThrow("would hold up all that share");
  });

  test("100,000 commands in pipelines get their own answers", async () => {
    await using redis = clientOf(served);
    const sums = await gather(
      Array.from({ length: 20 }, (_, lot) => async () => {
        const pipeline = redis.pipeline();
        for (let at = 0; at < 5000; at++) pipeline.echo(`${lot}:${at}`);
        const results = await pipeline.exec();
        return results.filter(([, value], at) => value === `${lot}:${at}`).length;
      }),
    );
    expect(sums).toEqual(Array.from({ length: 20 }, () => 5000));
  });

  test("large and binary values pass in pieces", async () => {
    await using redis = clientOf(served);
    const large = Buffer.alloc(3_000_000, "é");
    const results = await redis
      .pipeline()
      .set("binary", large)
      .set("text", "ü".repeat(700_000))
      .getBuffer("binary")
      .get("text")
      .exec();
    expect(large.equals(results[2]?.[1] as Buffer)).toBe(true);
    expect(results[3]?.[1] === "ü".repeat(700_000)).toBe(true);
  });

  test("a transaction is carried out with nothing in between", async () => {
    await using redis = clientOf(served);
    const transactions = Array.from(
      { length: 50 },
      () => () => redis.multi().incr("x").incr("x").hset("h", { a: 1 }).hgetall("h").exec(),
    );
    const all = await gather(transactions);
    for (const results of all) {
      const values = results?.map(([, value]) => value) ?? [];
      expect(values[1]).toBe(Number(values[0]) + 1);
      expect(values[3]).toEqual({ a: "1" });
    }
    expect(await redis.get("x")).toBe("100");
  });

  test("a command that fails in a transaction leaves the others done; one that is refused stops all", async () => {
    await using redis = clientOf(served);
    const results = await redis.multi().set("a", "text").lpush("a", "x").get("a").exec();
    expect(results?.[1]?.[0]).toBeInstanceOf(RedisWrongTypeError);
    expect(results?.[2]?.[1]).toBe("text");
    const error = await redis
      .multi()
      .set("b", 1)
      .call("SET", "only-one-argument")
      .exec()
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisTransactionError);
    expect(error).toMatchObject({ code: "EXECABORT", cause: { command: "SET" } });
    expect(await redis.exists("b")).toBe(0);
  });

  test("optimistic transfers between accounts lose nothing", async () => {
    await using redis = clientOf(served);
    await redis.mset({ a: 100, b: 100 });
    const transfer = (from: string, to: string) => () =>
      redis.watch(
        ["a", "b"],
        async (watched) => {
          const balance = Number(await watched.get(from));
          await sleep(0);
          if (balance < 1) return null;
          const other = Number(await watched.get(to));
          return watched
            .multi()
            .set(from, balance - 1)
            .set(to, other + 1);
        },
        { attempts: 1000 },
      );
    await gather(
      Array.from({ length: 40 }, (_, at) =>
        at % 4 === 0 ? transfer("b", "a") : transfer("a", "b"),
      ),
    );
    expect(await redis.mget("a", "b")).toEqual(["80", "120"]);
  });

  test("a watch that never gets through gives up, and writes nothing", async () => {
    await using redis = clientOf(served);
    const attempt = redis.watch(
      ["a"],
      async (watched) => {
        await redis.incr("a");
        return watched.multi().set("b", 1);
      },
      { attempts: 3 },
    );
    await expect(attempt).rejects.toMatchObject({ name: "RedisWatchError", attempts: 3 });
    await expect(attempt).rejects.toBeInstanceOf(RedisWatchError);
    expect(await redis.exists("b")).toBe(0);
    await expect(redis.watch([], async () => null)).rejects.toBeInstanceOf(RangeError);
  });

  test("watching, cancelled at every await point, leaves nothing watched and writes all or nothing", async () => {
    const points = await cancelEverywhere(async () => {
      await using redis = clientOf(served);
      try {
        await redis.watch(["a"], async (watched) => {
          const value = Number(await watched.get("a"));
          return watched
            .multi()
            .set("a", value + 1)
            .set("b", value + 1);
        });
      } finally {
        const { dedicated, inFlight } = redis.statistics();
        mustHold(dedicated + inFlight === 0, "a connection was not given back");
      }
    });
    expect(points).toBeGreaterThan(4);
    await using redis = clientOf(served);
    const [a, b] = await redis.mget("a", "b");
    expect(a).toBe(b);
  });

  test("a script is sent once, and called by its hash", async () => {
    await using redis = clientOf(served);
    const add = defineScript<number>('return redis.call("INCRBY", KEYS[1], ARGV[1])');
    expect(await redis.evaluate(add, ["sum"], [2])).toBe(2);
    expect(await redis.evaluate(add, ["sum"], [3])).toBe(5);
    await redis.script("FLUSH");
    expect(await redis.evaluate(add, ["sum"], [1])).toBe(6);
    const wrong = defineScript('return redis.call("LPUSH", KEYS[1], "secret-item")');
    const error = await redis.evaluate(wrong, ["sum"]).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisWrongTypeError);
    const broken = defineScript("return nosuch(1)");
    await expect(redis.evaluate(broken)).rejects.toBeInstanceOf(RedisScriptError);
    const reading = defineScript<string>('return redis.call("GET", KEYS[1])', { readOnly: true });
    expect(await redis.evaluate(reading, ["sum"])).toBe("6");
    expect(() => defineScript("")).toThrow(TypeError);
  });

  test("scans give every key and member", async () => {
    await using redis = clientOf(served);
    const names = Array.from({ length: 2500 }, (_, at) => `key:${at}`);
    const pipeline = redis.pipeline();
    for (const name of names)
      pipeline.set(name, "x").hset("hash", name, "v").zadd("scores", 1.5, name);
    pipeline.sadd("set", ...names).set("other", 1);
    await pipeline.exec();
    const seen = new Set<string>();
    for await (const key of redis.scanIter({ match: "key:*", count: 50 })) seen.add(key);
    expect(seen.size).toBe(2500);
    const types: string[] = [];
    for await (const key of redis.scanIter({ type: "hash" })) types.push(key);
    expect(types).toEqual(["hash"]);
    const fields = new Map<string, string>();
    for await (const [field, value] of redis.hscanIter("hash")) fields.set(field, value);
    expect(fields.size).toBe(2500);
    const members = new Set<string>();
    for await (const member of redis.sscanIter("set", { match: "key:1*" })) members.add(member);
    expect(members.size).toBe(names.filter((name) => name.startsWith("key:1")).length);
    const scores = new Set<number>();
    for await (const [, score] of redis.zscanIter("scores")) scores.add(score);
    expect([...scores]).toEqual([1.5]);
  });

  test("a loop that leaves a scan leaves nothing behind", async () => {
    await using redis = clientOf(served);
    await redis.mset({ a: 1, b: 2 });
    const scan = redis.scanIter();
    for await (const key of scan) {
      expect(["a", "b"]).toContain(key);
      break;
    }
    expect((await scan.next()).done).toBe(true);
    const task = createTask(async () => {
      task.cancel();
      for await (const key of redis.scanIter()) void key;
    });
    await expect(task.then(() => false, isCancelled)).resolves.toBe(true);
  });
});
