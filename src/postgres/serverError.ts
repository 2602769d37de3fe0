/*
 * What PostgreSQL complains about, as one of our errors, by its SQLSTATE (PostgreSQL's documentation, appendix A).
 *
 * The detail of a message quotes values ("Key (email)=(a@b.c) already exists"): it is left out; the words are masked.
 */
import {
  ConstraintError,
  type ConstraintKind,
  DatabaseConnectionError,
  DatabaseError,
  QueryInterruptedError,
  SqlSyntaxError,
  TransactionAbortedError,
  TransactionConflictError,
} from "../sql/errors.ts";
import { maskedWords } from "../sql/maskedWords.ts";
import type { Rendered } from "../sql/statement.ts";
import type { RawError } from "./driver.ts";

const CONSTRAINTS: Readonly<Record<string, ConstraintKind>> = {
  "23502": "notNull",
  "23503": "foreignKey",
  "23505": "unique",
  "23514": "check",
  "23P01": "exclusion",
};

/** What the user may not do; PostgreSQL counts it among the syntax errors. */
const FORBIDDEN = "42501";

/** @internal */
export function serverError(error: RawError, { text, values }: Rendered): Error {
  const code = error.code ?? "";
  const failure = { sql: text, code: error.code, driverError: error };
  // Where PostgreSQL quotes what it was given, it comes after a colon: `invalid input syntax for type integer: "x"`.
  const words = maskedWords(error.message, values).replace(/: ".*"$/s, ": ?");
  if (code.startsWith("23")) {
    const kind = CONSTRAINTS[code] ?? "other";
    const { constraint, table, column } = error;
    return new ConstraintError(words, { kind, constraint, table, column }, failure);
  }
  if (code === "40P01") return new TransactionConflictError(words, "deadlock", failure);
  if (code === "40001") return new TransactionConflictError(words, "serialization", failure);
  if (code === "55P03") return new TransactionConflictError(words, "lockTimeout", failure);
  if (code === "25P02") return new TransactionAbortedError(words, failure);
  if (code === "57014") return new QueryInterruptedError(words, failure);
  if (code.startsWith("42") && code !== FORBIDDEN) return new SqlSyntaxError(words, failure);
  if (code.startsWith("08") || code.startsWith("57P"))
    return new DatabaseConnectionError(words, failure);
  return new DatabaseError(words, failure);
}

/** Why no connection was opened. @internal */
export function openingError(error: RawError, peer: string): Error {
  const words = `can't connect to ${peer}: ${error.message}`;
  return new DatabaseConnectionError(words, { code: error.code, driverError: error });
}
