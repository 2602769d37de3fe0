/*
 * The guards that a primitive with several permits has lent.
 *
 * Strategy: a list through the guards themselves, oldest first, so that a deadlock report can say who holds the permits;
 * and the guard lent last, kept for the next acquire of the same scope (`guard.ts`).
 * Limits: a permit has no owner. When one is released without its guard, whose it was is a guess: the calling task's if
 * it has one among the oldest, else the oldest. The guess is for reports only: that guard may still be given back, and
 * lent again to the same scope meanwhile, it may be given back as often as it was lent.
 */
import { ambientScope, type Scope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { guardFor, type Hold, type Lender, taskOf } from "./guard.ts";

/** How far a release looks for a hold of the calling task. */
const FAR = 32;

/** @internal */
export class Holds {
  /** The guard lent last; it is lent still if it is `listed`. */
  #last: Hold | null = null;
  /** Those lent before it. */
  #oldest: Hold | null = null;
  #newest: Hold | null = null;

  /** Lends a guard for one permit to a scope that waited for it: never the guard of whoever has just released. */
  lendAnew(lender: Lender<Scope>, scope: Scope): Hold {
    this.#retire();
    return this.lend(lender, scope);
  }

  /** Lends a guard for one permit to a scope. */
  lend(lender: Lender<Scope>, scope: Scope): Hold {
    if (this.#last?.listed === true) this.#retire();
    const hold = guardFor(this.#last, lender, scope);
    this.#last = hold;
    hold.listed = true;
    return hold.lend();
  }

  /** Moves the guard lent last to the others. */
  #retire(): void {
    const hold = this.#last;
    this.#last = null;
    if (hold === null || !hold.listed) return;
    const newest = this.#newest;
    hold.older = newest;
    if (newest === null) this.#oldest = hold;
    else newest.newer = hold;
    this.#newest = hold;
  }

  /** The permit of this guard is back. */
  remove(hold: Hold): void {
    if (!hold.listed) return;
    hold.listed = false;
    if (hold !== this.#last) this.#unlink(hold);
  }

  #unlink(hold: Hold): void {
    const { older, newer } = hold;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    hold.older = hold.newer = null;
  }

  /** A permit was released without its guard. */
  removeOne(): void {
    const oldest = this.#oldest ?? this.#last;
    if (oldest === null) return;
    const own = oldest === this.#last ? oldest : this.#heldBy(ambientScope().home);
    this.remove(own ?? oldest);
  }

  #heldBy(home: Scope): Hold | null {
    let hold = this.#oldest;
    for (let steps = 0; hold !== null && steps < FAR; steps++) {
      if (hold.holder.home === home) return hold;
      hold = hold.newer;
    }
    const last = this.#last;
    return last?.listed === true && last.holder.home === home ? last : null;
  }

  /** Who holds permits, oldest first. */
  holders(): (Task<unknown> | null)[] {
    const found: (Task<unknown> | null)[] = [];
    for (let hold = this.#oldest; hold !== null; hold = hold.newer) found.push(taskOf(hold.holder));
    if (this.#last?.listed === true) found.push(taskOf(this.#last.holder));
    return found;
  }
}
