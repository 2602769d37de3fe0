/*
 * Who answers for a process that nobody ended: the run that it was started in.
 *
 * Strategy: one list per run of the processes that run or whose pipes are open; at the run's end, after its tasks, what
 * is left is ended and reaped, or let go.
 */
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope, type Scope } from "../core/scope.ts";

/** @internal */
export interface Owned {
  /** The run has ended. */
  ownerEnded(): Promise<void>;
}

const owned = new WeakMap<Scope, Set<Owned>>();

/** The processes of the current run. Outside any run nobody ends them. @internal */
export function processesOfRun(): Set<Owned> {
  const { runner } = ambientScope();
  const known = owned.get(runner);
  if (known !== undefined) return known;
  const made = new Set<Owned>();
  owned.set(runner, made);
  onRunnerEnd(async () => {
    await Promise.all([...made].map((process) => process.ownerEnded()));
  });
  return made;
}
