/*
 * Whether a program in virtual time waits for the world outside, in which case its clock must stand still.
 *
 * Certain: a wait that says so (`cancellable`, `suspend` without a target, a stream over a socket). Uncertain: a task
 * that awaits a promise that is not Ambit's, itself or through `gather`, `waitFor` and the like. That may be a file or
 * a socket, or an async function that runs in another task and only needs time to go on. Strategy: such a task is given
 * a grace period of real time, longer while Node has more open handles and requests than at the start; a task that has
 * not moved by then is taken to wait for the program itself.
 * Limits: Node does not list all that is under way (on Node 26, no file reads): work that takes longer than the grace
 * period and is not listed is overtaken by the clock. `cancellable` makes it certain.
 */
import { isOutside, UNCERTAIN } from "../core/outside.ts";
import type { Task } from "../core/task.ts";

/** How much real time, and how many looks, an uncertain task is given. */
const GRACE_MS = 25;
const GRACE_LOOKS = 20;

/** @internal */
export class OutsideWork {
  readonly #atStart: ReadonlyMap<string, number> = openResources();
  /** Tasks that had their grace period: they wait for the program itself. */
  readonly #inside = new WeakSet<Task<unknown>>();
  #looks = 0;

  /** True while time must stand still; `waitedMs` is the real time since the program moved last. */
  isAwaitedBy(tasks: readonly Task<unknown>[], waitedMs: number): boolean {
    this.#looks = waitedMs === 0 ? 0 : this.#looks + 1;
    const uncertain: Task<unknown>[] = [];
    for (const task of tasks) {
      const waits = task.scope.pendingWaits().filter((wait) => wait.target !== UNCERTAIN);
      if (waits.some((wait) => isOutside(wait.target))) return true;
      if (waits.length > 0) this.#inside.delete(task);
      else if (!this.#inside.has(task)) uncertain.push(task);
    }
    if (uncertain.length === 0) return false;
    if (waitedMs < GRACE_MS || this.#looks < GRACE_LOOKS || this.#isNodeBusy()) return true;
    for (const task of uncertain) this.#inside.add(task);
    return false;
  }

  #isNodeBusy(): boolean {
    for (const [kind, count] of openResources()) {
      // The timer whose callback looks here still counts.
      const own = kind === "Timeout" ? 1 : 0;
      if (kind !== "Immediate" && count - own > (this.#atStart.get(kind) ?? 0)) return true;
    }
    return false;
  }
}

/** Node's open handles and requests, counted by kind. */
function openResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
