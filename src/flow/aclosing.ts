/*
 * aclosing: an async generator that can be closed for sure.
 *
 * The problem: `return()` queues behind a pending `next()`. A generator that hangs in an await
 * cannot be closed by it, and `for await` that is left by an error of `next()` never calls it.
 * Strategy: the generator's steps run in scopes of its own, under the scopes of those who call
 * `next()`, so that a cancel from there reaches it as before. Closing cancels the step that is
 * pending, waits for its end, then calls `return()` and waits until the `finally` blocks are done.
 * When the generator has ended its scopes end too, and with them what it left floating.
 * One that was begun and is never closed is closed at the end of its run, see `openGenerators.ts`.
 * Limits: a step that awaits a foreign promise is let go only when that settles.
 */
import { wrongType } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import type { CancelledError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambient, ambientScope, Scope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { askAgain } from "../core/unwinding.ts";
import { OpenGenerator } from "./openGenerators.ts";

/** What `aclosing` makes of a generator. */
export interface Closing<T> extends AsyncIterableIterator<T, unknown>, AsyncDisposable {
  /**
   * Interrupts the generator where it waits, closes it, and waits until its `finally` blocks have
   * run.
   */
  return(): Promise<IteratorResult<T, unknown>>;
}

/**
 * Wraps an async generator so that leaving it closes it for sure (`contextlib.aclosing`).
 *
 * Closed by `return()`, by leaving a `for await`, by the end of an `await using` block: a pending
 * step is interrupted with a CancelledError, then the generator's `finally` blocks run and are
 * waited for. One that was begun and forgotten is closed at the end of the run, or soon after it was
 * collected.
 *
 * **Cancellation:** a cancel of who calls `next()` reaches what the generator waits for, as it does
 * without `aclosing`.
 *
 * @throws TypeError when it is no async generator (other iterators have their own ways to end a
 * pending `next`)
 *
 * @example
 * ```ts
 * import { aclosing, sleep } from "ambit";
 *
 * const slowly = async function* () {
 *   for (let n = 1; ; n++) yield await sleep(60_000, n);
 * };
 * const numbers = aclosing(slowly());
 * const pending = numbers.next().catch((error: Error) => error.name);
 * await numbers.return();
 * await pending; // => "CancelledError"
 * ```
 */
export function aclosing<T>(generator: AsyncGenerator<T, unknown, unknown>): Closing<T> {
  if (Object.prototype.toString.call(generator) !== "[object AsyncGenerator]") {
    throw wrongType("generator", "an async generator", generator);
  }
  return new ClosingGenerator(generator);
}

class ClosingGenerator<T> implements Closing<T> {
  readonly #generator: AsyncGenerator<T, unknown, unknown>;
  /** Where its steps run, by the scope of who asked for them. */
  readonly #scopes = new Map<Scope, Scope>();
  readonly #pending = new Set<Promise<unknown>>();
  #closing = false;
  #over = false;
  #open: OpenGenerator | null = null;

  constructor(generator: AsyncGenerator<T, unknown, unknown>) {
    this.#generator = generator;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, unknown>> {
    return this.#step(() => this.#generator.next());
  }

  async return(): Promise<IteratorResult<T, unknown>> {
    if (this.#pending.size > 0) await this.#awaitQuiet();
    this.#closing = true;
    return this.#step(() => this.#generator.return(undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal */
  [INSPECT](): string {
    return `<aclosing ${this.#over ? "ended" : this.#pending.size > 0 ? "running" : "suspended"}>`;
  }

  #step(begin: () => Promise<IteratorResult<T, unknown>>): Promise<IteratorResult<T, unknown>> {
    if (this.#open === null && !this.#over) this.#open = new OpenGenerator(this.#generator, this);
    const step = ambient.run(this.#scope(), begin);
    this.#pending.add(step);
    return this.#follow(step);
  }

  async #follow(step: Promise<IteratorResult<T, unknown>>): Promise<IteratorResult<T, unknown>> {
    let over = true;
    try {
      const result = await step;
      over = result.done === true;
      return result;
    } finally {
      this.#pending.delete(step);
      if (over) this.#end();
    }
  }

  #scope(): Scope {
    const caller = ambientScope();
    const known = this.#scopes.get(caller);
    if (known?.ended === false) return known;
    for (const [parent, child] of this.#scopes) if (child.ended) this.#scopes.delete(parent);
    const scope = new Scope(caller, "open");
    this.#scopes.set(caller, scope);
    return scope;
  }

  /** Interrupts the step that is pending, unless it is a clean-up, and waits for its end. */
  async #awaitQuiet(): Promise<void> {
    if (!this.#closing) this.#interrupt();
    while (this.#pending.size > 0) await this.#awaitSteps();
    // A step that ended without a wait has not taken the request; the clean-up must not get it.
    for (const scope of this.#scopes.values()) scope.drop();
  }

  #interrupt(): void {
    this.#closing = true;
    for (const scope of this.#scopes.values()) {
      scope.cancel(cancelled("the generator is being closed"));
    }
  }

  async #awaitSteps(): Promise<void> {
    const caller = ambientScope();
    // Work that was left floating may wait no more, but the generator must be closed all the same.
    if (caller.ended) return void (await Promise.allSettled(this.#pending));
    try {
      await suspend<void, ClosingGenerator<T>>(ClosingGenerator.#watch, this, "aclosing");
    } catch (error) {
      // A cancel of who closes comes when it is closed.
      await protect(() =>
        suspend<void, ClosingGenerator<T>>(ClosingGenerator.#watch, this, "aclosing"),
      );
      askAgain(caller, error as CancelledError);
    }
  }

  static #watch<T>(this: void, wait: Wait<void>, closing: ClosingGenerator<T>): void {
    void Promise.allSettled(closing.#pending).then(() => wait.resolve());
  }

  #end(): void {
    this.#over = true;
    this.#open?.forget();
    for (const scope of this.#scopes.values()) if (!scope.ended) scope.end();
    this.#scopes.clear();
  }
}
