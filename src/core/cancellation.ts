/*
 * Making a cancellation, and recognising one.
 *
 * Strategy: a CancelledError is made without a stack (there, it would be the canceller's, and it costs more than the
 * rest of a cancel); in debug mode `cancelStacks.ts` gives it one. Foreign code reports a cancellation in its own words: an
 * error whose cause is ours, or the DOM's AbortError; these count only where a cancel was in fact asked for.
 */
import { explainCancellation } from "./cancelStacks.ts";
import { CancelledError, type CancelDetails, cancellationIn } from "./errors.ts";
import { ignoreFloatingCancellations } from "./floating.ts";

/** @internal */
export function cancelled(message?: string, details?: CancelDetails): CancelledError {
  ignoreFloatingCancellations();
  const error = withoutStack(message, details);
  explainCancellation(error, cancelled);
  return error;
}

function withoutStack(message?: string, details?: CancelDetails): CancelledError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new CancelledError(message, details);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The CancelledError for `cancel(reason)`: a string or an error says it in its message too. @internal */
export function cancelledFor(what: string, reason: unknown): CancelledError {
  if (reason === undefined) return cancelled(`${what} was cancelled`);
  const words = reason instanceof Error ? reason.message : typeof reason === "string" ? reason : "";
  return cancelled(words === "" ? `${what} was cancelled` : `${what} was cancelled: ${words}`, {
    reason,
  });
}

/**
 * The cancellation that an error stands for, or undefined.
 *
 * A CancelledError always does. A foreign error does when a cancel was asked for (`asked`) and the error was caused by
 * it, or is the AbortError that code makes of an aborted signal.
 * @internal
 */
export function asCancellation(error: unknown, asked: boolean): CancelledError | undefined {
  if (error instanceof CancelledError) return error;
  if (!asked || !(error instanceof Error)) return undefined;
  const cause = cancellationIn(error);
  if (cause !== undefined) return cause;
  return error.name === "AbortError" ? cancelled(error.message) : undefined;
}
