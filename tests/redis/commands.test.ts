/*
 * Commands over the shared connection, against a real server.
 */
import { inspect } from "node:util";
import { createTask, gather, isCancelled, run, sleep, timeout, TimeoutError } from "ambit";
import {
  connect,
  createRedis,
  RedisClosedError,
  RedisConnectionError,
  RedisError,
  RedisOutOfMemoryError,
  RedisPermissionError,
  RedisReplyError,
  RedisTimeoutError,
  RedisWrongTypeError,
} from "ambit/redis";
import { describe, expect, test } from "vitest";
import { redisMissing } from "../servers/databases.ts";
import { clientOf, serveEmptyRedis, until } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("commands", () => {
  const served = serveEmptyRedis();

  test("every kind of answer comes as the driver types it", async () => {
    await using redis = clientOf(served);
    expect(await redis.set("text", "häl\r\nlo")).toBe("OK");
    expect(await redis.get("text")).toBe("häl\r\nlo");
    expect(await redis.getBuffer("text")).toEqual(Buffer.from("häl\r\nlo"));
    expect(await redis.get("none")).toBeNull();
    expect(await redis.incrby("count", 41)).toBe(41);
    expect(await redis.hset("hash", { a: "1", b: "2" })).toBe(2);
    expect(await redis.hgetall("hash")).toEqual({ a: "1", b: "2" });
    expect(await redis.rpush("list", "x", Buffer.from([0, 255]))).toBe(2);
    expect(await redis.lrangeBuffer("list", 0, -1)).toEqual([
      Buffer.from("x"),
      Buffer.from([0, 255]),
    ]);
    expect(await redis.mget("text", "none")).toEqual(["häl\r\nlo", null]);
    expect(await redis.call("ECHO", "hi")).toBe("hi");
  });

  test("commands of many tasks go out in the order of their calls and get their own answers", async () => {
    await using redis = clientOf(served);
    const answers = await gather(
      Array.from({ length: 1000 }, (_, at) => () => redis.set(`key:${at}`, at, "GET")),
    );
    expect(answers.every((each) => each === null)).toBe(true);
    const read = await gather(
      Array.from({ length: 1000 }, (_, at) => () => redis.get(`key:${at}`)),
    );
    expect(read).toEqual(Array.from({ length: 1000 }, (_, at) => String(at)));
  });

  test("a cancelled command that was sent is waited for, and its answer is not lost", async () => {
    await using redis = clientOf(served);
    await redis.rpush("jobs", "one");
    const log: unknown[] = [];
    const task = createTask(
      async () => {
        log.push(await redis.lpop("jobs"));
        await sleep(60_000);
      },
      { eager: true },
    );
    task.cancel();
    await expect(task.then(() => false, isCancelled)).resolves.toBe(true);
    expect(log).toEqual(["one"]);
  });

  test("a cancel that was there before keeps a command from being sent", async () => {
    await using redis = clientOf(served);
    await redis.ready();
    const task = createTask(async () => {
      task.cancel();
      await redis.incr("count");
    });
    await expect(task.then(() => false, isCancelled)).resolves.toBe(true);
    expect(await redis.get("count")).toBeNull();
  });

  test("a cancelled wait for a connection sends nothing", async () => {
    await using redis = createRedis("redis://127.0.0.1:1");
    await expect(timeout(20, () => redis.set("key", 1))).rejects.toBeInstanceOf(TimeoutError);
    expect(redis.statistics()).toMatchObject({ sent: 0, waiting: 0 });
  });

  test("without a server, a command fails with what is wrong", async () => {
    await using redis = createRedis("redis://127.0.0.1:1", { connectTimeout: 50 });
    const error = await redis.get("key").catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisConnectionError);
    expect(error).toMatchObject({
      message: "GET: no connection within 50 ms: it was not sent",
      sent: false,
      cause: { code: "ECONNREFUSED" },
    });
    await expect(connect("redis://127.0.0.1:1", { connectTimeout: 50 })).rejects.toBeInstanceOf(
      RedisConnectionError,
    );
  });

  test("errors have classes, name the command and keep its arguments to themselves", async () => {
    await using redis = clientOf(served);
    await redis.set("text", "secret-value");
    const wrongType = await redis.lpush("text", "secret-item").catch((error: unknown) => error);
    expect(wrongType).toBeInstanceOf(RedisWrongTypeError);
    expect(wrongType).toBeInstanceOf(RedisReplyError);
    expect(wrongType).toBeInstanceOf(RedisError);
    expect(wrongType).toMatchObject({ command: "LPUSH", code: "WRONGTYPE" });
    const unknown = await redis.call("NOSUCH", "secret-item").catch((error: unknown) => error);
    expect(unknown).toMatchObject({ name: "RedisReplyError", command: "NOSUCH", code: "ERR" });
    await redis.config("SET", "maxmemory", "1");
    const full = await redis.set("more", "secret-item").catch((error: unknown) => error);
    await redis.config("SET", "maxmemory", "0");
    expect(full).toBeInstanceOf(RedisOutOfMemoryError);
    for (const error of [wrongType, unknown, full]) expect(inspect(error)).not.toContain("secret");
  });

  test("a wrong password ends the wait at once", async () => {
    await using admin = clientOf(served);
    await admin.acl("SETUSER", "ada", "on", ">right", "~*", "+@all");
    const url = served.server.url.replace("//", "//ada:wrong@");
    const error = await connect(url).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RedisPermissionError);
    expect(String(error)).not.toContain("wrong@");
    await using right = createRedis(url.replace("wrong", "right"));
    expect(await right.acl("WHOAMI")).toBe("ada");
    await admin.acl("DELUSER", "ada");
  });

  test("an answer that does not come in time ends the connection, and a new one serves", async () => {
    await using redis = clientOf(served, { commandTimeout: 100 });
    await using other = clientOf(served);
    await redis.ready();
    await served.server.pause();
    const answers = await gather([() => redis.set("a", 1), () => redis.set("b", 1)], {
      returnExceptions: true,
    });
    served.server.resume();
    expect(answers[0]).toBeInstanceOf(RedisTimeoutError);
    expect(answers[0]).toBeInstanceOf(RedisError);
    expect(answers[0]).toBeInstanceOf(TimeoutError);
    expect(answers[0]).toMatchObject({ command: "SET", deadlineMs: 100 });
    expect(answers[1]).toMatchObject({ name: "RedisConnectionError", sent: true });
    await until(async () => (await redis.ping().catch(() => "")) === "PONG");
    expect(redis.statistics().reconnections).toBeGreaterThan(0);
    expect(await other.ping()).toBe("PONG");
  });

  test("commands that would change the shared connection, and callbacks, are refused", async () => {
    await using redis = clientOf(served);
    await expect(redis.call("SUBSCRIBE", "x")).rejects.toThrow(
      "SUBSCRIBE would change the connection that many tasks share: use `subscribe`",
    );
    await expect(redis.call("select", "1")).rejects.toThrow("make a client with `db`");
    await expect(redis.get("x", () => {})).rejects.toThrow(
      "Expected `get's last argument` to be no callback: await the answer",
    );
  });

  test("closing waits for the answers that are due; after that nothing is sent", async () => {
    const redis = clientOf(served);
    await redis.ready();
    const last = createTask(() => redis.incr("count"), { eager: true });
    await redis.close();
    expect(await last).toBe(1);
    await expect(redis.incr("count")).rejects.toBeInstanceOf(RedisClosedError);
    expect(redis.statistics()).toMatchObject({ status: "end", inFlight: 0 });
    expect(inspect(redis)).toBe('Redis { status: "end", inFlight: 0 }');
    await redis.close();
  });

  test("a client that was never used, or does not connect, closes at once", async () => {
    await clientOf(served).close();
    const redis = createRedis("redis://127.0.0.1:1");
    const waiting = createTask(() => redis.get("x"), { eager: true });
    await redis.close();
    await expect(waiting).rejects.toBeInstanceOf(RedisClosedError);
  });

  test("a client serves run after run", async () => {
    await using redis = clientOf(served);
    expect(await run(() => redis.incr("count"))).toBe(1);
    expect(await run(() => redis.incr("count"))).toBe(2);
  });

  test("options that are none are refused", () => {
    expect(() => createRedis("http://localhost")).toThrow(TypeError);
    expect(() => createRedis("redis//user:secret@")).toThrow(TypeError);
    expect(() => createRedis("redis://localhost/x")).toThrow("the number of a database");
    expect(() => createRedis({ commandTimeout: 0 })).toThrow(RangeError);
    expect(() => createRedis({ maxRetriesPerRequest: 1 } as never)).toThrow("Ambit sets it");
  });
});
