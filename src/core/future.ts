/*
 * Future: an outcome that is set once, awaited by any number of waiters. Task is a Future that a body settles.
 *
 * Strategy: the outcome lives here, no promise is made for it. `await future` calls `then` with the resolving
 * functions of the await's own promise, so a join is one small object that calls them in the loop's turn.
 * Awaiting ties: a cancel of the awaiting scope cancels the future, and the awaiter resumes when that has ended.
 */
import { inspect } from "node:util";
import { expectFunction } from "./arguments.ts";
import type { Context } from "./context.ts";
import { cancelledFor } from "./cancellation.ts";
import { taskWaiting } from "./diagnostics.ts";
import { DoneCallback } from "./doneCallback.ts";
import type { CallOptions } from "./handle.ts";
import { INSPECT } from "./inspection.ts";
import { CancelledError, InvalidStateError } from "./errors.ts";
import { futureWords } from "./futureWords.ts";
import { Join, type Waiter } from "./join.ts";
import type { Loop } from "./loop.ts";
import { ambientScope, type Scope } from "./scope.ts";
import { framesOf, rememberFuture } from "./places.ts";
import { announce, refuse } from "./suspend.ts";
import { recordUnretrieved, retrieved } from "./unretrieved.ts";
import { askAgain } from "./unwinding.ts";

/** @internal */
export type FutureState = "pending" | "fulfilled" | "rejected" | "cancelled";

/**
 * An outcome that somebody sets once (`asyncio.Future`).
 *
 * `await future` gives the result or throws the exception. Invariant: pending, then exactly one of fulfilled, rejected
 * and cancelled.
 *
 * **Cancellation:** cancelling who awaits it cancels the future itself, as in asyncio; `shield(future)` unties them.
 *
 * @example
 * ```ts
 * import { createTask, Future, sleep } from "ambit";
 *
 * const future = new Future<string>();
 * createTask(async () => {
 *   await sleep(1);
 *   future.setResult("ready");
 * });
 * await future; // => "ready"
 * ```
 */
export class Future<T> implements PromiseLike<T> {
  /** The scope whose end reports a failure that nobody looked at. @internal */
  readonly runner: Scope;
  /** @internal */
  state: FutureState = "pending";
  /** @internal */
  outcome: unknown = undefined;
  /** @internal */
  waiters: Waiter | Set<Waiter> | null = null;

  constructor();
  /** @internal */
  constructor(runner?: Scope);
  constructor(runner: Scope = ambientScope().runner) {
    this.runner = runner;
    if (runner.loop.debug) rememberFuture(this, Future);
  }

  /** The loop that it belongs to (`get_loop`). */
  getLoop(): Loop {
    return this.runner.loop;
  }

  /** True when it has an outcome or was cancelled. */
  done(): boolean {
    return this.state !== "pending";
  }

  /** True when it was cancelled. */
  cancelled(): boolean {
    return this.state === "cancelled";
  }

  /**
   * The result.
   * @throws what it failed with, the CancelledError it was cancelled with
   * @throws {@link InvalidStateError} while it is pending
   */
  result(): T {
    if (this.state === "fulfilled") return this.outcome as T;
    if (this.state === "pending") throw this.notDone("result");
    this.look();
    throw this.outcome;
  }

  /**
   * What it failed with; undefined when it was fulfilled.
   * @throws the CancelledError it was cancelled with
   * @throws {@link InvalidStateError} while it is pending
   */
  exception(): unknown {
    if (this.state === "pending") throw this.notDone("exception");
    if (this.state === "cancelled") throw this.outcome;
    this.look();
    return this.state === "rejected" ? this.outcome : undefined;
  }

  /**
   * Sets the result and wakes who waits.
   * @throws {@link InvalidStateError} when it is done already
   */
  setResult(value: T): void {
    this.mustBePending("setResult");
    this.settle("fulfilled", value);
  }

  /**
   * Sets what it fails with and wakes who waits. Reported once, later, if nobody ever looks at it.
   * @throws {@link InvalidStateError} when it is done already
   */
  setException(error: unknown): void {
    this.mustBePending("setException");
    this.settle("rejected", error);
  }

  /** Cancels it; false when it is done already. A failure then counts as retrieved (CPython). */
  cancel(reason?: unknown): boolean {
    return this.cancelWith(cancelledFor("the future", reason));
  }

  /** @internal */
  cancelWith(error: CancelledError): boolean {
    if (this.state !== "pending") return this.refuseCancel();
    this.settle("cancelled", error);
    return true;
  }

  /** Whoever cancels what has failed does not want it any more. @internal */
  protected refuseCancel(): false {
    this.look();
    return false;
  }

