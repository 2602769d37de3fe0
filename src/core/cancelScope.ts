/*
 * CancelScope: a part of a task that can be cancelled by itself, with an optional deadline (trio's word).
 *
 * Strategy: opens one scope for one run of a body; a deadline is one timer that cancels it. `timeout`, `moveOnAfter`
 * and `protect` stand on it. Callback form on purpose: a disposer (`await using`) can neither swallow nor convert what
 * its block throws.
 */
import { expectFunction, expectMilliseconds } from "./arguments.ts";
import { cancelled, cancelledFor } from "./cancellation.ts";
import { InvalidStateError } from "./errors.ts";
import { INSPECT } from "./inspection.ts";
import { ambientScope, enterScope, getRunningLoop, Scope } from "./scope.ts";
import { LIMIT } from "./targets.ts";
import { judge, type Verdict } from "./unwinding.ts";

/** The reason of a cancel by the deadline. */
const DEADLINE = "deadline";

/** How a cancel scope is made. */
export interface CancelScopeOptions {
  /** When it cancels itself, in milliseconds of the loop's clock; Infinity (default) for never. */
  readonly deadline?: number;
  /** Closes it to cancels from above. Default false. */
  readonly shield?: boolean;
}

/** What came of a scope that may be cut short. */
export type Cut<T> =
  | { readonly cancelledCaught: false; readonly value: T }
  | { readonly cancelledCaught: true; readonly value: undefined };

/**
 * A part of a task that can be cancelled by itself.
 *
 * Invariant: runs one body, once. Its own cancellation ends quietly in `run`; any other error passes through.
 *
 * **Cancellation:** an outer cancel reaches the body (unless `shield`), wins over the scope's own and passes on.
 *
 * @example
 * ```ts
 * import { CancelScope, sleep } from "ambit";
 *
 * const scope = new CancelScope();
 * const { cancelledCaught } = await scope.run(async () => {
 *   scope.cancel("enough");
 *   await sleep(60_000);
 * });
 * cancelledCaught; // => true
 * ```
 */
export class CancelScope {
  readonly #shield: boolean;
  #deadline: number;
  #scope: Scope | null = null;
  #timer: { cancel(): void } | null = null;
  #called: unknown[] | null = null;
  #caught = false;

  constructor(options: CancelScopeOptions = {}) {
    const { deadline = Infinity, shield = false } = options;
    expectMilliseconds("options.deadline", deadline);
    this.#deadline = deadline;
    this.#shield = shield;
  }

  /** When it cancels itself, in milliseconds of the loop's clock. May be set while it runs. */
  get deadline(): number {
    return this.#deadline;
  }

  set deadline(when: number) {
    expectMilliseconds("deadline", when);
    this.#deadline = when;
    if (this.#scope !== null && !this.#scope.ended) this.#arm(this.#scope);
  }

  /** True once `cancel` was called or the deadline has passed. */
  get cancelCalled(): boolean {
    return this.#called !== null;
  }

  /** True when `run` ended by the scope's own cancellation. */
  get cancelledCaught(): boolean {
    return this.#caught;
  }

  /** Cancels the body; before `run`, the body is cancelled at its first wait. Without effect after the first call. */
  cancel(reason?: unknown): void {
    if (this.#called !== null) return;
    this.#called = [reason];
    this.#timer?.cancel();
    this.#scope?.cancel(cancelledFor("the scope", reason));
  }

  /**
   * Runs the body in this scope.
   * @returns `value`, or `cancelledCaught: true` when the scope's own cancellation ended it
   * @throws what the body throws; a CancelledError from above
   * @throws {@link InvalidStateError} when it has run before
   */
  async run<T>(body: (scope: this) => T | PromiseLike<T>): Promise<Cut<T>> {
    try {
      return { cancelledCaught: false, value: await this.enter(body) };
    } catch (error) {
      const verdict = this.#verdict ?? { whose: "error", error };
      if (verdict.whose !== "own") throw verdict.error;
      this.#caught = true;
      return { cancelledCaught: true, value: undefined };
    }
  }

  #verdict: Verdict | null = null;

  /** @internal */
  [INSPECT](): string {
    const state = this.#scope === null ? "new" : this.#scope.ended ? "ended" : "running";
    const deadline = this.#deadline === Infinity ? "" : ` deadline=${this.#deadline}`;
    return `<CancelScope ${state}${deadline}${this.#called === null ? "" : " cancelled"}>`;
  }

  /** @internal */
  [LIMIT](): string | null {
    if (this.#called !== null)
      return this.#called[0] === DEADLINE ? "deadline passed" : "cancelled";
    if (this.#deadline === Infinity) return this.#shield ? "protected" : null;
    const left = this.#deadline - (this.#scope?.loop.time() ?? 0);
    return `deadline in ${Math.max(0, Math.round(left))} ms`;
  }

  /** What the error that left the body means. @internal */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** Runs the body; what it throws is judged, see {@link CancelScope.verdict}. @internal */
  async enter<T>(body: (scope: this) => T | PromiseLike<T>): Promise<T> {
    expectFunction("body", body);
    this.#verdict = null;
    if (this.#scope !== null)
      throw new InvalidStateError("run on a CancelScope that has run before: make a new one");
    const scope = new Scope(ambientScope(), this.#shield ? "shield" : "open");
    this.#scope = scope;
    scope.body = this;
    const outerBefore = scope.outerCancelsMet();
    this.#arm(scope);
    if (this.#called !== null) scope.cancel(cancelledFor("the scope", this.#called[0]));
    try {
      return await enterScope(scope, body, this);
    } catch (error) {
      this.#verdict = judge(scope, outerBefore, error);
      throw error;
    } finally {
      this.#timer?.cancel();
      scope.end();
    }
  }

  #arm(scope: Scope): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (this.#deadline === Infinity || this.#called !== null) return;
    const { loop } = scope;
    // CPython's rule: what has passed already acts on the next turn, never before the body's first step.
    if (this.#deadline <= loop.time()) this.#timer = loop.callSoon(() => this.#expire());
    else this.#timer = loop.schedule(this.#deadline, expire, this);
  }

  /** The deadline has passed. @internal */
  expireNow(): void {
    this.#expire();
  }

  #expire(): void {
    if (this.#called !== null) return;
    this.#called = [DEADLINE];
    this.#scope?.cancel(cancelled("the deadline has passed"));
  }
}

function expire(scope: CancelScope): void {
  scope.expireNow();
}

/**
 * Runs the body and cuts it short after `ms` milliseconds, quietly; tells whether it was cut (trio's `move_on_after`).
 *
 * **Cancellation:** an outer cancel passes on as a CancelledError.
 *
 * @param ms milliseconds; Infinity for no limit
 *
 * @example
 * ```ts
 * import { moveOnAfter, sleep } from "ambit";
 *
 * const result = await moveOnAfter(5, () => sleep(60_000, "done"));
 * result; // => { cancelledCaught: true, value: undefined }
 * ```
 */
export function moveOnAfter<T>(
  ms: number,
  body: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<Cut<T>> {
  expectMilliseconds("ms", ms);
  return new CancelScope({ deadline: getRunningLoop().time() + ms }).run(body);
}

/** Like {@link moveOnAfter}, until a point in time of the loop's clock, in milliseconds. */
export function moveOnAt<T>(
  when: number,
  body: (scope: CancelScope) => T | PromiseLike<T>,
): Promise<Cut<T>> {
  return new CancelScope({ deadline: when }).run(body);
}
