/*
 * What comes of a statement, whole or piece by piece, and how its end is told.
 */
import type { Row } from "./statement.ts";

/** What came of a statement. @internal */
export interface Outcome {
  readonly rows: readonly Row[];
  /** Rows that were inserted, changed or removed, or else that came. */
  readonly affectedRows: number;
  /** The value that the server generated for the new row; undefined where there is none. */
  readonly insertId?: number | bigint | undefined;
  /** What was done, as PostgreSQL tells it: `INSERT`. */
  readonly command?: string | undefined;
}

/** A piece of a long result. @internal */
export interface Batch {
  readonly rows: readonly Row[];
  /** Nothing comes after it. */
  readonly last: boolean;
}

/** A result that is read piece by piece. @internal */
export interface Cursor {
  /** Asks for the next piece, of at least one row unless it is the last. */
  read(done: Done<Batch>): void;
  /** True while nothing of it is left on the link. */
  readonly ended: boolean;
  /** Ends it before its end; the link is then free. */
  close(done: Done<void>): void;
  /** Whether ending it means that the server must be stopped first. */
  readonly running: boolean;
}

/** How the end of a command is told. @internal */
export type Done<T> = (error: Error | null, value?: T) => void;
