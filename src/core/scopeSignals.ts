/*
 * The AbortSignals of a scope, made when they are asked for.
 *
 * Two kinds, since a cancel is delivered once and clean-up code goes on after it: one that stays aborted
 * (`task.signal`), and one for work that begins now, which the *next* cancel aborts (`ambientSignal()`).
 */
import { cancelled } from "./cancellation.ts";
import type { CancelledError } from "./errors.ts";

/** @internal */
export class ScopeSignals {
  #lasting: AbortController | null = null;
  #fresh: AbortController | null = null;

  lasting(aborted: boolean): AbortSignal {
    this.#lasting ??= new AbortController();
    if (aborted && !this.#lasting.signal.aborted) this.#lasting.abort(cancelled());
    return this.#lasting.signal;
  }

  fresh(): AbortSignal {
    this.#fresh ??= new AbortController();
    return this.#fresh.signal;
  }

  abort(error: CancelledError): void {
    this.#lasting?.abort(error);
    const fresh = this.#fresh;
    this.#fresh = null;
    fresh?.abort(error);
  }
}
