/*
 * COPY with data in PostgreSQL's own formats: for files of CSV, and from server to server.
 */
import { wrongType } from "../core/arguments.ts";
import type { Link } from "../sql/link.ts";
import type { Queries } from "../sql/queries.ts";
import { RowStream } from "../sql/rowStream.ts";
import { render, type Sql } from "../sql/statement.ts";
import { copyIn } from "./copyIn.ts";
import { CopyOutCursor } from "./copyOut.ts";
import { POSTGRES, PostgresLink } from "./postgresLink.ts";

/** What a copy reads. */
export type CopySource = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Sends data to the server by `copy … from stdin`, as they come, and gives the number of rows.
 *
 * **Cancellation:** nothing is inserted. A source that is being read is told to end. A cancel that reaches the server when
 * all was inserted is for the next wait.
 *
 * @param database a pool, a connection or a transaction
 * @param statement without parameters: COPY takes none
 * @param source the data: texts are sent as UTF-8
 * @throws {@link DatabaseError} when the server refuses the statement or the data
 * @throws {@link CommitUnknownError} when the connection broke at the end, outside of a transaction
 */
export async function copyFrom(
  database: Queries,
  statement: Sql<unknown>,
  source: CopySource,
): Promise<number> {
  const rendered = render(statement, POSTGRES);
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let atEnd = false;
  const link = expectPostgres(database.lendNow() ?? (await database.lend()));
  try {
    return await copyIn(link, rendered, {
      async next() {
        const { done, value } = await iterator.next();
        atEnd = done === true;
        return atEnd ? null : bytesOf(value);
      },
    });
  } catch (error) {
    database.failed(error);
    throw error;
  } finally {
    database.takeBack(link);
    if (!atEnd) await iterator.return?.();
  }
}

function bytesOf(value: unknown): Buffer {
  if (typeof value === "string") return Buffer.from(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw wrongType("source", "strings or bytes", value);
}

/**
 * Reads what `copy … to stdout` gives, chunk by chunk (a row or more each), while it comes.
 *
 * **Cancellation:** stops the statement on the server and gives the connection back; so does leaving the loop, which a
 * transaction survives.
 *
 * @param database a pool, a connection or a transaction
 */
export function copyTo(database: Queries, statement: Sql<unknown>): RowStream<Buffer> {
  const rendered = render(statement, POSTGRES);
  return new RowStream<Buffer>(
    database,
    rendered,
    (link) => new CopyOutCursor(expectPostgres(link), rendered),
  );
}

function expectPostgres(link: Link): PostgresLink {
  if (link instanceof PostgresLink) return link;
  throw wrongType("database", "a pool, connection or transaction of ambit/postgres", link);
}
