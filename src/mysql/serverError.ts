/*
 * What MySQL or MariaDB complains about, as one of our errors, by its number.
 *
 * Their messages quote values: those places are masked, as are the parameters wherever they occur.
 */
import {
  ConstraintError,
  type ConflictKind,
  type ConstraintKind,
  DatabaseConnectionError,
  DatabaseError,
  QueryInterruptedError,
  SqlSyntaxError,
  TransactionConflictError,
} from "../sql/errors.ts";
import { maskedWords } from "../sql/maskedWords.ts";
import type { Rendered } from "../sql/statement.ts";
import type { RawError } from "./driver.ts";

/** Broken rules, and where the message names them. */
const CONSTRAINTS: Readonly<Record<number, readonly [kind: ConstraintKind, name: RegExp]>> = {
  1062: ["unique", /for key '([^']+)'/],
  1586: ["unique", /for key '([^']+)'/],
  1216: ["foreignKey", /CONSTRAINT `([^`]+)`/],
  1217: ["foreignKey", /CONSTRAINT `([^`]+)`/],
  1451: ["foreignKey", /CONSTRAINT `([^`]+)`/],
  1452: ["foreignKey", /CONSTRAINT `([^`]+)`/],
  1048: ["notNull", /^$/],
  1364: ["notNull", /^$/],
  3819: ["check", /constraint '([^']+)'/i],
  4025: ["check", /CONSTRAINT `([^`]+)`/],
};

const CONFLICTS: Readonly<Record<number, ConflictKind>> = {
  1020: "serialization",
  1205: "lockTimeout",
  1213: "deadlock",
};

/** Killed, or too slow for a limit of the server's. */
const INTERRUPTED = new Set([1317, 1969, 3024]);
/** What the user may not do; the servers count it among the syntax errors. */
const FORBIDDEN = new Set([1142, 1143, 1227, 1370]);
/** The connection was killed, the server shuts down. */
const GONE = new Set([1040, 1044, 1045, 1053, 1152, 1159, 1161, 1203, 1927, 4031]);

/** @internal */
export function serverError(error: RawError, { text, values }: Rendered): Error {
  const { errno = 0, code, message, sqlState = "" } = error;
  const failure = { sql: text, code, driverError: error };
  const words = maskedWords(quotesMasked(message), values);
  if (error.fatal === true || GONE.has(errno)) return new DatabaseConnectionError(words, failure);
  const [kind, name] = CONSTRAINTS[errno] ?? [];
  if (kind !== undefined && name !== undefined) {
    const column = /(?:Column|Field) '([^']+)'/.exec(message)?.[1];
    const broken = { kind, constraint: name.exec(message)?.[1], column };
    return new ConstraintError(words, broken, failure);
  }
  const conflict = CONFLICTS[errno];
  if (conflict !== undefined) return new TransactionConflictError(words, conflict, failure);
  if (INTERRUPTED.has(errno)) return new QueryInterruptedError(words, failure);
  // 42: not understood, or not there. 21S01: as many values as columns.
  if (!FORBIDDEN.has(errno) && (sqlState.startsWith("42") || sqlState.startsWith("21")))
    return new SqlSyntaxError(syntaxMasked(words), failure);
  return new DatabaseError(words, failure);
}

/** Why no connection was opened. @internal */
export function openingError(error: RawError, peer: string): Error {
  const words = `can't connect to ${peer}: ${error.message}`;
  return new DatabaseConnectionError(words, { code: error.code, driverError: error });
}

function quotesMasked(message: string): string {
  return message
    .replace(/^Duplicate entry '.*' for key/s, "Duplicate entry ? for key")
    .replace(/ value: '.*?'( for |$)/s, " value: ?$1")
    .replace(/^Data truncat.*?'.*' for /s, "Data truncated for ");
}

/** "… near 'the rest of the statement'": the statement is shown anyhow. */
function syntaxMasked(words: string): string {
  return words.replace(/ near '.*' at line/s, " at line");
}
