/*
 * Cancelled work that nobody awaits.
 *
 * The problem: a floating promise of the user's (an async function called without `await`, a loser of Promise.race)
 * rejects with a CancelledError when its task is cancelled, and Node would end the process for it. A listener for
 * "unhandledRejection" is no remedy: its mere presence changes what Node does with every other rejection.
 * Strategy: the two events that Node emits for a rejection nobody handled are answered for those whose reason means
 * "cancelled", before any listener or the default sees them; everything else passes through untouched, so flags, exit
 * codes and other people's listeners keep their meaning. Installed at the first cancellation, not at import.
 * A program may hold several copies of Ambit (each package its own version): the first to come answers for all, and each
 * tells which reasons mean "cancelled" to it.
 */
import { cancellationIn } from "./errors.ts";

/** In the process: the judges of all copies of Ambit. */
const JUDGES: unique symbol = Symbol.for("ambit.floating.judges");

/** Whether a reason means "cancelled" to a copy of Ambit. */
type Judge = (reason: unknown) => boolean;

type Emit = (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) => boolean;

function isOfRejection(event: string | symbol, args: readonly unknown[]): boolean {
  if (event === "unhandledRejection") return true;
  return event === "uncaughtException" && args[1] === "unhandledRejection";
}

/** A cancellation that a signal asked for must still end the program, see `signals.ts`. */
function quiet(reason: unknown): boolean {
  const cancelled = cancellationIn(reason);
  return cancelled !== undefined && cancelled.signal === undefined;
}

/** Keeps floating cancellations from ending the process; the second call does nothing. @internal */
export function ignoreFloatingCancellations(): void {
  const host = process as NodeJS.Process & { [JUDGES]?: Set<Judge> };
  const others = host[JUDGES];
  if (others !== undefined) {
    others.add(quiet);
    return;
  }
  const judges = (host[JUDGES] = new Set<Judge>([quiet]));
  const emit = process.emit as Emit;
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]) {
    if (isOfRejection(event, args)) for (const judge of judges) if (judge(args[0])) return true;
    return emit.call(this, event, ...args);
  } as typeof process.emit;
}
