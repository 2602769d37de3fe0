/*
 * What happens to statements, as events on node:diagnostics_channel.
 *
 * Channels: `ambit:sql.statement.started`, in the caller's task, before a statement is sent, and
 * `ambit:sql.statement.ended`, when its result has come whole, or no more of it will. Both tell the same object, so that a
 * subscriber may keep on it, under a symbol of its own, what it knows of the statement. The fields carry what
 * OpenTelemetry's conventions for database clients ask for; parameters are not told. While nobody listens a statement
 * costs two property reads more, and no message is made.
 */
import { channel } from "node:diagnostics_channel";

/** Where statements go, as events tell it. @internal */
export interface StatementServer {
  /** `db.system.name`. */
  readonly system: "postgresql" | "mysql";
  /** The host, or the path of a socket of the file system. */
  readonly address: string;
  /** Undefined for a socket of the file system. */
  readonly port: number | undefined;
  /** The name of the database, where it is known. */
  readonly namespace: string | undefined;
}

/** The message of both events of a statement. */
export class StatementEvent {
  /** `db.system.name`; MariaDB is `mysql`, too. */
  readonly system: "postgresql" | "mysql";
  /** `db.query.text`, with `$1` or `?` where parameters are. */
  readonly text: string;
  /** `server.address`. */
  readonly address: string;
  /** `server.port`; undefined for a socket of the file system. */
  readonly port: number | undefined;
  /** `db.namespace`: the name of the database; undefined where it is not known. */
  readonly namespace: string | undefined;
  /** `db.response.returned_rows`; of a stream, those that were read. */
  rows = 0;
  /** What it failed with, or a `CancelledError`; null when it has not. */
  error: unknown = null;
  /** True once it has ended. */
  ended = false;
  /** What subscribers keep. */
  [key: symbol]: unknown;

  /** @internal */
  constructor(text: string, server: StatementServer) {
    this.system = server.system;
    this.text = text;
    this.address = server.address;
    this.port = server.port;
    this.namespace = server.namespace;
  }

  /** `db.operation.name`: the first word of the text, in capitals. */
  get operation(): string {
    return /^\W*(\w+)/.exec(this.text)?.[1]?.toUpperCase() ?? "";
  }
}

const statementStarted: ReturnType<typeof channel> = channel("ambit:sql.statement.started");
const statementEnded: ReturnType<typeof channel> = channel("ambit:sql.statement.ended");

/** Whether anybody listens. @internal */
export function isObserved(): boolean {
  return statementStarted.hasSubscribers || statementEnded.hasSubscribers;
}

/** Tells that a statement starts; null while nobody listens. @internal */
export function tellStarted(text: string, server: StatementServer): StatementEvent | null {
  if (!isObserved()) return null;
  const event = new StatementEvent(text, server);
  statementStarted.publish(event);
  return event;
}

/** Tells that it has ended. @internal */
export function tellEnded(event: StatementEvent, error: unknown = null): void {
  if (event.ended) return;
  event.error = error;
  event.ended = true;
  statementEnded.publish(event);
}

/** Tells of a statement whose result comes whole, if anybody listens. @internal */
export function told<T>(
  text: string,
  server: StatementServer,
  body: () => Promise<T>,
  rowsOf: (result: T) => number,
): Promise<T> {
  const event = tellStarted(text, server);
  return event === null ? body() : tellingOf(event, body, rowsOf);
}

async function tellingOf<T>(
  event: StatementEvent,
  body: () => Promise<T>,
  rowsOf: (result: T) => number,
): Promise<T> {
  try {
    const result = await body();
    event.rows = rowsOf(result);
    tellEnded(event);
    return result;
  } catch (error) {
    tellEnded(event, error);
    throw error;
  }
}
