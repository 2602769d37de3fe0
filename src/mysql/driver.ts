/*
 * The npm package `mysql2`, loaded when the first pool is made, and what of it is used here.
 *
 * It does the protocol: the handshake, TLS, passwords, packets, prepared statements. Its types are said again, as far as
 * they matter, so that who does not use it need not have it.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";

/** What the server or the driver complains about. @internal */
export interface RawError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  /** The connection is of no use any more. */
  readonly fatal?: boolean;
}

/** A column. @internal */
export interface RawField {
  readonly name: string;
  readonly columnType: number;
}

/** What came of a statement that gives no rows. @internal */
export interface RawResult {
  readonly affectedRows: number;
  readonly insertId: number | string;
}

/** @internal */
export interface RawStatement {
  readonly sql: string;
  readonly values?: readonly unknown[];
}

/** @internal */
export type RawCallback = (error: RawError | null, result?: unknown, fields?: unknown) => void;

/** @internal */
export interface RawConnection extends EventEmitter {
  readonly stream: Duplex;
  readonly threadId: number | null;
  query(statement: RawStatement, callback?: RawCallback): EventEmitter;
  execute(statement: RawStatement, callback?: RawCallback): EventEmitter;
  ping(callback: (error?: RawError | null) => void): void;
  reset(callback: (error?: RawError | null) => void): void;
  pause(): void;
  resume(): void;
  end(callback?: () => void): void;
}

/** @internal */
export interface Mysql2 {
  createConnection(config: object): RawConnection;
}

const requireHere = createRequire(import.meta.url);
let loaded: Mysql2 | null = null;

/** @internal */
export function mysql2(): Mysql2 {
  try {
    loaded ??= requireHere("mysql2") as Mysql2;
  } catch (error) {
    throw new Error("ambit/mysql stands on the npm package mysql2: npm install mysql2", {
      cause: error,
    });
  }
  return loaded;
}
