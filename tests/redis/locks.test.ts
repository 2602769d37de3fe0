/*
 * Locks and semaphores that programs share, against a real server.
 */
import { inspect } from "node:util";
import { createTask, gather, isCancelled, run, sleep, timeout, TimeoutError } from "ambit";
import { RedisHold, RedisLockLostError, RedisTimeoutError } from "ambit/redis";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { redisMissing } from "../servers/databases.ts";
import { clientOf, mustHold, serveEmptyRedis, until } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("locks", () => {
  const served = serveEmptyRedis();

  test("one holds it at a time, in the order of the asking, with growing tokens", async () => {
    await using one = clientOf(served);
    await using two = clientOf(served);
    const log: number[] = [];
    const tokens: number[] = [];
    let inside = 0;
    const hold = (at: number) => async () => {
      const lock = (at % 2 === 0 ? one : two).lock("mail");
      await lock.run(async ({ token }) => {
        expect(++inside).toBe(1);
        log.push(at);
        tokens.push(token);
        await sleep(2);
        inside--;
      });
    };
    const first = await one.lock("mail").acquire();
    const tasks = [];
    for (let at = 0; at < 10; at++) {
      tasks.push(createTask(hold(at)));
      await until(async () => (await one.zcard("ambit:lock:{mail}:line")) === at + 1);
    }
    await first.release();
    await gather(tasks);
    expect(log).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
    expect(first.token).toBeLessThan(tokens[0] ?? 0);
    expect(await one.lock("mail").locked()).toBe(false);
    // What is left on the server is the count, from which tokens come.
    expect(await one.keys("ambit:*")).toEqual(["ambit:lock:{mail}:count"]);
  });

  test("leaving the block gives it back; trying does not wait", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail", { lease: 5000 });
    expect(inspect(lock)).toBe('RedisLock { name: "mail", lease: 5000 }');
    {
      await using hold = await lock.acquire();
      expect(hold).toBeInstanceOf(RedisHold);
      expect(inspect(hold)).toBe(`RedisHold { of: 'lock "mail"', token: 1, lost: false }`);
      expect(await lock.tryAcquire()).toBeNull();
      expect(await lock.locked()).toBe(true);
    }
    const hold = await lock.tryAcquire();
    expect(hold?.token).toBe(2);
    await hold?.release();
    await hold?.release();
  });

  test("who does not get it in time leaves the line", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail");
    const hold = await lock.acquire();
    const error = await lock.acquire({ timeout: 30 }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisTimeoutError);
    expect(String(error)).toContain('lock "mail": not to be had within 30 ms');
    await expect(timeout(30, () => lock.acquire())).rejects.toBeInstanceOf(TimeoutError);
    expect(await redis.zcard("ambit:lock:{mail}:line")).toBe(0);
    await hold.release();
  });

  test("a body that fails, or is cancelled, gives it back", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail");
    const failing = lock.run(() => Promise.reject(new Error("no paper")));
    await expect(failing).rejects.toThrow("no paper");
    const task = createTask(() => lock.run(() => sleep(60_000)), { eager: true });
    await until(() => lock.locked());
    task.cancel();
    await expect(task.then(() => false, isCancelled)).resolves.toBe(true);
    expect(await lock.locked()).toBe(false);
  });

  test("a living holder keeps it beyond its lease", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail", { lease: 300 });
    await lock.run(async (hold) => {
      await sleep(900);
      expect(hold.lost).toBe(false);
      expect(await lock.tryAcquire()).toBeNull();
    });
  });

  test("who loses it is cancelled, with an error that says so", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail", { lease: 200 });
    let ended = "";
    const error = await lock
      .run(async () => {
        await redis.del("ambit:lock:{mail}");
        try {
          await sleep(60_000);
        } catch (error) {
          ended = isCancelled(error) ? "cancelled" : "failed";
          throw error;
        }
      })
      .catch((error: unknown) => error);
    expect(ended).toBe("cancelled");
    expect(error).toBeInstanceOf(RedisLockLostError);
    expect(error).toMatchObject({ token: 1, command: 'lock "mail"' });
  });

  test("without `run`, the scope that acquired it is cancelled, and giving it back tells", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail", { lease: 200 });
    let thrown: unknown = null;
    const task = createTask(async () => {
      const hold = await lock.acquire();
      await redis.del("ambit:lock:{mail}");
      thrown = await sleep(60_000).catch((error: unknown) => error);
      mustHold(hold.lost, "the hold knows nothing of it");
      await hold.release();
    });
    await expect(task).rejects.toBeInstanceOf(RedisLockLostError);
    expect(thrown).toMatchObject({
      name: "CancelledError",
      reason: { name: "RedisLockLostError" },
    });
  });

  test("a holder whose server is out of reach loses it when its lease has ended by its own clock", async () => {
    await using redis = clientOf(served, { commandTimeout: 5000 });
    const lock = redis.lock("mail", { lease: 300 });
    const begin = performance.now();
    let heard = 0;
    const error = await lock
      .run(async () => {
        await served.server.pause();
        try {
          await sleep(60_000);
        } finally {
          heard = performance.now() - begin;
          served.server.resume();
        }
      })
      .catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisLockLostError);
    expect(heard).toBeGreaterThan(290);
  });

  test("acquiring and holding, cancelled at every await point, leaves it free", async () => {
    const points = await cancelEverywhere(async () => {
      await using redis = clientOf(served);
      const lock = redis.lock("mail");
      try {
        await using _ = await lock.acquire();
        await redis.incr("count");
      } finally {
        await run(async () => {
          await using witness = clientOf(served);
          if (await witness.lock("mail").locked()) throw new Error("still held");
        });
      }
    });
    expect(points).toBeGreaterThan(4);
  });

  test("a waiter that is cancelled lets the next have it", async () => {
    await using redis = clientOf(served);
    const lock = redis.lock("mail");
    const hold = await lock.acquire();
    const first = createTask(() => lock.acquire(), { eager: true });
    await until(async () => (await redis.zcard("ambit:lock:{mail}:line")) === 1);
    const second = createTask(() => lock.run(() => "had it"), { eager: true });
    await until(async () => (await redis.zcard("ambit:lock:{mail}:line")) === 2);
    first.cancel();
    await expect(first.then(() => false, isCancelled)).resolves.toBe(true);
    await hold.release();
    expect(await second).toBe("had it");
  });

  test("a semaphore lends its permits, and no more", async () => {
    await using one = clientOf(served);
    await using two = clientOf(served);
    let inside = 0;
    let most = 0;
    const work = (at: number) => () =>
      (at % 2 === 0 ? one : two).semaphore("imports", 3).run(async () => {
        most = Math.max(most, ++inside);
        await sleep(1);
        inside--;
      });
    await gather(Array.from({ length: 30 }, (_, at) => work(at)));
    expect(most).toBe(3);
    const semaphore = one.semaphore("imports", 3);
    expect(await semaphore.held()).toBe(0);
    expect(inspect(semaphore)).toBe('RedisSemaphore { name: "imports", permits: 3 }');
  });

  test("arguments that are none are refused", async () => {
    await using redis = clientOf(served);
    expect(() => redis.lock("")).toThrow(TypeError);
    expect(() => redis.lock("x", { lease: 1 })).toThrow(RangeError);
    expect(() => redis.semaphore("x", 0)).toThrow(RangeError);
    await expect(redis.lock("x").run(1 as never)).rejects.toBeInstanceOf(TypeError);
  });
});
