/*
 * The error classes of the kernel.
 *
 * Strategy: one class per thing that can go wrong, with `name` as a literal, so that a caught error is recognised
 * by class, by name in a log, or (for cancellation wrapped by foreign code) by its cause chain.
 * Limits: JavaScript has no BaseException. A bare `catch {}` catches a CancelledError too; `rethrowIfCancelled` is
 * the one-line remedy. A CancelledError carries no stack outside debug mode: the stack at hand would be the
 * canceller's, and taking it costs more than the rest of a cancellation.
 */

/** Details of a cancellation, as `cancel(reason)` was given them. */
export interface CancelDetails {
  /** What `cancel(reason)` was called with. */
  readonly reason?: unknown;
  /** The signal that asked for it, when it came from the operating system. */
  readonly signal?: NodeJS.Signals | undefined;
}

/**
 * Thrown out of the wait that a cancelled scope or task is suspended in (`asyncio.CancelledError`).
 *
 * Let it pass, or re-throw it after cleaning up: code that swallows it goes on running.
 */
export class CancelledError extends Error {
  override readonly name = "CancelledError";
  /** What `cancel(reason)` was called with; undefined when no reason was given. */
  readonly reason: unknown;
  /** `"SIGINT"` or `"SIGTERM"` when the operating system asked for it. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(message = "cancelled", details: CancelDetails = {}) {
    super(message);
    this.reason = details.reason;
    this.signal = details.signal;
  }
}

/** Thrown when a deadline has passed (`asyncio.TimeoutError`). `deadlineMs` is the time that was allowed, if known. */
export class TimeoutError extends Error {
  override readonly name: string = "TimeoutError";
  /** The milliseconds that were allowed; undefined for a deadline given as a point in time. */
  readonly deadlineMs: number | undefined;

  constructor(message = "timed out", deadlineMs?: number) {
    super(message);
    this.deadlineMs = deadlineMs;
  }
}

/** Thrown when a future or task is asked for something that its state does not allow. */
export class InvalidStateError extends Error {
  override readonly name = "InvalidStateError";
}

/** Thrown by `spawn` on a task group that has ended or is shutting down. */
export class TaskGroupClosedError extends Error {
  override readonly name = "TaskGroupClosedError";
}

/** Thrown by a `Runner` that is asked to run after it was closed, or twice at once. */
export class RunnerStateError extends Error {
  override readonly name = "RunnerStateError";
}

const CAUSE_DEPTH = 8;

/**
 * The CancelledError that an error is or was caused by, or undefined.
 *
 * Foreign code wraps: undici's fetch rejects with a TypeError whose `cause` is the abort reason.
 * @internal
 */
export function cancellationIn(error: unknown): CancelledError | undefined {
  let at = error;
  for (let depth = 0; depth < CAUSE_DEPTH && at instanceof Error; depth++) {
    if (at instanceof CancelledError) return at;
    at = at.cause;
  }
  return undefined;
}

/**
 * Tells whether an error means "cancelled": a CancelledError, or a foreign error caused by one.
 *
 * @example
 * ```ts
 * import { CancelledError, isCancelled } from "ambit";
 *
 * isCancelled(new CancelledError()); // => true
 * isCancelled(new TypeError("terminated", { cause: new CancelledError() })); // => true
 * isCancelled(new Error("disk full")); // => false
 * ```
 */
export function isCancelled(error: unknown): boolean {
  return cancellationIn(error) !== undefined;
}

/**
 * Throws the error again if it means "cancelled": the first line of a `catch` that handles everything else.
 *
 * @example
 * ```ts
 * import { rethrowIfCancelled } from "ambit";
 *
 * try {
 *   throw new Error("disk full");
 * } catch (error) {
 *   rethrowIfCancelled(error);
 *   String(error); // => "Error: disk full"
 * }
 * ```
 */
export function rethrowIfCancelled(error: unknown): void {
  if (isCancelled(error)) throw error;
}
