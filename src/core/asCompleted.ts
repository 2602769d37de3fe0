/*
 * asCompleted: tasks in the order in which they finish.
 *
 * Strategy: a hand-written async iterator over the futures as they end; it yields the original tasks (CPython 3.13),
 * so the caller knows which one it was. An end is a queue entry, never a promise per future.
 */
import { expectMilliseconds, wrongType } from "./arguments.ts";
import { type Awaitable, ensureFuture, type Outcome } from "./awaitable.ts";
import type { TimerHandle } from "./clock.ts";
import { TimeoutError } from "./errors.ts";
import type { Future } from "./future.ts";
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import { getRunningLoop } from "./scope.ts";
import { suspend } from "./suspend.ts";
import type { Wait } from "./suspension.ts";
import { AWAITED } from "./targets.ts";

/** One item that has finished. */
export interface Completion<A> {
  /** The task or future; done. */
  readonly task: A extends Future<unknown> ? A : Future<Outcome<A>>;
  /** Its place among the items, duplicates left out. */
  readonly index: number;
}

/** How long `asCompleted` goes on. */
export interface AsCompletedOptions {
  /** Milliseconds from the call; Infinity (default) for no limit. */
  readonly timeout?: number;
}

/**
 * The items as they finish (`asyncio.as_completed`): an async iterable of `{ task, index }`, where the task is done.
 *
 * A task or future that was passed in is yielded itself; functions are started as tasks. `task.result()` gives the
 * value or throws the failure. (A record, because TypeScript takes it that `for await` awaits what is yielded.) After a
 * `break`, another loop over the same iterator goes on with the rest.
 *
 * **Cancellation:** of the loop that iterates: the items go on.
 *
 * @throws {@link TimeoutError} inside the iteration, when the timeout passes before the last one is done
 *
 * @example
 * ```ts
 * import { asCompleted, createTask, sleep } from "ambit";
 *
 * const slow = createTask(() => sleep(4, "slow"));
 * const fast = createTask(() => sleep(1, "fast"));
 * const order: string[] = [];
 * for await (const { task } of asCompleted([slow, fast])) order.push(task.result());
 * order; // => ["fast", "slow"]
 * ```
 */
export function asCompleted<A extends Awaitable<unknown>>(
  items: Iterable<A>,
  options: AsCompletedOptions = {},
): AsyncIterableIterator<Completion<A>> {
  if (typeof items?.[Symbol.iterator] !== "function")
    throw wrongType("items", "an iterable", items);
  const { timeout = Infinity } = options;
  expectMilliseconds("options.timeout", timeout);
  const futures = new Map<Future<unknown>, number>();
  for (const item of items) {
    const future = ensureFuture(item);
    if (!futures.has(future)) futures.set(future, futures.size);
  }
  return new Completions(
    futures,
    timeout,
  ) as AsyncIterableIterator<Finished> as AsyncIterableIterator<Completion<A>>;
}

interface Finished {
  readonly task: Future<unknown>;
  readonly index: number;
}

class Completions implements AsyncIterableIterator<Finished> {
  readonly #ready: Finished[] = [];
  readonly #waiting: Wait<void>[] = [];
  /** Those that have not ended, as far as is known here. */
  readonly #open = new Set<End>();
  readonly #timeout: number;
  readonly #deadline: number;
  readonly #all: number;
  #left: number;
  #paused = true;
  /** How many calls of `next` wait for an end. */
  #takers = 0;
  #timedOut = false;
  #timer: TimerHandle | null = null;

  constructor(futures: Map<Future<unknown>, number>, timeout: number) {
    this.#left = this.#all = futures.size;
    this.#timeout = timeout;
    this.#deadline = getRunningLoop().time() + timeout;
    for (const [task, index] of futures) this.#open.add(new End({ task, index }, this));
    this.#follow();
  }

  /** Begins, or goes on after a `break`: what ended meanwhile comes in the order given. */
  #follow(): void {
    this.#paused = false;
    for (const end of this.#open) {
      // Heard of on the next turn: `next` is a point of cancellation for what is done already, too (CPython).
      if (end.item.task.done()) end.item.task.getLoop().enqueue(end);
      else end.item.task.addWaiter(end);
    }
    if (this.#timeout === Infinity || this.#open.size === 0) return;
    this.#timer = getRunningLoop().schedule(this.#deadline, expire, this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Finished, undefined>> {
    if (this.#left === 0) return this.#finished();
    this.#left--;
    if (this.#paused) this.#follow();
    while (this.#ready.length === 0) {
      if (this.#timedOut)
        throw new TimeoutError(
          `asCompleted: timed out after ${this.#timeout} ms with ${this.#left + 1} of ${this.#all} not done`,
          this.#timeout,
        );
      await this.#nextEnd();
    }
    return { done: false, value: this.#ready.shift() as Finished };
  }

  /** Every item has a taker; those who still wait for theirs are left to it. */
  #finished(): IteratorResult<Finished, undefined> {
    if (this.#ready.length === 0 && this.#waiting.length === 0) this.#timer?.cancel();
    return { done: true, value: undefined };
  }

  /** A cancelled `next` has taken nothing. */
  async #nextEnd(): Promise<void> {
    this.#takers++;
    try {
      await suspend<void, Completions>(queueUp, this, "asCompleted");
    } catch (error) {
      this.#left++;
      throw error;
    } finally {
      this.#takers--;
    }
  }

  /** @internal */
  [AWAITED](): readonly Future<unknown>[] {
    return [...this.#open].map((end) => end.item.task);
  }

  /** Who waits for the next end. */
  waits(): readonly Wait<void>[] {
    return this.#waiting;
  }

  queue(wait: Wait<void>): void {
    this.#waiting.push(wait);
  }

  /** A `break`: holds on to nothing until somebody goes on, unless another consumer waits here. */
  async return(): Promise<IteratorResult<Finished, undefined>> {
    if (this.#takers > 0) return { done: true, value: undefined };
    this.#paused = true;
    this.#timer?.cancel();
    for (const end of this.#open) end.leave();
    return { done: true, value: undefined };
  }

  ended(end: End): void {
    // An end that was not heard of when the time was up comes too late, in the same instant too (CPython).
    if (this.#timedOut || !this.#open.delete(end)) return;
    if (this.#open.size === 0) this.#timer?.cancel();
    this.#ready.push(end.item);
    this.#wakeAll();
  }

  expire(): void {
    this.#timedOut = true;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wait of this.#waiting.splice(0)) wait.resolve();
  }
}

class End implements Waiter, Entry {
  readonly passive = true;
  readonly item: Finished;
  readonly #completions: Completions;

  constructor(item: Finished, completions: Completions) {
    this.item = item;
    this.#completions = completions;
  }

  settled(): void {
    this.item.task.getLoop().wake(this);
  }

  awaiters(): readonly object[] {
    return this.#completions.waits();
  }

  run(): void {
    this.#completions.ended(this);
  }

  leave(): void {
    this.item.task.removeWaiter(this);
  }
}

function queueUp(wait: Wait<void>, completions: Completions): void {
  completions.queue(wait);
}

function expire(completions: Completions): void {
  completions.expire();
}
