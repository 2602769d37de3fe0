/*
 * What can go wrong with a statement, by what one can do about it.
 *
 * Every error shows the SQL and never a parameter: servers put values into their messages and details, so the words are
 * masked (maskedWords.ts), and the driver's own error is to be had but is not printed.
 * A timeout is both a DatabaseError and Ambit's TimeoutError: JavaScript has single inheritance, so QueryTimeoutError
 * extends TimeoutError, and `instanceof DatabaseError` knows it too. A cancel that was asked for here is none of these:
 * it is the CancelledError of whoever asked.
 */
import { TimeoutError } from "../core/errors.ts";

/** How much of a statement an error's message shows. */
const SHOWN = 300;

/** What is known of a failure. @internal */
export interface Failure {
  /** The statement, without its parameters; undefined when it was none's fault. */
  readonly sql?: string | undefined;
  /** What the server or the driver calls it: a SQLSTATE such as `23505`, `ER_DUP_ENTRY`, `ECONNREFUSED`. */
  readonly code?: string | undefined;
  /** The driver's error. */
  readonly driverError?: unknown;
}

function sentence(words: string, { sql, code }: Failure): string {
  const flat = sql?.replace(/\s+/g, " ").trim();
  const cut = flat !== undefined && flat.length > SHOWN ? `${flat.slice(0, SHOWN)} …` : flat;
  return `${words}${code === undefined ? "" : ` (${code})`}${cut === undefined ? "" : `, in: ${cut}`}`;
}

const driverErrors = new WeakMap<Error, unknown>();

/**
 * Anything that goes wrong with a database: `catch` it to catch them all. A cancel is none, nor is a wrong argument
 * (TypeError, RangeError).
 */
export class DatabaseError extends Error {
  override readonly name: string = "DatabaseError";
  /** The statement, without its parameters; undefined when it was none's fault. */
  readonly sql: string | undefined;
  /** What the server or the driver calls it: a SQLSTATE such as `23505`, `ER_DUP_ENTRY`, `ECONNREFUSED`. */
  readonly code: string | undefined;

  /** @internal */
  constructor(words: string, failure: Failure = {}) {
    super(sentence(words, failure));
    this.sql = failure.sql;
    this.code = failure.code;
    driverErrors.set(this, failure.driverError);
  }

  /** The driver's error, undefined when there is none. It may hold values of parameters: so it is not printed. */
  get driverError(): unknown {
    return driverErrors.get(this);
  }

  /** True for every error of this module, {@link QueryTimeoutError} and {@link PoolTimeoutError} included. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (
      this === DatabaseError &&
      (value instanceof QueryTimeoutError || value instanceof PoolTimeoutError)
    )
      return true;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** There is no connection, or it broke: the server is not there, refused the login, or went away. */
export class DatabaseConnectionError extends DatabaseError {
  override readonly name: string = "DatabaseConnectionError";
}

/**
 * The connection broke while a transaction was being committed, or at the end of a bulk insert or a copy: whether it was
 * done, nobody here knows.
 */
export class CommitUnknownError extends DatabaseConnectionError {
  override readonly name = "CommitUnknownError";
}

/** The server does not understand the statement, or it names what is not there. */
export class SqlSyntaxError extends DatabaseError {
  override readonly name = "SqlSyntaxError";
}

/** What kind of rule a {@link ConstraintError} broke. */
export type ConstraintKind = "unique" | "foreignKey" | "notNull" | "check" | "exclusion" | "other";

/** @internal */
export interface BrokenConstraint {
  readonly kind: ConstraintKind;
  readonly constraint?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
}

/** The statement would have broken a rule of the tables. */
export class ConstraintError extends DatabaseError {
  override readonly name = "ConstraintError";
  /** The kind of rule. */
  readonly kind: ConstraintKind;
  /** The rule's name, where the server tells it. */
  readonly constraint: string | undefined;
  /** The table's name, where the server tells it. */
  readonly table: string | undefined;
  /** The column's name, where the server tells it: for `notNull`. */
  readonly column: string | undefined;

  /** @internal */
  constructor(words: string, broken: BrokenConstraint, failure: Failure) {
    super(words, failure);
    this.kind = broken.kind;
    this.constraint = broken.constraint;
    this.table = broken.table;
    this.column = broken.column;
  }
}

/** Why a transaction has to be run again. */
export type ConflictKind = "deadlock" | "serialization" | "lockTimeout";

/**
 * Another transaction was in the way. Nothing is wrong with this one: run it again, as `transaction(body, { attempts })`
 * does.
 */
export class TransactionConflictError extends DatabaseError {
  override readonly name = "TransactionConflictError";
  /** `deadlock`, `serialization` or, where the server gave up waiting for a lock, `lockTimeout`. */
  readonly kind: ConflictKind;

  /** @internal */
  constructor(words: string, kind: ConflictKind, failure: Failure) {
    super(words, failure);
    this.kind = kind;
  }
}

/**
 * Thrown when a transaction can't go on, or not be committed: a statement in it failed or was cut short, and the error
 * was caught. What may fail goes into a nested `transaction`.
 */
export class TransactionAbortedError extends DatabaseError {
  override readonly name = "TransactionAbortedError";
}

/** Thrown by the methods of a transaction that has ended, or whose nested transaction is not done yet. */
export class TransactionStateError extends DatabaseError {
  override readonly name = "TransactionStateError";
}

/** The server ended the statement, and nobody here had asked for it: an administrator, or a limit of the server's. */
export class QueryInterruptedError extends DatabaseError {
  override readonly name = "QueryInterruptedError";
}

/** Thrown by a pool that is closed, or was while somebody waited for a connection. */
export class PoolClosedError extends DatabaseError {
  override readonly name = "PoolClosedError";
}

/** Told to the exception handler: whoever acquired a connection has ended without releasing it. */
export class LeakedConnectionError extends DatabaseError {
  override readonly name = "LeakedConnectionError";
}

/** Thrown for a value that can't be read without loss, or can't be sent. */
export class ValueError extends DatabaseError {
  override readonly name = "ValueError";
}

/** A statement took longer than its `timeout`. The server has been stopped. Both a DatabaseError and a TimeoutError. */
export class QueryTimeoutError extends TimeoutError {
  override readonly name = "QueryTimeoutError";
  /** The statement, without its parameters. */
  readonly sql: string;

  /** @internal */
  constructor(sql: string, deadlineMs: number) {
    super(sentence(`the statement took more than ${deadlineMs} ms`, { sql }), deadlineMs);
    this.sql = sql;
  }
}

/** No connection was free for as long as `acquireTimeout` allows. Both a DatabaseError and a TimeoutError. */
export class PoolTimeoutError extends TimeoutError {
  override readonly name = "PoolTimeoutError";
}

/**
 * Tells whether a transaction that failed with this is worth another try: after a {@link TransactionConflictError}.
 *
 * @example
 * ```ts
 * import { isConflict } from "ambit/postgres";
 *
 * isConflict(new Error("disk full")); // => false
 * ```
 */
export function isConflict(error: unknown): boolean {
  return error instanceof TransactionConflictError;
}
