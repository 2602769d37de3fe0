/*
 * Cancelled work that nobody awaits.
 *
 * The problem: a floating promise of the user's (an async function called without `await`, a loser of Promise.race)
 * rejects with a CancelledError when its task is cancelled, and Node would end the process for it. A listener for
 * "unhandledRejection" is no remedy: its mere presence changes what Node does with every other rejection.
 * Strategy: the two events that Node emits for a rejection nobody handled are answered for those whose reason means
 * "cancelled", before any listener or the default sees them; everything else passes through untouched, so flags, exit
 * codes and other people's listeners keep their meaning. Installed at the first cancellation, not at import.
 */
import { cancellationIn } from "./errors.ts";

const INSTALLED: unique symbol = Symbol.for("ambit.floating");

type Emit = (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) => boolean;

function isFloatingCancel(event: string | symbol, args: readonly unknown[]): boolean {
  if (event === "unhandledRejection") return quiet(args[0]);
  return event === "uncaughtException" && args[1] === "unhandledRejection" && quiet(args[0]);
}

/** A cancellation that a signal asked for must still end the program, see `signals.ts`. */
function quiet(reason: unknown): boolean {
  const cancelled = cancellationIn(reason);
  return cancelled !== undefined && cancelled.signal === undefined;
}

/** Keeps floating cancellations from ending the process; the second call does nothing. @internal */
export function ignoreFloatingCancellations(): void {
  const host = process as NodeJS.Process & { [INSTALLED]?: true };
  if (host[INSTALLED] === true) return;
  host[INSTALLED] = true;
  const emit = process.emit as Emit;
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) {
    if (isFloatingCancel(event, args)) return true;
    return emit.call(this, event, ...args);
  } as typeof process.emit;
}
