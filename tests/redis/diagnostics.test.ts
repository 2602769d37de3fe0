/*
 * What commands tell on node:diagnostics_channel.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createTask, currentTask, timeout } from "ambit";
import { createRedis, type RedisCommandEvent } from "ambit/redis";
import { describe, expect, test } from "vitest";
import { redisMissing, serveRedis } from "../servers/databases.ts";
import { clientOf } from "./clients.ts";

describe.skipIf(redisMissing() !== null)("diagnostics", () => {
  const served = serveRedis();

  async function told(body: () => PromiseLike<unknown>): Promise<unknown[][]> {
    const log: unknown[][] = [];
    const started = (message: unknown): void => {
      const { operation, batchSize } = message as RedisCommandEvent;
      log.push(["started", operation, batchSize, currentTask()?.name ?? null]);
    };
    const ended = (message: unknown): void => {
      const { operation, error } = message as RedisCommandEvent;
      log.push(["ended", operation, error?.name ?? null]);
    };
    subscribe("ambit:redis.command.started", started);
    subscribe("ambit:redis.command.ended", ended);
    try {
      await body();
    } finally {
      unsubscribe("ambit:redis.command.started", started);
      unsubscribe("ambit:redis.command.ended", ended);
    }
    return log;
  }

  test("a command, a pipeline, a transaction and a blocked command are told, in the caller's task", async () => {
    await using redis = clientOf(served);
    await redis.ready();
    const log = await told(() =>
      createTask(
        async () => {
          await redis.set("a", 1);
          await redis.lpush("a", "x").catch(() => {});
          await redis.pipeline().get("a").get("b").exec();
          await redis.multi().incr("a").exec();
          await redis.blpop("none", 0.01);
        },
        { name: "caller" },
      ),
    );
    expect(log).toEqual([
      ["started", "SET", 1, "caller"],
      ["ended", "SET", null],
      ["started", "LPUSH", 1, "caller"],
      ["ended", "LPUSH", "RedisWrongTypeError"],
      ["started", "PIPELINE", 2, "caller"],
      ["ended", "PIPELINE", null],
      ["started", "MULTI", 3, "caller"],
      ["ended", "MULTI", null],
      ["started", "BLPOP", 1, "caller"],
      ["ended", "BLPOP", null],
    ]);
  });

  test("the message tells of the server, and of no argument", async () => {
    await using redis = createRedis(`${served.server.url}/3`);
    const messages: RedisCommandEvent[] = [];
    const keep = (message: unknown): void => void messages.push(message as RedisCommandEvent);
    subscribe("ambit:redis.command.ended", keep);
    await redis.set("secret-key", "secret-value");
    unsubscribe("ambit:redis.command.ended", keep);
    expect({ ...messages[0] }).toEqual({
      system: "redis",
      operation: "SET",
      batchSize: 1,
      namespace: "3",
      address: "127.0.0.1",
      port: served.server.port,
      error: null,
      ended: true,
    });
  });

  test("a command that found no connection has ended, too", async () => {
    await using redis = createRedis("redis://127.0.0.1:1");
    const log = await told(() => timeout(10, () => redis.get("x")).catch(() => {}));
    expect(log.map((each) => each.slice(0, 2))).toEqual([
      ["started", "GET"],
      ["ended", "GET"],
    ]);
  });
});
