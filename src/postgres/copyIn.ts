/*
 * COPY … FROM STDIN: many rows in one statement.
 *
 * Strategy: chunks are sent as fast as the socket takes them, and no faster than they come. When the source fails or a
 * cancel comes, the server is told that the copy has failed, and nothing is inserted. When the server fails first, what is
 * still sent it ignores; it is asked for no more.
 */
import type { Duplex } from "node:stream";
import { suspend } from "../core/suspend.ts";
import { told } from "../sql/diagnostics.ts";
import { DatabaseError } from "../sql/errors.ts";
import { performLasting } from "../sql/lastingCommand.ts";
import type { Link } from "../sql/link.ts";
import type { Done } from "../sql/outcome.ts";
import type { Rendered } from "../sql/statement.ts";
import type { RawClient, RawConnection } from "./driver.ts";
import { serverError } from "./serverError.ts";
import { Receiving, rowsOf } from "./statementCommand.ts";

/** A connection, as far as a copy needs one. @internal */
export interface CopyLink extends Link {
  readonly client: RawClient;
  submit(command: Receiving, ready: () => void): void;
}

/** Where the data come from. @internal */
export interface Chunks {
  /** Null at the end. */
  next(): Promise<Buffer | null>;
}

class CopyInCommand extends Receiving {
  /** The server takes data. */
  open = false;
  /** Nothing of it is left. */
  over = false;
  readonly #text: string;
  #done: Done<void> | null = null;

  constructor(text: string) {
    super(new Map());
    this.#text = text;
  }

  /** Has the next that happens told: that it is open, or over. */
  expect(done: Done<void>): void {
    this.#done = done;
  }

  submit(connection: RawConnection): null {
    connection.query(this.#text);
    return null;
  }

  override handleCopyInResponse(): void {
    this.open = true;
    this.#tell(null);
  }

  ended(statement: Rendered): void {
    const wasOpen = this.open;
    this.open = false;
    this.over = true;
    if (this.failure !== null) this.failure = serverError(this.failure, statement);
    else if (!wasOpen)
      this.failure = new DatabaseError("it is no COPY … FROM STDIN", { sql: statement.text });
    this.#tell(this.failure);
  }

  #tell(error: Error | null): void {
    const done = this.#done;
    this.#done = null;
    done?.(error);
  }
}

/**
 * Runs a COPY and gives the number of rows.
 *
 * **Cancellation:** nothing is inserted; one that comes too late for that is for the next wait.
 *
 * @internal
 */
export function copyIn(link: CopyLink, statement: Rendered, chunks: Chunks): Promise<number> {
  return told(
    statement.text,
    link.server,
    () => copied(link, statement, chunks),
    () => 0,
  );
}

async function copied(link: CopyLink, statement: Rendered, chunks: Chunks): Promise<number> {
  const command = new CopyInCommand(statement.text);
  const { connection } = link.client;
  try {
    await link.perform<void>("COPY", (done) => {
      command.expect(done);
      link.submit(command, () => command.ended(statement));
    });
    await send(connection, command, chunks);
    if (!command.over) {
      await performLasting(link, "end of COPY", (done) => {
        command.expect(done);
        connection.endCopyFrom();
      });
    }
    if (command.failure !== null) throw command.failure;
    return rowsOf(command.tag);
  } catch (error) {
    if (command.open) await link.tidy(() => giveUp(link, command));
    throw error;
  }
}

async function send(
  connection: RawConnection,
  command: CopyInCommand,
  chunks: Chunks,
): Promise<void> {
  for (;;) {
    const chunk = await chunks.next();
    if (chunk === null || command.over) return;
    connection.sendCopyFromChunk(chunk);
    if (connection.stream.writableNeedDrain) await drained(connection.stream);
  }
}

function drained(stream: Duplex): Promise<void> {
  return suspend<void>(
    (wait) => {
      const go = (): void => {
        stream.off("drain", go).off("close", go);
        wait.resolve();
      };
      stream.on("drain", go).on("close", go);
      return () => void stream.off("drain", go).off("close", go);
    },
    undefined,
    "COPY",
  );
}

function giveUp(link: CopyLink, command: CopyInCommand): Promise<void> {
  return link.perform<void>("COPY", (done) => {
    // It ends with the failure that it was told.
    command.expect(() => done(null));
    link.client.connection.sendCopyFail("given up");
  });
}
