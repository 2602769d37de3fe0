/*
 * Timeouts that stop the work, not just the waiting.
 *
 * Strategy: a timeout is a CancelScope with a deadline whose own cancellation leaves as a TimeoutError. The error is
 * made on the way out, in the awaiting code, so its stack names who waited. CPython's rules: asyncio/timeouts.py.
 */
import { expectFunction, expectMilliseconds } from "./arguments.ts";
import { type Awaitable, ensureFuture } from "./awaitable.ts";
import { CancelScope } from "./cancelScope.ts";
import { cancelled } from "./cancellation.ts";
import { CancelledError, InvalidStateError, TimeoutError } from "./errors.ts";
import { Future } from "./future.ts";
import { INSPECT } from "./inspection.ts";
import { getRunningLoop } from "./scope.ts";
import { wait } from "./wait.ts";

/** A running timeout, as `timeout` hands it to its body. */
export class Timeout {
  readonly #scope: CancelScope;
  #active = true;

  /** @internal */
  constructor(scope: CancelScope) {
    this.#scope = scope;
  }

  /** The deadline, in milliseconds of the loop's clock; Infinity for none. */
  when(): number {
    return this.#scope.deadline;
  }

  /**
   * Moves the deadline to `when` of the loop's clock; Infinity lifts it.
   * @throws {@link InvalidStateError} when the body has ended or the deadline has passed
   */
  reschedule(when: number): void {
    if (!this.#active) throw new InvalidStateError("reschedule on a timeout that has ended");
    if (this.expired())
      throw new InvalidStateError("reschedule on a timeout whose deadline has passed");
    this.#scope.deadline = when;
  }

  /** True once the deadline has passed before the body ended. */
  expired(): boolean {
    return this.#scope.cancelCalled;
  }

  /** @internal */
  close(): void {
    this.#active = false;
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.expired() ? "expired" : this.#active ? "active" : "finished";
    return `<Timeout ${state} when=${this.when()}>`;
  }
}

/**
 * Runs the body and cancels it after `ms` milliseconds (`asyncio.timeout`).
 *
 * Only what runs in the body is cancelled. The call ends when the body has really ended; a body that finishes in spite
 * of the deadline gives its value.
 *
 * **Cancellation:** an outer cancel wins over the deadline and passes on as a CancelledError.
 *
 * @param ms milliseconds; Infinity for no limit; zero or less cancels at the first wait
 * @throws {@link TimeoutError} when the deadline ended the body
 *
 * @example
 * ```ts
 * import { sleep, timeout, TimeoutError } from "ambit";
 *
 * const outcome = await timeout(5, () => sleep(60_000)).catch((error: unknown) => error);
 * outcome instanceof TimeoutError; // => true
 * ```
 */
export function timeout<T>(ms: number, body: (timeout: Timeout) => T | PromiseLike<T>): Promise<T> {
  expectMilliseconds("ms", ms);
  expectFunction("body", body);
  return limited(getRunningLoop().time() + ms, ms, body);
}

/** Like {@link timeout}, until a point in time of the loop's clock, in milliseconds (`asyncio.timeout_at`). */
export function timeoutAt<T>(
  when: number,
  body: (timeout: Timeout) => T | PromiseLike<T>,
): Promise<T> {
  expectMilliseconds("when", when);
  expectFunction("body", body);
  return limited(when, undefined, body);
}

async function limited<T>(
  when: number,
  ms: number | undefined,
  body: (timeout: Timeout) => T | PromiseLike<T>,
): Promise<T> {
  const scope = new CancelScope({ deadline: when });
  const handle = new Timeout(scope);
  try {
    return await scope.enter(() => body(handle));
  } catch (error) {
    const { verdict } = scope;
    if (verdict?.whose !== "own") throw verdict?.error ?? error;
    throw timedOut(ms);
  } finally {
    handle.close();
  }
}

/** Carries no cause: an error caused by a CancelledError counts as one. */
function timedOut(ms: number | undefined): TimeoutError {
  const words = ms === undefined ? "the deadline has passed" : `timed out after ${ms} ms`;
  return new TimeoutError(words, ms);
}

/**
 * Waits for one thing, for at most `ms` milliseconds (`asyncio.wait_for`).
 *
 * A function is run in the current task, under the timeout. Past the deadline, what is awaited is cancelled and waited
 * for; if it finishes with a value all the same, that is returned. With `ms <= 0`, something that is done already gives
 * its result, a function is never called.
 *
 * **Cancellation:** cancels what is awaited, waits for its end, passes on.
 *
 * @param ms milliseconds; Infinity for no limit
 * @throws {@link TimeoutError} past the deadline
 *
 * @example
 * ```ts
 * import { createTask, sleep, waitFor } from "ambit";
 *
 * await waitFor(createTask(() => sleep(1, "in time")), 60_000); // => "in time"
 * ```
 */
export async function waitFor<T>(item: Awaitable<T>, ms: number): Promise<T> {
  expectMilliseconds("ms", ms);
  if (ms > 0) return await timeout(ms, () => outcomeOf(item));
  // A function becomes a task that is cancelled before its start: it is never called.
  const future = ensureFuture(item);
  if (!future.done()) {
    // First the cancel: who is cancelled goes on before a wait that is refused (CPython).
    future.cancelWith(cancelled(`timed out after ${ms} ms`));
    await wait([future]);
    if (future.cancelled() || future.exception() instanceof CancelledError) throw timedOut(ms);
  }
  return future.result();
}

function outcomeOf<T>(item: Awaitable<T>): T | PromiseLike<T> {
  if (typeof item === "function") return item();
  return item instanceof Future ? item : ensureFuture(item);
}
