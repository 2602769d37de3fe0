/*
 * Guards: what `acquire()` lends, so that `using` gives it back.
 *
 * Strategy: an uncontended acquire may cost little more than the `await` of a settled promise, and a new promise costs
 * more than that. So a primitive keeps the guard that it lent last, and its promise, and lends it again to the same
 * scope. A guard that somebody may still call must not be lent again, hence two ways to give it back:
 * `[Symbol.dispose]`, which `using` calls exactly once, leaves it reusable; `release()`, which may be called as often as
 * one likes, does not.
 * Limits: `[Symbol.dispose]` called twice by hand, with another acquire of the same scope in between, goes unnoticed.
 */
import type { Scope } from "../core/scope.ts";
import { Task } from "../core/task.ts";
import { LockNotHeldError } from "./errors.ts";

/**
 * What an acquire lends; leaving the block of `using guard = await lock.acquire()` gives it back.
 *
 * It may be handed to another task, which then gives it back. Giving it back again does nothing.
 */
export interface Guard extends Disposable {
  /**
   * Gives back early what was lent; the end of the `using` block then does nothing more.
   * @throws {@link LockNotHeldError} when the `release()` of the lock itself was called in its place
   */
  release(): void;
}

/** Takes back what a guard was lent for. @internal */
export interface Lender<H> {
  takeBack(hold: Hold<H>): void;
}

/** `owed` of a hold that was ended from outside, without its guard. */
const TAKEN = -1;

/** A guard, as the primitives see it. @internal */
export class Hold<H = Scope> implements Guard {
  readonly holder: H;
  /** Whether it may be lent again when it is back. */
  reusable = true;
  /** Neighbours in a list of holds, see `holds.ts`. */
  older: Hold<H> | null = null;
  newer: Hold<H> | null = null;
  listed = false;
  /** How often it may still be given back. */
  #owed = 0;
  #promise: Promise<Guard> | null = null;
  readonly #lender: Lender<H>;

  constructor(lender: Lender<H>, holder: H) {
    this.#lender = lender;
    this.holder = holder;
  }

  /** A promise of this guard, always the same one. */
  get promise(): Promise<Guard> {
    return (this.#promise ??= Promise.resolve<Guard>(this));
  }

  /** It may be given back once, or once more. */
  lend(): this {
    this.#owed = this.#owed > 0 ? this.#owed + 1 : 1;
    return this;
  }

  /** The lock was released without the guard, which has nothing to give back any more. */
  end(): void {
    this.#owed = TAKEN;
  }

  release(): void {
    this.reusable = false;
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#owed > 0) {
      this.#owed--;
      this.#lender.takeBack(this);
    } else if (this.#owed === TAKEN) {
      throw new LockNotHeldError(
        "the guard has nothing to give back, release() was called in its place: to give back early, call release() of the guard",
      );
    }
  }
}

/** The guard that was lent last, if it may be lent to this holder again, or a new one. @internal */
export function guardFor<H>(last: Hold<H> | null, lender: Lender<H>, holder: H): Hold<H> {
  if (last !== null && last.holder === holder && last.reusable) return last;
  return new Hold(lender, holder);
}

/** The task that holds in this scope; null for code outside any task. @internal */
export function taskOf(scope: Scope): Task<unknown> | null {
  const { body } = scope.home;
  return body instanceof Task ? body : null;
}
