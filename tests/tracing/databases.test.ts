/*
 * Spans of statements and commands: real servers, real time.
 */
import { createTask, run, sleep, timeout } from "ambit";
import { createPool as createMysqlPool } from "ambit/mysql";
import { createPool, sql } from "ambit/postgres";
import { createRedis } from "ambit/redis";
import { type FinishedSpan, span } from "ambit/tracing";
import { describe, expect, test } from "vitest";
import {
  mariadbMissing,
  postgresMissing,
  redisMissing,
  serveMariadb,
  servePostgres,
  serveRedis,
} from "../servers/databases.ts";
import { only, traced, treeOf } from "./traced.ts";

const inTrace = (body: () => Promise<unknown>, options = {}): Promise<readonly FinishedSpan[]> =>
  run(() => traced(() => span("work", body), options));

describe.skipIf(postgresMissing() !== null)("PostgreSQL", () => {
  const served = servePostgres();

  test("a statement is a client's span below the current one, by OpenTelemetry's names", async () => {
    const url = new URL(served.server.url);
    const spans = await inTrace(async () => {
      await using pool = createPool({ url: served.server.url });
      await pool.query(sql`select ${41}::int + 1 as n union select 7`);
    });
    const database = url.pathname.slice(1);
    expect(treeOf(spans)).toBe(`work (client SELECT ${database})`);
    expect(only(spans, `SELECT ${database}`).attributes).toEqual({
      "db.system.name": "postgresql",
      "db.query.text": "select $1::int + 1 as n union select 7",
      "db.operation.name": "SELECT",
      "db.namespace": database,
      "db.response.returned_rows": 2,
      "server.address": url.hostname,
      "server.port": Number(url.port),
    });
  });

  test("an error is noted with the server's code, and a cancel is none", async () => {
    const spans = await inTrace(async () => {
      await using pool = createPool({ url: served.server.url });
      await pool.query(sql`select * from nowhere`).catch(() => {});
      await timeout(20, () => pool.query(sql`with a as (select pg_sleep(60)) table a`)).catch(
        () => {},
      );
    });
    const database = new URL(served.server.url).pathname.slice(1);
    const failed = only(spans, `SELECT ${database}`);
    expect([failed.status, failed.attributes["db.response.status_code"]]).toEqual([
      "error",
      "42P01",
    ]);
    const stopped = only(spans, `WITH ${database}`);
    expect([stopped.status, stopped.attributes["ambit.cancelled"]]).toEqual(["unset", true]);
  });

  test("outside of a trace, and with `databases: false`, there are none", async () => {
    const query = async (): Promise<void> => {
      await using pool = createPool({ url: served.server.url });
      await pool.query(sql`select 1`);
    };
    expect(await run(() => traced(query))).toEqual([]);
    expect(treeOf(await inTrace(query, { databases: false }))).toBe("work");
  });
});

describe.skipIf(mariadbMissing() !== null)("MariaDB", () => {
  const served = serveMariadb();

  test("a transaction shows each of its statements", async () => {
    const spans = await inTrace(async () => {
      await using pool = createMysqlPool({ url: served.server.url });
      await pool.transaction((transaction) => transaction.query(sql`select ${1} as n`));
    });
    expect(
      spans.filter(({ kind }) => kind === "client").map(({ name }) => name.split(" ")[0]),
    ).toEqual(["START", "SELECT", "COMMIT"]);
    expect(spans[0]?.attributes["db.system.name"]).toBe("mysql");
  });
});

describe.skipIf(redisMissing() !== null)("Redis", () => {
  const served = serveRedis();

  test("commands and batches are clients' spans, without their arguments", async () => {
    const spans = await inTrace(async () => {
      await using redis = createRedis(served.server.url);
      await redis.set("key", "secret");
      await redis.lpush("key", "x").catch(() => {});
      await redis.pipeline().get("key").get("other").exec();
    });
    expect(treeOf(spans)).toBe("work (client SET, client LPUSH, client PIPELINE)");
    expect(only(spans, "PIPELINE").attributes).toMatchObject({
      "db.system.name": "redis",
      "db.operation.name": "PIPELINE",
      "db.operation.batch.size": 2,
      "db.namespace": "0",
    });
    expect(only(spans, "LPUSH").attributes["error.type"]).toBe("RedisWrongTypeError");
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain("secret");
  });

  test("a command that a cancel has cut short says so, and one that got its answer does not", async () => {
    const spans = await inTrace(async () => {
      await using redis = createRedis(served.server.url);
      const waiting = createTask(() => redis.blpop("nothing", 0));
      while (redis.statistics().blocked === 0) await sleep(1);
      // The count is one before the command is sent.
      await sleep(50);
      waiting.cancel();
      await waiting.then(undefined, () => {});
      await redis.rpush("something", "a");
      await redis.brpop("something", 0);
    });
    const stopped = only(spans, "BLPOP");
    expect([stopped.status, stopped.attributes["ambit.cancelled"]]).toEqual(["unset", true]);
    expect(only(spans, "BRPOP").attributes).not.toHaveProperty("ambit.cancelled");
  });
});
