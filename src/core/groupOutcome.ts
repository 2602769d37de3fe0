/*
 * What the call of a task group comes to: a value, the first error, or a cancellation.
 *
 * The order is CPython's: errors come before a cancellation (which is then asked for again, at the next wait), a cancel
 * from above before the group's own. A cancel from above that nobody took yet is delivered by what is thrown here, so
 * that it is neither dropped (gh-155433) nor thrown twice.
 */
import { cancelled } from "./cancellation.ts";
import type { CancelledError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import { combineErrors } from "./suppressedErrors.ts";
import { askAgain } from "./unwinding.ts";

/** @internal */
export class GroupOutcome {
  readonly #scope: Scope;
  readonly #outerBefore: number;
  #errors: unknown[] | null = null;
  #cancellation: CancelledError | null = null;
  #interrupted = false;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#outerBefore = scope.outerCancelsMet();
  }

  /** Whether a cancel has come from above since the group began. */
  get cancelledFromAbove(): boolean {
    return this.#scope.outerCancels() > this.#outerBefore;
  }

  /** Counts an error of the body or of a child. */
  failedWith(error: unknown): void {
    this.#errors ??= [];
    this.#errors.push(error);
  }

  /** The body or the wait for the children was cancelled, while nothing else had ended the group. */
  interruptedBy(cancellation: CancelledError): void {
    // The first is thrown, however often the call is cancelled meanwhile, and also one asked for before it (CPython).
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#cancellation = cancellation;
  }

  /** The body ended with a cancellation in a group that was being ended anyway. */
  cutShortBy(cancellation: CancelledError): void {
    if (this.#errors === null) this.#cancellation ??= cancellation;
  }

  /** Throws what the call ends with, if not with a value; `quiet` when the group's own `cancel` was called. */
  throwIfAny(quiet: boolean): void {
    const fromAbove = this.cancelledFromAbove;
    const caller = this.#scope.parent as Scope;
    if (this.#errors !== null) {
      if (fromAbove) askAgain(caller, this.#cancellation ?? cancelled());
      throw combineErrors(this.#errors);
    }
    if (this.#cancellation === null || (quiet && !fromAbove)) return;
    const request = fromAbove ? caller.claim() : null;
    throw this.#interrupted ? this.#cancellation : (request ?? this.#cancellation);
  }
}
