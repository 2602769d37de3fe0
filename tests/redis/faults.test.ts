/*
 * Servers that are killed and come back, networks that are cut, processes that are killed: no hang, no wrong answer.
 *
 * In real time: what is tested is what the world does. Nothing is asserted about how long it takes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createTask, gather, sleep, taskGroup } from "ambit";
import type { Redis as DriverRedis } from "ioredis";
import { createRedis, type Redis, RedisConnectionError, RedisError } from "ambit/redis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import { Wire } from "../servers/wire.ts";
import { clientOf, clientsOf, until, untilBlocked } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("faults", () => {
  const served = serveRedis();
  const children = new Set<ChildProcess>();
  let before = 0;

  beforeEach(async () => {
    await using redis = clientOf(served);
    await redis.flushall();
    before = await clientsOf(redis);
  });

  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    await until(() => children.size === 0);
    await using redis = clientOf(served);
    await until(async () => (await clientsOf(redis)) === before);
  });

  test("a server that is killed under load and comes back: every command ends, none is done twice", async () => {
    await using redis = clientOf(served);
    let acknowledged = 0;
    let unknown = 0;
    const load = { on: true };
    await taskGroup(async (group) => {
      for (let at = 0; at < 16; at++) {
        group.spawn(async () => {
          while (load.on) {
            try {
              await redis.incr("count");
              acknowledged++;
            } catch (error) {
              if (!(error instanceof RedisError)) throw error;
              unknown++;
              await sleep(1);
            }
          }
        });
      }
      for (let round = 0; round < 3; round++) {
        await sleep(50);
        await served.server.kill();
        await served.server.restart();
      }
      await sleep(50);
      load.on = false;
    });
    const count = Number(await redis.get("count"));
    expect(acknowledged).toBeGreaterThan(100);
    expect(count).toBeGreaterThanOrEqual(acknowledged);
    expect(count).toBeLessThanOrEqual(acknowledged + unknown);
    expect(redis.statistics().reconnections).toBeGreaterThan(0);
    before = 1;
  });

  test("a command that comes when the connection has just ended waits for the next one", async () => {
    await using redis = clientOf(served);
    await redis.set("word", "kept");
    const { stream } = redis.connection.driver as DriverRedis;
    stream.destroy();
    // The driver has not heard of it yet.
    expect(redis.statistics().status).toBe("ready");
    expect(await redis.get("word")).toBe("kept");
    expect(redis.statistics().reconnections).toBe(1);
  });

  test("readers of streams and subscriptions go on when the server is back", async () => {
    await using redis = clientOf(served);
    await using subscription = await redis.subscribe("news");
    const read: string[] = [];
    const reading = createTask(async () => {
      for await (const { fields } of redis.readStream("s", { from: "0" }))
        if (read.push(fields["n"] ?? "") === 4) break;
    });
    await redis.xadd("s", "*", "n", "0");
    await redis.xadd("s", "*", "n", "1");
    await until(() => read.length === 2);
    await served.server.kill();
    await served.server.restart();
    await redis.xadd("s", "*", "n", "2");
    await redis.xadd("s", "*", "n", "3");
    await reading;
    expect(read).toEqual(["0", "1", "2", "3"]);
    await until(() => subscription.statistics().gaps === 1);
    await redis.publish("news", "back");
    expect((await subscription.next()).value).toMatchObject({ message: "back", afterGap: true });
    before = 1;
  });

  test("transactions are done whole or not at all while the network is cut", async () => {
    await using wire = await Wire.to(served.server.port);
    await using redis = createRedis(`redis://127.0.0.1:${wire.port}`);
    await using witness = clientOf(served);
    await witness.mset({ a: 1000, b: 1000 });
    const load = { on: true };
    const transfer = async (redis: Redis): Promise<void> => {
      while (load.on) {
        try {
          await redis.multi().decr("a").incr("b").exec();
        } catch (error) {
          if (!(error instanceof RedisError)) throw error;
          await sleep(1);
        }
      }
    };
    await gather([
      ...Array.from({ length: 8 }, () => () => transfer(redis)),
      async () => {
        for (let round = 0; round < 10; round++) {
          await sleep(15);
          wire.cut();
          await sleep(5);
          wire.mend();
        }
        load.on = false;
      },
    ]);
    await redis.close();
    const [a, b] = (await witness.mget("a", "b")).map(Number);
    expect((a ?? 0) + (b ?? 0)).toBe(2000);
    expect(b).toBeGreaterThan(1000);
  });

  test("a network that lets nothing through any more ends commands by their timeout", async () => {
    await using wire = await Wire.to(served.server.port);
    await using redis = createRedis(`redis://127.0.0.1:${wire.port}`, {
      commandTimeout: 100,
      connectTimeout: 300,
    });
    await redis.ready();
    const blocked = createTask(() => redis.blpop("jobs", 0.05), { eager: true });
    await using witness = clientOf(served);
    await untilBlocked(witness, 1);
    wire.hold();
    const command = createTask(() => redis.get("x"), { eager: true });
    await expect(command).rejects.toMatchObject({ name: "RedisTimeoutError" });
    await expect(blocked).rejects.toMatchObject({ name: "RedisTimeoutError" });
    expect(await redis.ping()).toBe("PONG");
  });

  test("locks survive a restart of the server, and are held by one at a time", async () => {
    await using one = clientOf(served);
    await using two = clientOf(served);
    let inside = 0;
    let rounds = 0;
    const work = (redis: Redis) => async () => {
      for (let at = 0; at < 20; at++) {
        await redis.lock("mail", { lease: 20_000 }).run(async () => {
          expect(++inside).toBe(1);
          await sleep(2);
          inside--;
          rounds++;
        });
      }
    };
    const working = createTask(() => gather([work(one), work(two)]));
    await until(() => rounds > 5);
    // Between two commands of theirs or in the middle of one: a release that was cut off is told to its caller.
    await served.server.kill();
    await served.server.restart();
    const error: unknown = await working.then(
      () => null,
      (error: unknown) => error,
    );
    const told = error instanceof RedisConnectionError && error.sent;
    expect([told || error === null, told || rounds === 40]).toEqual([true, true]);
    before = 1;
  });

  test("processes that are killed inside a lock: never two inside, the next gets it, tokens grow", async () => {
    await using redis = clientOf(served);
    let said = "";
    const start = (...more: string[]): ChildProcess => {
      const program = join(import.meta.dirname, "lockHolder.mjs");
      const args = [program, served.server.url, "15", ...more];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "pipe"] });
      child.stderr?.on("data", (text) => (said += String(text)));
      children.add(child.once("exit", () => children.delete(child)));
      return child;
    };
    const survivors = [start(), start(), start()];
    for (let round = 0; round < 2; round++) {
      const victim = start("lingers");
      await until(async () => (await redis.get("inside")) === String(victim.pid));
      await redis.sadd("killed", String(victim.pid));
      victim.kill("SIGKILL");
      await once(victim, "exit");
    }
    const codes = await Promise.all(
      survivors.map(async (child) => child.exitCode ?? (await once(child, "exit"))[0]),
    );
    expect([said, codes]).toEqual(["", [0, 0, 0]]);
    expect(await redis.lrange("trouble", 0, -1)).toEqual([]);
    expect(await redis.lrange("lost", 0, -1)).toEqual([]);
    expect(Number(await redis.get("done"))).toBeGreaterThanOrEqual(45);
  });
});
