/*
 * Streams as async iterators, against a real server: nothing is lost, nothing comes twice, whatever becomes of connections.
 */
import { inspect } from "node:util";
import { createTask, gather, isCancelled, moveOnAfter, sleep, timeout, TimeoutError } from "ambit";
import type { Redis } from "ambit/redis";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { redisMissing } from "../servers/databases.ts";
import { clientOf, mustHold, serveEmptyRedis, untilBlocked } from "./clients.ts";

async function fill(redis: Redis, stream: string, count: number, from = 0): Promise<void> {
  const pipeline = redis.pipeline();
  for (let at = from; at < from + count; at++) pipeline.xadd(stream, "*", "n", at);
  await pipeline.exec();
}

/** Ends the connections that block. */
async function killBlocked(redis: Redis): Promise<void> {
  const list = String(await redis.client("LIST"));
  for (const line of list.split("\n"))
    if (/ flags=\w*b/.test(line))
      await redis.call("CLIENT", "KILL", "ID", /id=(\d+)/.exec(line)?.[1] ?? "");
}

describe.skipIf(redisMissing() !== null)("streams", () => {
  const served = serveEmptyRedis();

  test("a reader gives what is there, then what comes", async () => {
    await using redis = clientOf(served);
    await fill(redis, "s", 3);
    const reader = redis.readStream("s", { from: "0", count: 2 });
    const read: unknown[] = [];
    const reading = createTask(async () => {
      for await (const { stream, fields, values } of reader) {
        expect([stream, ...values.slice(0, 1)]).toEqual(["s", "n"]);
        if (read.push(fields["n"]) === 5) break;
      }
    });
    await untilBlocked(redis, 1);
    await fill(redis, "s", 2, 3);
    await reading;
    expect(read).toEqual(["0", "1", "2", "3", "4"]);
    expect(inspect(reader)).toMatch(/^RedisStreamReader \{ s: \d+-\d+ \}$/);
    expect((await reader.next()).done).toBe(true);
  });

  test("a reader that begins now misses nothing from then on", async () => {
    await using redis = clientOf(served);
    await fill(redis, "old", 3);
    const reader = redis.readStream({ old: "$", new: "$" }, { block: 20 });
    const cut = await moveOnAfter(60, () => reader.next());
    expect(cut.cancelledCaught).toBe(true);
    await fill(redis, "old", 1, 3);
    await fill(redis, "new", 1, 7);
    const first = (await reader.next()).value;
    const second = (await reader.next()).value;
    expect(new Set([first?.fields["n"], second?.fields["n"]])).toEqual(new Set(["3", "7"]));
    expect(Object.keys(reader.positions).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "new",
      "old",
    ]);
  });

  test("a cancelled read takes no entry, and does not block any more", async () => {
    await using redis = clientOf(served);
    const reader = redis.readStream("s", { from: "0" });
    await expect(timeout(20, () => reader.next())).rejects.toBeInstanceOf(TimeoutError);
    await untilBlocked(redis, 0);
    await fill(redis, "s", 1);
    expect((await reader.next()).value?.fields["n"]).toBe("0");
  });

  test("where a reader is, another goes on", async () => {
    await using redis = clientOf(served);
    await fill(redis, "s", 10);
    const first = redis.readStream("s", { from: "0" });
    for (let at = 0; at < 4; at++) await first.next();
    const second = redis.readStream({ ...first.positions });
    expect((await second.next()).value?.fields["n"]).toBe("4");
  });

  test("a reader goes on after its connections were killed", async () => {
    await using redis = clientOf(served);
    await using writer = clientOf(served);
    const read: number[] = [];
    await gather([
      async () => {
        for await (const { fields } of redis.readStream("s", { from: "0", block: 50, count: 7 }))
          if (read.push(Number(fields["n"])) === 200) break;
      },
      async () => {
        for (let at = 0; at < 200; at += 10) {
          await fill(writer, "s", 10, at);
          await sleep(3);
          await killBlocked(writer);
        }
      },
    ]);
    expect(read).toEqual(Array.from({ length: 200 }, (_, at) => at));
  });

  test("reading, cancelled at every await point, loses no entry", async () => {
    const points = await cancelEverywhere(async () => {
      await using redis = clientOf(served);
      await redis.del("s");
      await fill(redis, "s", 3);
      const reader = redis.readStream("s", { from: "0", count: 2 });
      const read: unknown[] = [];
      try {
        for (let at = 0; at < 3; at++) read.push((await reader.next()).value?.fields["n"]);
      } finally {
        mustHold(
          read.every((each, at) => each === String(at)),
          `read ${read.join()}`,
        );
      }
    });
    expect(points).toBeGreaterThan(4);
  });

  test("each entry goes to one consumer of a group, and is done with when it is acknowledged", async () => {
    await using redis = clientOf(served);
    await fill(redis, "s", 30);
    const seen: string[] = [];
    const consume = (consumer: string) => async () => {
      await moveOnAfter(300, async () => {
        for await (const entry of redis.consumeStream("s", "g", { consumer, count: 3 })) {
          seen.push(entry.fields["n"] ?? "");
          expect(await entry.ack()).toBe(true);
        }
      });
    };
    await gather([consume("a"), consume("b"), consume("c")]);
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, at) => at),
    );
    expect(await redis.xpending("s", "g")).toEqual([0, null, null, null]);
  });

  test("a consumer that comes back goes on with its own, and others take over what is left lying", async () => {
    await using redis = clientOf(served);
    await fill(redis, "s", 4);
    const first = redis.consumeStream("s", "g", { consumer: "a", count: 2 });
    await first.next();
    expect((await first.next()).value?.fields["n"]).toBe("1");
    expect(first.unacknowledged).toBe(2);
    const again = redis.consumeStream("s", "g", { consumer: "a" });
    const own = (await again.next()).value;
    expect(own?.fields["n"]).toBe("0");
    await own?.ack();
    const other = redis.consumeStream("s", "g", { consumer: "b", claimIdle: 30, block: 20 });
    const read: unknown[] = [];
    for await (const entry of other) {
      await entry.ack();
      if (read.push(entry.fields["n"]) === 3) break;
    }
    expect(new Set(read)).toEqual(new Set(["1", "2", "3"]));
    expect(inspect(other)).toBe(
      'RedisGroupConsumer { stream: "s", name: "g/b", unacknowledged: 0 }',
    );
  });

  test("consumers get every entry once while their connections are killed", async () => {
    await using redis = clientOf(served);
    await using writer = clientOf(served);
    const seen: number[] = [];
    const consume = (consumer: string) => async () => {
      const entries = redis.consumeStream("s", "g", { consumer, count: 4, block: 50 });
      while (seen.length < 200) {
        const next = await moveOnAfter(100, () => entries.next());
        const entry = next.value?.value;
        if (entry === undefined) continue;
        seen.push(Number(entry.fields["n"]));
        await entry.ack();
      }
    };
    await gather([
      consume("a"),
      consume("b"),
      async () => {
        for (let at = 0; at < 200; at += 10) {
          await fill(writer, "s", 10, at);
          await sleep(3);
          await killBlocked(writer);
        }
      },
    ]);
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at));
  });

  test("a cancelled consumer keeps nothing from the group", async () => {
    await using redis = clientOf(served);
    const consumer = redis.consumeStream("s", "g", { consumer: "a" });
    const waiting = createTask(() => consumer.next(), { eager: true });
    await untilBlocked(redis, 1);
    waiting.cancel();
    await expect(waiting.then(() => false, isCancelled)).resolves.toBe(true);
    await fill(redis, "s", 1);
    expect((await consumer.next()).value?.fields["n"]).toBe("0");
  });

  test("arguments that are none are refused", async () => {
    await using redis = clientOf(served);
    expect(() => redis.readStream("")).not.toThrow();
    expect(() => redis.readStream({})).toThrow(TypeError);
    expect(() => redis.readStream("s", { from: "yesterday" })).toThrow(
      'the id of an entry, "0" or "$"',
    );
    expect(() => redis.readStream("s", { count: 0 })).toThrow(RangeError);
    expect(() => redis.consumeStream("s", "", { consumer: "a" })).toThrow(TypeError);
  });
});