  /**
   * Calls `callback(this)` soon after it is done, in the order of registration, in the caller's async context and with
   * a copy of its context variables (or with `options.context`).
   */
  addDoneCallback(callback: (future: this) => void, options: CallOptions = {}): void {
    expectFunction("callback", callback);
    const entry = new DoneCallback(this, callback, options);
    if (this.state === "pending") this.addWaiter(entry);
    else entry.settled();
  }

  /** Takes a callback back, each time it was added; returns how many that were. */
  removeDoneCallback(callback: (future: this) => void): number {
    let removed = 0;
    for (const at of this.listWaiters()) {
      if (!(at instanceof DoneCallback) || at.callback !== callback) continue;
      this.removeWaiter(at);
      removed++;
    }
    return removed;
  }

  /**
   * What `await` calls. Ties the caller to the future, see the class.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): PromiseLike<A | B> {
    if (this.state !== "pending") return this.settled().then(onFulfilled, onRejected);
    const join = new Join<T, A | B>(ambientScope(), this, onFulfilled, onRejected);
    this.tie(join);
    return join;
  }

  /** What it came to, as a promise; a failure counts as retrieved. */
  private settled(): Promise<T> {
    return this.state === "fulfilled" ? Promise.resolve(this.outcome as T) : this.failure();
  }

  private async failure(): Promise<never> {
    this.look();
    throw this.outcome;
  }

  /** Ties a join to its scope until the future is done. */
  private tie(join: Join<T, unknown>): void {
    const scope = join.ring as Scope;
    if (scope.home.body === this) return join.conclude(awaitsItself(this), false);
    const asked = scope.ended || scope.owner.undelivered !== 0 ? refuse(scope, "await") : null;
    if (asked !== null && scope.ended) return join.conclude(asked, false);
    if (scope.loop.debug || taskWaiting.hasSubscribers)
      announce(scope, join, Future.prototype.then);
    this.addWaiter(join);
    if (asked === null) return;
    join.cancel(asked);
    if (join.missed) askAgain(scope, asked);
  }

  /** @internal */
  addWaiter(waiter: Waiter): void {
    const waiters = this.waiters;
    if (waiters === null) this.waiters = waiter;
    else if (waiters instanceof Set) waiters.add(waiter);
    else this.waiters = new Set([waiters, waiter]);
  }

  /** @internal */
  removeWaiter(waiter: Waiter): void {
    if (this.waiters === waiter) this.waiters = null;
    else if (this.waiters instanceof Set) this.waiters.delete(waiter);
  }

  /** The waits that go on when it is done, for call graphs. @internal */
  awaiters(): readonly object[] {
    return this.listWaiters().flatMap((waiter) => waiter.awaiters?.() ?? []);
  }

  /** Somebody looks at the outcome: a failure counts as retrieved. @internal */
  look(): void {
    if (this.state === "rejected") retrieved(this);
  }

  /** @internal */
  settle(state: FutureState, outcome: unknown): void {
    this.state = state;
    this.outcome = outcome;
    const waiters = this.waiters;
    this.waiters = null;
    if (state === "rejected" && !isLookedAt(waiters)) this.record(outcome);
    if (waiters === null) return;
    if (waiters instanceof Set) for (const waiter of waiters) waiter.settled();
    else waiters.settled();
  }

  /** The context variables that its reports are made with. @internal */
  reportContext(): Context | null {
    return null;
  }

  /** How reports name it. @internal */
  describe(): string {
    return "a future";
  }

  private record(error: unknown): void {
    if (error instanceof CancelledError) return; // a cancel that reaches nobody is no failure
    const { runner } = this;
    const [what, context] = [this.describe(), this.reportContext()];
    const created = framesOf(this);
    recordUnretrieved(this, { what, error, runner, loop: runner.loop, created, context });
  }

  private listWaiters(): Waiter[] {
    if (this.waiters === null) return [];
    return this.waiters instanceof Set ? [...this.waiters] : [this.waiters];
  }

  protected mustBePending(operation: string): void {
    if (this.state === "pending") return;
    throw new InvalidStateError(`${operation} on a future that is done already: ${inspect(this)}`);
  }

  private notDone(operation: string): InvalidStateError {
    return new InvalidStateError(
      `${operation}() of ${inspect(this)}, which is not done yet: await it first`,
    );
  }

  /** @internal */
  [INSPECT](): string {
    return `<Future ${futureWords(this).join(" ")}>`;
  }
}

function awaitsItself(future: Future<unknown>): InvalidStateError {
  return new InvalidStateError(`await of ${inspect(future)} in its own body, which can never end`);
}

function isLookedAt(waiters: Waiter | Set<Waiter> | null): boolean {
  if (waiters === null) return false;
  if (!(waiters instanceof Set)) return waiters.passive !== true;
  for (const waiter of waiters) if (waiter.passive !== true) return true;
  return false;
}
