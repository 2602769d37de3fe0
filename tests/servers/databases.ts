/*
 * A real MariaDB, PostgreSQL or Redis for the tests of one file: started before them, stopped after.
 *
 * Without one, tests skip and say why; where `AMBIT_SERVERS=required` is set, as .ci/run does, they fail.
 */
import { afterAll, beforeAll } from "vitest";
import {
  type DatabaseServer,
  mariadbMissing as mariadbProblem,
  postgresMissing as postgresProblem,
  redisMissing as redisProblem,
  startMariadb,
  startPostgres,
  startRedis,
  startRedisNode,
  startRedisSentinel,
} from "../../scripts/databaseServers.mjs";

export {
  type DatabaseServer,
  startMariadb,
  startPostgres,
  startRedis,
  startRedisNode,
  startRedisSentinel,
};

function said(problem: string | null): string | null {
  if (problem === null) return null;
  if (process.env["AMBIT_SERVERS"] === "required") throw new Error(problem);
  console.warn(`skipped: ${problem}`);
  return problem;
}

/** Why there is no MariaDB for tests, or null: `describe.skipIf(mariadbMissing() !== null)`. */
export function mariadbMissing(): string | null {
  return said(mariadbProblem());
}

/** Why there is no PostgreSQL for tests, or null. */
export function postgresMissing(): string | null {
  return said(postgresProblem());
}

/** Why there is no Redis for tests, or null. */
export function redisMissing(): string | null {
  return said(redisProblem());
}

/** A server for this file's tests, or for the `describe` it is called in; undefined until they begin. */
export interface Served {
  readonly server: DatabaseServer;
}

function served(start: () => Promise<DatabaseServer>): Served {
  let server: DatabaseServer | undefined;
  beforeAll(async () => {
    server = await start();
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
  }, 60_000);
  return {
    get server() {
      if (server === undefined) throw new Error("the server is started when the tests begin");
      return server;
    },
  };
}

export function servePostgres(): Served {
  return served(startPostgres);
}

export function serveMariadb(): Served {
  return served(startMariadb);
}

export function serveRedis(): Served {
  return served(startRedis);
}
