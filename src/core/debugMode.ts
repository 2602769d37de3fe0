/*
 * Which loops are in debug mode.
 *
 * Strategy: `loop.debug` is the switch, a plain field that the kernel reads where it is about to wait anyway. What is
 * switched on beyond that (a hook on every callback, stacks of cancellations) asks here whether any loop wants it.
 * A run that was told its mode gives the loop back as it was, for Node's loop is shared by all runs.
 */

/** What reports need of a loop. @internal */
export interface Debugged {
  debug: boolean;
  readonly slowCallbackDuration: number;
  time(): number;
  callExceptionHandler(context: DebugReport): void;
}

/** A report of debug mode, see `ExceptionContext`. @internal */
export interface DebugReport {
  readonly message: string;
  readonly task?: object;
  readonly handle?: object;
  readonly exception?: unknown;
  readonly createdAt?: string;
  readonly startedAt?: string;
  readonly waitedAt?: string;
  readonly nextWaitAt?: string;
  readonly details?: string;
}

const debugged = new Set<Debugged>();
/** What looks around at the end of the process, once some loop was in debug mode. */
let lastLook: (() => void) | null = null;
let isLooking = false;

/** Some loop was seen in debug mode. @internal */
export function noteDebug(loop: Debugged): void {
  debugged.add(loop);
  if (isLooking) return;
  isLooking = true;
  process.once("exit", () => lastLook?.());
}

/** Says what is to look around at the end of a process in debug mode: it knows tasks, and this file does not. @internal */
export function setLastLook(look: () => void): void {
  lastLook = look;
}

/** Whether any loop is in debug mode now. @internal */
export function isAnyDebugged(): boolean {
  if (debugged.size === 0) return false;
  for (const loop of debugged) {
    if (loop.debug) return true;
    debugged.delete(loop);
  }
  return false;
}

interface Asked {
  readonly before: boolean;
  runs: number;
}

const asked = new WeakMap<Debugged, Asked>();

/** A run sets the mode of its loop. @internal */
export function enterDebugMode(loop: Debugged, on: boolean): void {
  const runs = asked.get(loop);
  if (runs === undefined) asked.set(loop, { before: loop.debug, runs: 1 });
  else runs.runs++;
  loop.debug = on;
}

/** The last such run of a loop has ended: it gets the mode back that it had. @internal */
export function leaveDebugMode(loop: Debugged): void {
  const runs = asked.get(loop);
  if (runs === undefined || --runs.runs > 0) return;
  asked.delete(loop);
  loop.debug = runs.before;
}
