/*
 * Who answers for a process that nobody ended: the task group that it was started in, or else the run.
 *
 * Strategy: the nearest group above the code that starts it; a task that was made by `createTask` stands under the run,
 * in a group or not. Each owner has a list of the processes that run or whose pipes are open; at its end, after its
 * tasks, what is left is ended and reaped, or let go.
 */
import { closeLeftovers, type Leftover } from "../core/leftovers.ts";
import { onRunnerEnd } from "../core/run.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { TaskGroup } from "../core/taskGroup.ts";

const ofRuns = new WeakMap<Scope, Set<Leftover>>();

/** The list that a process belongs in which is started here. @internal */
export function ownerHere(): Set<Leftover> {
  for (let at: Scope | null = ambientScope(); at !== null && at !== at.runner; at = at.parent) {
    if (at.body instanceof TaskGroup && !at.ended) return at.body.leftovers;
  }
  return ownerRun();
}

/** That of the current run. Outside any run nobody ends them. @internal */
export function ownerRun(): Set<Leftover> {
  const { runner } = ambientScope();
  const known = ofRuns.get(runner);
  if (known !== undefined) return known;
  const made = new Set<Leftover>();
  ofRuns.set(runner, made);
  onRunnerEnd(() => closeLeftovers(made, runner.loop));
  return made;
}
