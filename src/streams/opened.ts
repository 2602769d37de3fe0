/*
 * What a program has open: at the end of its run it is closed, so that a forgotten connection neither holds the process
 * up nor outlives the tasks that used it. In debug mode a forgotten one is reported.
 */
import { onRunnerEnd } from "../core/run.ts";
import { ambient, rootScope, type Scope } from "../core/scope.ts";
import { inspect } from "node:util";

/** Something that is open. @internal */
export interface Closable {
  /** Closes it at once. */
  abort(): void;
}

const everything = new WeakMap<Scope, Set<Closable>>();

/** Has it closed at the end of the scope's run; returns what takes it off the list. @internal */
export function keepTrackOf(closable: Closable, { runner }: Scope): () => void {
  // Code outside `run` has no end that could be waited for.
  if (runner === rootScope) return () => {};
  const open = everything.get(runner) ?? register(runner);
  open.add(closable);
  return () => open.delete(closable);
}

function register(runner: Scope): Set<Closable> {
  const open = new Set<Closable>();
  everything.set(runner, open);
  ambient.run(runner, onRunnerEnd, () => closeAll(runner, open));
  return open;
}

function closeAll(runner: Scope, open: Set<Closable>): void {
  for (const closable of open) {
    if (runner.loop.debug) {
      const message = `never closed, until the run ended: ${inspect(closable)}`;
      runner.loop.callExceptionHandler({ message });
    }
    closable.abort();
  }
}
