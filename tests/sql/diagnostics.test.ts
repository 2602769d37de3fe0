/*
 * What statements tell on node:diagnostics_channel. Against the real servers, in real time.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createTask, currentTask, run, timeout } from "ambit";
import { type Pool, sql, type StatementEvent } from "ambit/postgres";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.ts";

describeDatabases("diagnostics", (database, at) => {
  /** What was told while the body ran in a pool of one connection. */
  async function told(body: (pool: Pool) => PromiseLike<unknown>): Promise<unknown[][]> {
    const log: unknown[][] = [];
    const started = (message: unknown): void => {
      const { operation } = message as StatementEvent;
      log.push(["started", operation, currentTask()?.name ?? null]);
    };
    const ended = (message: unknown): void => {
      const { operation, rows, error } = message as StatementEvent;
      log.push(["ended", operation, rows, error instanceof Error ? error.name : error]);
    };
    await run(async () => {
      await using pool = database.createPool(at.server, { max: 1 });
      await pool.execute(sql`drop table if exists told`);
      await pool.execute(sql`create table told (id int primary key)`);
      subscribe("ambit:sql.statement.started", started);
      subscribe("ambit:sql.statement.ended", ended);
      try {
        await body(pool);
      } finally {
        unsubscribe("ambit:sql.statement.started", started);
        unsubscribe("ambit:sql.statement.ended", ended);
      }
    });
    return log;
  }

  test("statements, failures and the words of transactions are told, in the caller's task", async () => {
    const log = await told((pool) =>
      createTask(
        async () => {
          await pool.query(database.series(3));
          await pool.transaction(async (transaction) => {
            await transaction.execute(sql`insert into told values (${1})`);
          });
          await pool.execute(sql`insert into told values (${1})`).catch(() => {});
        },
        { name: "caller" },
      ),
    );
    const withoutBegin = log.filter(([, word]) => word !== "BEGIN" && word !== "START");
    expect(withoutBegin).toEqual([
      ["started", database.name === "PostgreSQL" ? "SELECT" : "WITH", "caller"],
      ["ended", database.name === "PostgreSQL" ? "SELECT" : "WITH", 3, null],
      ["started", "INSERT", "caller"],
      ["ended", "INSERT", 0, null],
      ["started", "COMMIT", "caller"],
      ["ended", "COMMIT", 0, null],
      ["started", "INSERT", "caller"],
      ["ended", "INSERT", 0, "ConstraintError"],
    ]);
    expect(log).toHaveLength(withoutBegin.length + 2);
  });

  test("a statement that a cancel has stopped, or that took too long, says so", async () => {
    const log = await told(async (pool) => {
      await timeout(20, () => pool.query(database.sleep(60))).catch(() => {});
      await pool.query(database.sleep(60), { timeout: 20 }).catch(() => {});
    });
    expect(log.filter(([what]) => what === "ended")).toEqual([
      ["ended", "SELECT", 0, "CancelledError"],
      ["ended", "SELECT", 0, "QueryTimeoutError"],
    ]);
  });

  test("a stream is one statement, with the rows that were read, however it ends", async () => {
    const log = await told(async (pool) => {
      for await (const _ of pool.stream(database.series(900), { batchSize: 100 }));
      for await (const _ of pool.stream(database.series(900), { batchSize: 100 })) break;
      const wrong = (async () => {
        for await (const _ of pool.stream(sql`select nothing from nowhere`));
      })();
      await expect(wrong).rejects.toThrow(/nowhere/);
    });
    const ends = log.filter(([what]) => what === "ended");
    expect(ends.map(([, , rows]) => rows)).toEqual([900, expect.any(Number), 0]);
    expect(ends[1]?.[2]).toBeGreaterThan(0);
    expect(ends[1]?.[2]).toBeLessThan(900);
    expect(ends.map(([, , , error]) => error === null)).toEqual([true, true, false]);
    expect(log).toHaveLength(6);
  });

  test("a bulk insert is told, and parameters never are", async () => {
    const texts: string[] = [];
    const started = (message: unknown): void => void texts.push((message as StatementEvent).text);
    await told(async (pool) => {
      subscribe("ambit:sql.statement.started", started);
      try {
        await pool.insertMany("told", [{ id: 7001 }, { id: 7002 }]);
        await pool.query(sql`select * from told where id = ${7003}`);
      } finally {
        unsubscribe("ambit:sql.statement.started", started);
      }
    });
    expect(texts.some((text) => /^(copy|insert into) .*told/i.test(text))).toBe(true);
    expect(texts.join("\n")).not.toContain("700");
  });

  test("the server and the database are told, and what a pool does for itself is not", async () => {
    const servers: unknown[] = [];
    const started = (message: unknown): void => {
      const { system, address, port, namespace } = message as StatementEvent;
      servers.push([system, address, port, namespace]);
    };
    await told(async (pool) => {
      subscribe("ambit:sql.statement.started", started);
      try {
        await using connection = await pool.acquire();
        await connection.query(database.echo(1));
      } finally {
        unsubscribe("ambit:sql.statement.started", started);
      }
    });
    const url = new URL(at.server.url);
    const system = database.name === "PostgreSQL" ? "postgresql" : "mysql";
    expect(servers).toEqual([
      [system, url.hostname, Number(url.port), decodeURIComponent(url.pathname.slice(1))],
    ]);
  });
});
