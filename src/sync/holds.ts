/*
 * The guards that a primitive with several permits has lent.
 *
 * Strategy: a list through the guards themselves, oldest first, so that a deadlock report can say who holds the permits;
 * and the guard lent last, kept for the next acquire of the same scope (`guard.ts`).
 * Limits: a permit has no owner. When one is released without its guard, whose it was is a guess: the calling task's if
 * it has one among the oldest, else the oldest. The guess is for reports only; that guard may still be given back.
 */
import { ambientScope, type Scope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { guardFor, type Hold, type Lender, taskOf } from "./guard.ts";

/** How far a release looks for a hold of the calling task. */
const FAR = 32;

/** @internal */
export class Holds {
  #oldest: Hold | null = null;
  #newest: Hold | null = null;
  #last: Hold | null = null;

  /** Lends a guard for one permit to a scope that waited for it: never the guard of whoever has just released. */
  lendAnew(lender: Lender<Scope>, scope: Scope): Hold {
    this.#last = null;
    return this.lend(lender, scope);
  }

  /** Lends a guard for one permit to a scope. */
  lend(lender: Lender<Scope>, scope: Scope): Hold {
    const last = this.#last;
    const hold = guardFor(last === null || last.listed ? null : last, lender, scope);
    this.#last = hold;
    this.#add(hold);
    return hold.lend();
  }

  #add(hold: Hold): void {
    const newest = this.#newest;
    hold.older = newest;
    if (newest === null) this.#oldest = hold;
    else newest.newer = hold;
    this.#newest = hold;
    hold.listed = true;
  }

  /** The permit of this guard is back. */
  remove(hold: Hold): void {
    if (!hold.listed) return;
    const { older, newer } = hold;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    hold.older = hold.newer = null;
    hold.listed = false;
  }

  /** A permit was released without its guard. */
  removeOne(): void {
    const oldest = this.#oldest;
    if (oldest === null) return;
    const own = oldest === this.#newest ? oldest : this.#heldIn(ambientScope());
    // Another task's guard is in use still, so it must not be lent a second time.
    if (own === null) oldest.reusable = false;
    this.remove(own ?? oldest);
  }

  #heldIn(scope: Scope): Hold | null {
    let hold = this.#oldest;
    for (let steps = 0; hold !== null && steps < FAR; steps++) {
      if (hold.holder.home === scope.home) return hold;
      hold = hold.newer;
    }
    return null;
  }

  /** Who holds permits, oldest first. */
  holders(): (Task<unknown> | null)[] {
    const found: (Task<unknown> | null)[] = [];
    for (let hold = this.#oldest; hold !== null; hold = hold.newer) found.push(taskOf(hold.holder));
    return found;
  }
}
