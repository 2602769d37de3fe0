/*
 * The errors of locks that processes share.
 */
import { TimeoutError } from "../core/errors.ts";

/** Thrown when a lock was not free in time. */
export class FileLockTimeoutError extends TimeoutError {
  override readonly name = "FileLockTimeoutError";
  /** The lock. */
  readonly path: string;
  /** The process that was in the way; null when it did not say. */
  readonly pid: number | null;

  constructor(message: string, path: string, pid: number | null, deadlineMs: number) {
    super(message, deadlineMs);
    this.path = path;
    this.pid = pid;
  }
}

/** Thrown by the release of a lock that another machine or container has broken meanwhile. */
export class FileLockLostError extends Error {
  override readonly name = "FileLockLostError";
}
