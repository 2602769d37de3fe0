/*
 * The npm package `pg`, loaded when the first pool is made, and what of it is used here.
 *
 * It does the protocol: start-up, TLS, passwords, the framing of messages. Its types are in another package, which users
 * of ours need not have: so they are said again, as far as they matter.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";

/** A message of the server's: what is read of it depends on its kind. @internal */
export interface RawMessage {
  readonly text?: string;
  readonly status?: "I" | "T" | "E";
  readonly fields?: readonly RawField[];
  readonly chunk?: Buffer;
}

/** A column. @internal */
export interface RawField {
  readonly name: string;
  readonly dataTypeID: number;
}

/** What the server complains about, by the letters of its protocol. @internal */
export interface RawError extends Error {
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
}

/** Writes messages of the protocol. @internal */
export interface RawConnection extends EventEmitter {
  readonly stream: Duplex;
  connect(port: number, host?: string): void;
  parse(query: { text: string; name?: string; types?: readonly number[] }): void;
  bind(config: {
    portal?: string;
    statement?: string;
    values: readonly (string | Buffer | null)[];
  }): void;
  describe(message: { type: "P" | "S"; name: string }): void;
  execute(config: { portal?: string; rows?: number }): void;
  close(message: { type: "P" | "S"; name: string }): void;
  query(text: string): void;
  sync(): void;
  requestSsl(): void;
  flush(): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
  cancel(processID: number, secretKey: number): void;
}

/** What is written to the server and hears its answers. @internal */
export interface Submittable {
  submit(connection: RawConnection): Error | null;
  handleRowDescription(message: { fields: readonly RawField[] }): void;
  handleDataRow(message: { fields: readonly (string | null)[] }): void;
  handlePortalSuspended(connection: RawConnection): void;
  handleEmptyQuery(connection: RawConnection): void;
  handleCommandComplete(message: { text: string }, connection: RawConnection): void;
  handleCopyInResponse(connection: RawConnection): void;
  handleCopyData(message: { chunk: Buffer }, connection: RawConnection): void;
  handleError(error: RawError, connection: RawConnection): void;
  handleReadyForQuery(connection: RawConnection): void;
}

/** A notification. @internal */
export interface RawNotification {
  readonly channel: string;
  readonly payload?: string;
  readonly processId: number;
}

/** @internal */
export interface RawClient extends EventEmitter {
  readonly connection: RawConnection;
  readonly host: string;
  readonly port: number;
  readonly user: unknown;
  readonly password: unknown;
  readonly database: string | undefined;
  readonly ssl: unknown;
  readonly sslNegotiation: unknown;
  readonly processID: number | null;
  readonly secretKey: number | null;
  connect(callback: (error: Error | null) => void): void;
  query(submittable: Submittable): unknown;
  end(callback?: () => void): void;
}

/** @internal */
export interface Pg {
  readonly Client: new (config: object) => RawClient;
  readonly Connection: (new (config: {
    ssl: unknown;
    sslNegotiation: unknown;
  }) => RawConnection) & { readonly prototype: RawConnection };
}

const requireHere = createRequire(import.meta.url);
let loaded: Pg | null = null;

/** @internal */
export function pg(): Pg {
  try {
    loaded ??= requireHere("pg") as Pg;
  } catch (error) {
    throw new Error("ambit/postgres stands on the npm package pg: npm install pg", {
      cause: error,
    });
  }
  return loaded;
}
