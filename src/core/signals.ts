/*
 * SIGINT and SIGTERM, while a program runs.
 *
 * The first signal cancels the main task, so that `finally` blocks run; the second ends the process at once with
 * 130 or 143. Strategy: the listeners exist only while an outermost `run` is going, and leave nothing behind. When the
 * cancellation leaves `run`, the exit code is set, and a monitor sees to it that a program that does not catch it ends
 * quietly with that code instead of a stack trace; errors of any other kind pass it untouched.
 * A program that handles such a signal itself claims it, and `run` then leaves it alone.
 */
import { constants } from "node:os";
import { cancelled } from "./cancellation.ts";
import { CancelledError, cancellationIn } from "./errors.ts";

type EndingSignal = "SIGINT" | "SIGTERM";

const ENDING: readonly EndingSignal[] = ["SIGINT", "SIGTERM"];

function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** How many handle a signal themselves. */
const claims = new Map<NodeJS.Signals, number>();

/** Somebody handles the signal himself: `run` does nothing on it until he calls what this returns. @internal */
export function claimSignal(signal: NodeJS.Signals): () => void {
  claims.set(signal, (claims.get(signal) ?? 0) + 1);
  return () => {
    const left = (claims.get(signal) ?? 0) - 1;
    if (left > 0) claims.set(signal, left);
    else claims.delete(signal);
  };
}

/** The signals of one outermost `run`. @internal */
export class SignalWatch {
  readonly #onSignal: (error: CancelledError) => void;
  #seen = false;
  readonly #listener = (signal: NodeJS.Signals): void => this.#receive(signal);

  constructor(onSignal: (error: CancelledError) => void) {
    this.#onSignal = onSignal;
    for (const signal of ENDING) process.on(signal, this.#listener);
  }

  #receive(signal: NodeJS.Signals): void {
    if (claims.has(signal)) return;
    if (this.#seen) process.exit(exitCodeOf(signal));
    this.#seen = true;
    this.#onSignal(cancelled(`stopped by ${signal}`, { signal, reason: signal }));
  }

  close(): void {
    for (const signal of ENDING) process.off(signal, this.#listener);
  }
}

let monitoring = false;

/** A cancellation that a signal asked for leaves `run`: the process is to end with the signal's code. @internal */
export function leaveBySignal(error: unknown): void {
  // Errors of processes have a signal, too: theirs.
  if (!(error instanceof CancelledError) || error.signal === undefined) return;
  process.exitCode = exitCodeOf(error.signal);
  if (monitoring) return;
  monitoring = true;
  process.on("uncaughtExceptionMonitor", endQuietly);
}

function endQuietly(error: unknown): void {
  const signal = cancellationIn(error)?.signal;
  if (signal !== undefined) process.exit(exitCodeOf(signal));
}
