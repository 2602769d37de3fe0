/*
 * Join: the tie between code that awaits a future and that future.
 *
 * A cancel of the awaiting scope goes on to the future, and the awaiter resumes when that has ended, with whatever it
 * ended with. When the awaiting scope ends around the join, the awaiter goes and the future stays.
 */
import { AsyncResource } from "node:async_hooks";
import { CancelledError } from "./errors.ts";
import type { Scope } from "./scope.ts";
import { Suspension, type WaitRing } from "./suspension.ts";
import { beginThrow, throwSoon } from "./throwing.ts";

/** Told when a future is done. @internal */
export interface Waiter {
  /** True when it does not look at the outcome: a failure then still counts as not retrieved. */
  readonly passive?: boolean;
  settled(): void;
  /** The waits that go on when it does, for call graphs; none when left out. */
  awaiters?(): readonly object[];
}

/** What a join needs of a future. @internal */
interface Joinable {
  readonly state: string;
  readonly outcome: unknown;
  cancelWith(error: CancelledError): boolean;
  removeWaiter(waiter: Waiter): void;
}

type Handler<V, R> = ((value: V) => R | PromiseLike<R>) | null | undefined;

const SETTLED: Promise<void> = Promise.resolve();

/** What a join does with a cancel: nothing yet, hands it on just now, has handed it on, found none to take it. */
const IDLE = 0;
const HANDING = 1;
const HANDED_ON = 2;
const MISSED = 3;

/**
 * Code that awaits a future, and at the same time what `then` returns.
 *
 * `await` uses nothing of what `then` returns, so a promise of it is made only when somebody asks. The handlers run in
 * the async context of the `then` call, never inside it.
 * @internal
 */
export class Join<T, R> extends Suspension implements Waiter, PromiseLike<R> {
  readonly #context = new AsyncResource("ambit.join");
  readonly #onFulfilled: Handler<T, R>;
  readonly #onRejected: Handler<unknown, R>;
  #handing: typeof IDLE | typeof HANDING | typeof HANDED_ON | typeof MISSED = IDLE;
  /** What the handler gave, until somebody chains; a failure is in `#promise`, where Node sees it. */
  #value: unknown = undefined;
  #promise: Promise<R> | null = null;
  #resolve: ((value: never) => void) | null = null;
  #reject: ((error: unknown) => void) | null = null;
  #ended = false;

  constructor(
    scope: Scope,
    target: Joinable,
    onFulfilled: Handler<T, R>,
    onRejected: Handler<unknown, R>,
  ) {
    super(scope, "await", target);
    this.#onFulfilled = onFulfilled;
    this.#onRejected = onRejected;
  }

  settled(): void {
    const ring = this.leave();
    if (ring === null) return;
    const handed = this.#handing === HANDING || this.#handing === HANDED_ON;
    if (handed && this.isCancelled()) return this.throwIn(ring);
    ring.loop.wake(this, ring);
  }

  /** A gather is never cancelled itself: it fails with the CancelledError. */
  private isCancelled(): boolean {
    const { state, outcome } = this.target as Joinable;
    return state === "cancelled" || (state === "rejected" && outcome instanceof CancelledError);
  }

  /** The cancel that was handed on comes back. */
  private throwIn(ring: WaitRing): void {
    beginThrow(ring);
    const run = (): void => {
      throwSoon(ring);
      this.run();
    };
    ring.loop.wake({ run }, ring);
  }

  awaiters(): readonly object[] {
    return [this];
  }

  run(): void {
    const { state, outcome } = this.target as Joinable;
    this.deliver(outcome, state === "fulfilled");
  }

  /** Gives the outcome without waiting, but not inside the `then` call. */
  conclude(outcome: unknown, fulfilled: boolean): void {
    this.leave();
    void SETTLED.then(() => this.deliver(outcome, fulfilled));
  }

  private deliver(outcome: unknown, fulfilled: boolean): void {
    const handler = (fulfilled ? this.#onFulfilled : this.#onRejected) as Handler<unknown, R>;
    if (typeof handler !== "function") return this.end(outcome, fulfilled);
    try {
      this.end(this.#context.runInAsyncScope(handler, undefined, outcome), true);
    } catch (error) {
      this.end(error, false);
    }
  }

  private end(value: unknown, fulfilled: boolean): void {
    this.#ended = true;
    if (fulfilled && this.#promise === null) {
      this.#value = value;
      return;
    }
    this.#promise ??= this.open();
    if (fulfilled) this.#resolve?.(value as never);
    else this.#reject?.(value);
  }

  then<A = R, B = never>(
    onFulfilled?: Handler<R, A>,
    onRejected?: Handler<unknown, B>,
  ): PromiseLike<A | B> {
    this.#promise ??= this.#ended ? Promise.resolve(this.#value as R) : this.open();
    return this.#promise.then(onFulfilled, onRejected);
  }

  private open(): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override get forwarding(): boolean {
    return this.#handing === HANDING;
  }

  /** What is as good as done takes no cancel: it is for the awaiter's next wait then. */
  override get missed(): boolean {
    return this.#handing === MISSED;
  }

  cancel(error: CancelledError): void {
    // The cancel came round: tasks await each other in a circle, or one awaits what waits for its end. It is broken
    // here, or none of them could ever end.
    if (this.forwarding || this.isWithinTarget()) return this.abandon(error);
    this.#handing = HANDING;
    const taken = (this.target as Joinable).cancelWith(error);
    this.#handing = taken ? HANDED_ON : MISSED;
  }

  /** The code that awaits is below what it awaits: in a group of that task's. */
  private isWithinTarget(): boolean {
    for (let at = this.ring as Scope | null; at !== null; at = at.parent) {
      if (at.body === this.target) return true;
    }
    return false;
  }

  /** Its scope has ended: the awaiter goes, the future stays; others may want it. */
  override abandon(error: CancelledError): void {
    if (this.ring === null) return;
    (this.target as Joinable).removeWaiter(this);
    this.conclude(error, false);
  }
}
