/*
 * wait: some of several futures, without cancelling any.
 *
 * Strategy: one wait that counts the ends of the futures as it hears of them, a turn after they came; of those that were
 * done before, too. Never throws what they failed with, never a TimeoutError: it returns who is done and who is not
 * (CPython, asyncio.wait).
 */
import { expectMilliseconds, outOfRange, wrongType } from "./arguments.ts";
import type { TimerHandle } from "./clock.ts";
import { Future } from "./future.ts";
import type { Waiter } from "./join.ts";
import type { Entry, Loop } from "./loop.ts";
import { suspend } from "./suspend.ts";
import type { Cleanup, Wait } from "./suspension.ts";
import { AWAITED } from "./targets.ts";

/** `wait` returns when any future is done. */
export const FIRST_COMPLETED = "FIRST_COMPLETED";
/** `wait` returns when any future has failed, or all are done. */
export const FIRST_EXCEPTION = "FIRST_EXCEPTION";
/** `wait` returns when all futures are done. */
export const ALL_COMPLETED = "ALL_COMPLETED";

/** When `wait` returns. */
export type ReturnWhen = typeof FIRST_COMPLETED | typeof FIRST_EXCEPTION | typeof ALL_COMPLETED;

/** How long `wait` waits, and for what. */
export interface WaitOptions {
  /** Milliseconds; Infinity (default) for no limit. */
  readonly timeout?: number;
  /** Default ALL_COMPLETED. */
  readonly returnWhen?: ReturnWhen;
}

/** Who is done and who is not, in the order given. */
export interface WaitResult<F> {
  readonly done: Set<F>;
  readonly pending: Set<F>;
}

/**
 * Waits for tasks and futures until `returnWhen` holds or the timeout has passed (`asyncio.wait`).
 *
 * Throws nothing that they failed with and cancels none of them.
 *
 * **Cancellation:** the wait ends; the futures go on.
 *
 * @throws RangeError when there are none, or for an unknown `returnWhen`
 * @throws TypeError when one is not a task or future (functions would be lost to the caller)
 *
 * @example
 * ```ts
 * import { createTask, sleep, wait } from "ambit";
 *
 * const slow = createTask(() => sleep(20));
 * const fast = createTask(() => sleep(1));
 * const { done, pending } = await wait([slow, fast], { returnWhen: "FIRST_COMPLETED" });
 * done.has(fast) && pending.has(slow); // => true
 * ```
 */
export async function wait<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: WaitOptions = {},
): Promise<WaitResult<F>> {
  const { timeout = Infinity, returnWhen = ALL_COMPLETED } = options;
  expectMilliseconds("options.timeout", timeout);
  expectReturnWhen(returnWhen);
  expectIterable(futures);
  const all = new Set(futures);
  expectFutures(all);
  const watch = new Watch(all, returnWhen, timeout);
  await suspend<void, Watch>(beginWatch, watch, "wait");
  return watch.result() as WaitResult<F>;
}

function expectReturnWhen(value: string): void {
  if (![FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED].includes(value)) {
    throw outOfRange(
      "options.returnWhen",
      "FIRST_COMPLETED, FIRST_EXCEPTION or ALL_COMPLETED",
      value,
    );
  }
}

function expectIterable(futures: Iterable<unknown>): void {
  if (typeof futures?.[Symbol.iterator] === "function") return;
  throw wrongType("futures", "an iterable of tasks or futures", futures);
}

function expectFutures(all: Set<unknown>): void {
  if (all.size === 0) throw outOfRange("futures", "at least one task or future", []);
  for (const item of all) {
    if (!(item instanceof Future)) throw wrongType("futures", "tasks or futures", item);
  }
}

class Watch {
  readonly #all: Set<Future<unknown>>;
  readonly #returnWhen: ReturnWhen;
  readonly #timeout: number;
  readonly #ends: End[] = [];
  #left: number;
  #timer: TimerHandle | null = null;
  #wait: Wait<void> | null = null;

  constructor(all: Set<Future<unknown>>, returnWhen: ReturnWhen, timeout: number) {
    this.#all = all;
    this.#left = all.size;
    this.#returnWhen = returnWhen;
    this.#timeout = timeout;
  }

  begin(wait: Wait<void>): void {
    this.#wait = wait;
    const { loop } = wait;
    if (this.#timeout !== Infinity)
      this.#timer = loop.schedule(loop.time() + this.#timeout, finish, this);
    for (const future of this.#all) {
      // What was done already may have been enough.
      if (this.#wait === null) return;
      const end = new End(this, future, loop);
      this.#ends.push(end);
      if (future.done()) end.settled();
      else future.addWaiter(end);
    }
  }

  /** One of them is done. */
  heard(future: Future<unknown>): void {
    this.#left--;
    const failed = future.state === "rejected" && this.#returnWhen === FIRST_EXCEPTION;
    if (this.#left === 0 || failed || this.#returnWhen === FIRST_COMPLETED) this.finish();
  }

  /** @internal */
  [AWAITED](): readonly Future<unknown>[] {
    return [...this.#all].filter((future) => !future.done());
  }

  awaiters(): readonly object[] {
    return this.#wait === null ? [] : [this.#wait];
  }

  finish(): void {
    this.#wait?.resolve();
    this.leave();
  }

  leave(): void {
    this.#wait = null;
    this.#timer?.cancel();
    for (const end of this.#ends) end.leave();
  }

  result(): WaitResult<Future<unknown>> {
    const done = new Set<Future<unknown>>();
    const pending = new Set<Future<unknown>>();
    for (const future of this.#all) (future.done() ? done : pending).add(future);
    return { done, pending };
  }
}

/** Tells the watch in the loop's turn, as a done callback of asyncio does. */
class End implements Waiter, Entry {
  readonly passive = true;
  readonly #watch: Watch;
  readonly #future: Future<unknown>;
  readonly #loop: Loop;

  constructor(watch: Watch, future: Future<unknown>, loop: Loop) {
    this.#watch = watch;
    this.#future = future;
    this.#loop = loop;
  }

  settled(): void {
    this.#loop.wake(this);
  }

  awaiters(): readonly object[] {
    return this.#watch.awaiters();
  }

  run(): void {
    this.#watch.heard(this.#future);
  }

  leave(): void {
    this.#future.removeWaiter(this);
  }
}

function beginWatch(wait: Wait<void>, watch: Watch): Cleanup<void, Watch> {
  watch.begin(wait);
  return endWatch;
}

function endWatch(_wait: Wait<void>, watch: Watch): void {
  watch.leave();
}

function finish(watch: Watch): void {
  watch.finish();
}
