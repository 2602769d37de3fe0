/*
 * Shielding: `shield` unties the awaiter from the work, `protect` closes the work to cancels.
 *
 * shield (asyncio's): the awaiter goes at once, the work goes on in its own task.
 * protect (trio's shielded scope): the work runs to its end in the awaiter's own flow, and the cancel is delivered at
 * the first wait after it.
 */
import { type Awaitable, ensureFuture } from "./awaitable.ts";
import { CancelScope } from "./cancelScope.ts";
import type { Future } from "./future.ts";
import type { Waiter } from "./join.ts";
import type { Entry } from "./loop.ts";
import { suspend } from "./suspend.ts";
import type { Cleanup, Wait } from "./suspension.ts";

/**
 * Awaits something without being able to cancel it (`asyncio.shield`).
 *
 * **Cancellation:** the awaiter gets its CancelledError at once; the work goes on. A failure that it has later is
 * reported through the exception handler.
 *
 * @example
 * ```ts
 * import { createTask, shield, sleep } from "ambit";
 *
 * const saving = createTask(() => sleep(2, "saved"));
 * const impatient = createTask(() => shield(saving));
 * await sleep(0);
 * impatient.cancel();
 * await saving; // => "saved"
 * ```
 */
export function shield<T>(item: Awaitable<T>): Promise<T> {
  const future = ensureFuture(item);
  if (future.done()) return Promise.resolve(future);
  return suspend<T, Future<T>>(watch, future, "shield");
}

function watch<T>(wait: Wait<T>, future: Future<T>): Cleanup<T, Future<T>> {
  const end = new ShieldedEnd(wait, future);
  future.addWaiter(end);
  return () => end.leave();
}

class ShieldedEnd<T> implements Waiter, Entry {
  readonly #wait: Wait<T>;
  readonly #future: Future<T>;

  constructor(wait: Wait<T>, future: Future<T>) {
    this.#wait = wait;
    this.#future = future;
  }

  leave(): void {
    if (this.#future.done()) return new LateEnd(this.#future).settled();
    this.#future.removeWaiter(this);
    if (watched.has(this.#future)) return;
    watched.add(this.#future);
    this.#future.addWaiter(new LateEnd(this.#future));
  }

  settled(): void {
    this.#future.getLoop().wake(this);
  }

  awaiters(): readonly object[] {
    return [this.#wait];
  }

  run(): void {
    const { state, outcome } = this.#future;
    if (state === "fulfilled") this.#wait.resolve(outcome as T);
    else this.#wait.reject(outcome);
  }
}

/** Futures that a {@link LateEnd} watches: one is enough, however many awaiters went. */
const watched = new WeakSet<Future<unknown>>();

/** Reports a failure that comes after an awaiter was cancelled, if nobody else awaits the work. */
class LateEnd implements Waiter {
  readonly passive = true;
  readonly #future: Future<unknown>;

  constructor(future: Future<unknown>) {
    this.#future = future;
  }

  settled(): void {
    const { state, outcome } = this.#future;
    if (state !== "rejected") return;
    this.#future.look();
    this.#future.getLoop().callExceptionHandler({
      message: "shielded work failed after its awaiter was cancelled",
      exception: outcome,
      task: this.#future,
    });
  }
}

/**
 * Runs a body, or awaits a task, to its end: a cancel from above waits until it is done.
 *
 * For clean-up that must not be interrupted; give it a deadline of its own (`timeout` inside).
 *
 * **Cancellation:** none reaches the body; one that came meanwhile is thrown by the next wait after it.
 *
 * @example
 * ```ts
 * import { createTask, protect, sleep } from "ambit";
 *
 * const log: string[] = [];
 * const task = createTask(async () => {
 *   await protect(async () => {
 *     await sleep(2);
 *     log.push("committed");
 *   });
 *   await sleep(60_000);
 * });
 * await sleep(1);
 * task.cancel();
 * await task.then(null, () => log.push("cancelled"));
 * log; // => ["committed", "cancelled"]
 * ```
 */
export function protect<T>(item: Awaitable<T>): Promise<T> {
  const scope = new CancelScope({ shield: true });
  if (typeof item === "function") return scope.enter(item);
  const future = ensureFuture(item);
  return scope.enter(() => future);
}
