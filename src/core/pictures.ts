/*
 * Which parts of a task tree come from elsewhere: what a task awaits that is no work of this program's loop.
 *
 * Limits: of thousands of calls that one task awaits together, the first few are shown, and the rest counted.
 */
import type { Scope } from "./scope.ts";
import {
  AWAITED,
  ELSEWHERE,
  type Elsewhere,
  isAwaiting,
  isElsewhere,
  type Patience,
  type Picture,
} from "./targets.ts";

/** So many are shown under one task. */
const SHOWN = 10;

/** What the task of the scope awaits elsewhere, asked for. @internal */
export function picturesOf(task: Scope, patience: Patience): Picture[] {
  const targets = new Set<Elsewhere>();
  for (const { target } of task.pendingWaits()) {
    if (isElsewhere(target)) targets.add(target);
    else if (isAwaiting(target))
      for (const future of target[AWAITED]()) if (isElsewhere(future)) targets.add(future);
  }
  const pictures = [...targets].slice(0, SHOWN).map((target) => target[ELSEWHERE](patience));
  const left = targets.size - SHOWN;
  return left > 0 ? [...pictures, { lines: () => [`and ${left} more`] }] : pictures;
}
