/*
 * Commands that block on the server, and cancels that end them: nothing that was popped is lost.
 */
import {
  createTask,
  gather,
  isCancelled,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
  timeout,
} from "ambit";
import { TimeoutError } from "ambit";
import { RedisConnectionError } from "ambit/redis";
import { cancelEverywhere } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { redisMissing } from "../servers/databases.ts";
import { clientOf, serveEmptyRedis, until, untilBlocked } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("blocking commands", () => {
  const served = serveEmptyRedis();

  test("it waits on a connection of its own, and others go on meanwhile", async () => {
    await using redis = clientOf(served);
    const waiting = createTask(() => redis.blpop("jobs", 0), { eager: true });
    await untilBlocked(redis, 1);
    expect(redis.statistics()).toMatchObject({ blocked: 1, dedicated: 1, inFlight: 0 });
    await redis.rpush("jobs", "one");
    expect(await waiting).toEqual(["jobs", "one"]);
    expect(redis.statistics()).toMatchObject({ blocked: 0, dedicated: 0, spare: 1 });
  });

  test("its own timeout gives null", async () => {
    await using redis = clientOf(served);
    expect(await redis.blpop("jobs", 0.01)).toBeNull();
    expect(await redis.bzpopmin("scores", 0.01)).toBeNull();
    expect(await redis.xread("BLOCK", 5, "STREAMS", "events", "$")).toBeNull();
    expect(await redis.blmove("a", "b", "LEFT", "RIGHT", 0.01)).toBeNull();
  });

  const forms = {
    blpop: (redis: ReturnType<typeof clientOf>) => redis.blpop("x", 0),
    brpop: (redis: ReturnType<typeof clientOf>) => redis.brpop("x", 0),
    blmove: (redis: ReturnType<typeof clientOf>) => redis.blmove("x", "y", "LEFT", "RIGHT", 0),
    brpoplpush: (redis: ReturnType<typeof clientOf>) => redis.brpoplpush("x", "y", 0),
    blmpop: (redis: ReturnType<typeof clientOf>) => redis.blmpop(0, 1, "x", "LEFT"),
    bzpopmin: (redis: ReturnType<typeof clientOf>) => redis.bzpopmin("x", 0),
    bzpopmax: (redis: ReturnType<typeof clientOf>) => redis.bzpopmax("x", 0),
    bzmpop: (redis: ReturnType<typeof clientOf>) => redis.bzmpop(0, 1, "x", "MIN"),
    xread: (redis: ReturnType<typeof clientOf>) => redis.xread("BLOCK", 0, "STREAMS", "x", "$"),
    call: (redis: ReturnType<typeof clientOf>) => redis.call("BLPOP", "x", "0"),
  };

  test.each(Object.keys(forms))("a cancel ends %s on the server", async (name) => {
    await using redis = clientOf(served);
    const task = createTask(() => forms[name as keyof typeof forms](redis), { eager: true });
    await untilBlocked(redis, 1);
    task.cancel();
    await expect(task.then(() => false, isCancelled)).resolves.toBe(true);
    await untilBlocked(redis, 0);
    // The connection is used again, and not ended by what was meant for the command before.
    expect(redis.statistics().spare).toBe(1);
    await redis.rpush("later", "1");
    expect(await redis.blpop("later", 0)).toEqual(["later", "1"]);
  });

  test("a deadline ends it", async () => {
    await using redis = clientOf(served);
    await expect(timeout(30, () => redis.blpop("jobs", 0))).rejects.toBeInstanceOf(TimeoutError);
    const cut = await moveOnAfter(30, () => redis.blpop("jobs", 0));
    expect(cut.cancelledCaught).toBe(true);
    await untilBlocked(redis, 0);
  });

  test("of cancels and pushes at the same time, every element is delivered exactly once", async () => {
    await using redis = clientOf(served, { dedicatedConnections: 12 });
    await using producer = clientOf(served);
    const popped: string[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 40 }),
        async (delays) => {
          popped.length = 0;
          await redis.del("jobs");
          const pop = async () => {
            const item = await redis.blpop("jobs", 0);
            if (item !== null) popped.push(item[1]);
          };
          await gather([
            ...delays.map((ms) => () => moveOnAfter(ms, pop)),
            async () => {
              for (const [at, ms] of delays.entries()) {
                await producer.rpush("jobs", at);
                if (at % 3 === 0) await sleep(ms);
              }
            },
          ]);
          const left = await redis.lrange("jobs", 0, -1);
          const all = [...popped, ...left].map(Number).sort((a, b) => a - b);
          expect(all).toEqual(delays.map((_, at) => at));
          expect(redis.statistics()).toMatchObject({ blocked: 0, dedicated: 0 });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("cancelled at every await point, nothing is lost and no connection is left", async () => {
    const points = await cancelEverywhere(async () => {
      await using redis = clientOf(served);
      await redis.del("jobs");
      const popped: string[] = [];
      try {
        await taskGroup(async (group) => {
          group.spawn(async () => {
            const item = await redis.blpop("jobs", 0);
            if (item !== null) popped.push(item[1]);
          });
          await redis.rpush("jobs", "one");
        });
      } finally {
        // In a scope of its own: the cancel has done its work.
        await run(async () => {
          await using witness = clientOf(served);
          const left = await witness.lrange("jobs", 0, -1);
          const sent = popped.length + left.length;
          if (sent > 1) throw new Error(`popped ${popped.join()}, left ${left.join()}`);
          await witness.del("jobs");
        });
      }
    });
    expect(points).toBeGreaterThan(4);
  });

  test("who finds no connection waits in line, and can be cancelled there", async () => {
    await using redis = clientOf(served, { dedicatedConnections: 1 });
    const first = createTask(() => redis.blpop("a", 0), { eager: true });
    await untilBlocked(redis, 1);
    const second = createTask(() => redis.blpop("b", 0), { eager: true });
    await until(() => redis.statistics().waitingForDedicated === 1);
    second.cancel();
    await expect(second.then(() => false, isCancelled)).resolves.toBe(true);
    const third = createTask(() => redis.blpop("c", 0), { eager: true });
    await redis.rpush("a", "1");
    await redis.rpush("c", "3");
    expect(await first).toEqual(["a", "1"]);
    expect(await third).toEqual(["c", "3"]);
  });

  test("when the server does not answer the unblock, the error tells that an element may be lost", async () => {
    await using redis = clientOf(served, { commandTimeout: 200 });
    const task = createTask(() => redis.blpop("jobs", 0), { eager: true });
    await untilBlocked(redis, 1);
    await served.server.pause();
    task.cancel();
    const error = await task.then(
      () => null,
      (error: unknown) => error,
    );
    served.server.resume();
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error).toMatchObject({ sent: true, command: "BLPOP" });
    await until(async () => (await redis.ping().catch(() => "")) === "PONG");
  });

  test("closing the client ends what blocks", async () => {
    const redis = clientOf(served);
    const task = createTask(() => redis.blpop("jobs", 0), { eager: true });
    await untilBlocked(redis, 1);
    await redis.close();
    await expect(task).rejects.toBeInstanceOf(RedisConnectionError);
  });
});
