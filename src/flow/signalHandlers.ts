/*
 * Signal handlers, one for each signal of a run (`loop.add_signal_handler`).
 *
 * Strategy: a handler is a listener in the scope of who added it; the signal is claimed, so that
 * `run` leaves it alone. The run's end takes its handlers off.
 */
import { expectFunction } from "../core/arguments.ts";
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { claimSignal } from "../core/signals.ts";
import { listen } from "./listen.ts";
import { expectSignal } from "./signals.ts";

type Handlers = Map<NodeJS.Signals, () => void>;

const handlersOf = new WeakMap<Scope, Handlers>();

/**
 * Calls back when the operating system sends the signal (`loop.add_signal_handler`).
 *
 * The callback runs in the caller's scope, as of `listen`: it may be async, and what it throws goes
 * to the exception handler. One handler a signal and run: adding another takes its place. The
 * handler of SIGINT or SIGTERM stands in for what `run` does on them. It is taken off by
 * {@link removeSignalHandler}, or at the end of the run.
 *
 * **Cancellation:** a cancel of the caller's scope reaches calls that are under way; the handler
 * stays.
 *
 * @param signal such as `"SIGHUP"`
 * @param callback gets the name of the signal
 * @throws RangeError when there is no such signal here, or it cannot be handled (SIGKILL, SIGSTOP)
 * @throws TypeError when `callback` is no function
 *
 * @example
 * ```ts
 * import { addSignalHandler, removeSignalHandler } from "ambit";
 *
 * const reloads: string[] = [];
 * addSignalHandler("SIGHUP", (signal) => reloads.push(signal));
 * process.emit("SIGHUP", "SIGHUP"); // stands in for the system's
 * removeSignalHandler("SIGHUP"); // => true
 * reloads; // => ["SIGHUP"]
 * ```
 */
export function addSignalHandler(
  signal: NodeJS.Signals,
  callback: (signal: NodeJS.Signals) => unknown,
): void {
  expectSignal("signal", signal);
  expectFunction("callback", callback);
  removeSignalHandler(signal);
  const listening = listen(process, signal, (name: NodeJS.Signals) => callback(name));
  const unclaim = claimSignal(signal);
  handlers().set(signal, () => {
    listening.close();
    unclaim();
  });
}

/**
 * Takes a handler off (`loop.remove_signal_handler`); the signal then means again what it meant
 * before.
 *
 * @returns false when the run had no handler for the signal
 */
export function removeSignalHandler(signal: NodeJS.Signals): boolean {
  expectSignal("signal", signal);
  const known = handlersOf.get(ambientScope().runner);
  known?.get(signal)?.();
  return known?.delete(signal) === true;
}

/** The handlers of the current run. */
function handlers(): Handlers {
  const { runner } = ambientScope();
  const known = handlersOf.get(runner);
  if (known !== undefined) return known;
  const made: Handlers = new Map();
  handlersOf.set(runner, made);
  onRunnerEnd(() => {
    for (const takeOff of made.values()) takeOff();
    made.clear();
  });
  return made;
}
