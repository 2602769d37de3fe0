/*
 * ConcurrentFuture: the outcome of a call that an executor runs (`concurrent.futures.Future`).
 *
 * Strategy: a Future with one more state, "running", between pending and done. What a cancel means while it runs is
 * the executor's matter: it lends the future a way to stop the call, for as long as that runs.
 * Limits: `result(timeout)` blocks, so it is for workers: JavaScript's main thread must not stand still. There, `await`
 * it, with a `timeout` around it where one is wanted.
 */
import { inspect } from "node:util";
import { isMainThread } from "node:worker_threads";
import { expectMilliseconds } from "../core/arguments.ts";
import { type CancelledError, InvalidStateError, TimeoutError } from "../core/errors.ts";
import { Future } from "../core/future.ts";
import { stateWords } from "../core/futureWords.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";

/** Stops a running call; false when it cannot be stopped. @internal */
export type Stopper = (error: CancelledError) => boolean;

/**
 * A call that an executor has taken on.
 *
 * `await` gives what the call returned or throws what it threw. Invariant: pending, running, then done; or cancelled
 * while it was pending. Unlike `concurrent.futures.Future` it calls its done callbacks soon, not at once: in the
 * loop's next turn, as every future of Ambit does.
 *
 * **Cancellation:** cancelling who awaits it cancels the call. A call that waits for its turn is dropped. One that runs is
 * asked to stop, and the awaiter resumes when it has really ended, with what it ended with.
 *
 * @example
 * ```ts
 * import { ConcurrentFuture } from "ambit/futures";
 *
 * const future = new ConcurrentFuture<number>();
 * future.setRunningOrNotifyCancel(); // => true
 * [future.running(), future.cancel()]; // => [true, false]
 * future.setResult(42);
 * await future; // => 42
 * ```
 */
export class ConcurrentFuture<T> extends Future<T> {
  #running = false;
  #outside = false;
  #stop: Stopper | null = null;

  /** True while the call runs. */
  running(): boolean {
    return this.#running && !this.done();
  }

  /**
   * For executors: the call begins now. From here on {@link ConcurrentFuture.cancel} no longer drops it.
   * @returns false when it was cancelled before, so that it must not be run
   * @throws {@link InvalidStateError} when it runs already, or is done without having been cancelled
   */
  setRunningOrNotifyCancel(): boolean {
    if (this.cancelled()) return false;
    if (this.#running || this.done()) {
      throw new InvalidStateError(
        `setRunningOrNotifyCancel on ${inspect(this)}: a call begins once, and before it is done`,
      );
    }
    this.#running = true;
    return true;
  }

  /** An executor has taken the call on: virtual time stands still for who awaits it. @internal */
  runsOutside(): this {
    this.#outside = true;
    return this;
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return this.#outside;
  }

  /** How the running call can be stopped. @internal */
  lendStopper(stop: Stopper): void {
    this.#stop = stop;
  }

  /** Back to waiting: the call was sent, but its worker ended before it began. @internal */
  takeBack(): void {
    this.#running = false;
    this.#stop = null;
  }

  /**
   * Drops a pending call; asks a running one to stop, if its executor can.
   * @returns false when it is done, or runs and cannot be stopped
   */
  override cancel(reason?: unknown): boolean {
    return super.cancel(reason);
  }

  /** @internal */
  override cancelWith(error: CancelledError): boolean {
    if (!this.running()) return super.cancelWith(error);
    return this.stopRunning(error);
  }

  /** Asks the running call to stop; false when it can't be. @internal */
  protected stopRunning(error: CancelledError): boolean {
    return this.#stop !== null && this.#stop(error);
  }

  /**
   * What the call returned; throws what it threw. With a `timeout`, the thread stands still until the call has ended
   * (`concurrent.futures.Future.result`): for code in a worker that cannot await, about calls that it has submitted to a
   * pool of threads of its own.
   *
   * The call goes on when the time is up. An error whose class was not met in this thread before comes as an `Error`.
   *
   * **Cancellation:** when the waiting call is asked to stop, the other one is cancelled, and a CancelledError thrown.
   *
   * @param timeout milliseconds, or Infinity; without it nothing is waited for
   * @throws {@link InvalidStateError} when it is not done: without a timeout, on the main thread, or where the loop is needed
   *   for it: a pool of processes, callbacks, a function that must be looked for
   * @throws {@link TimeoutError} when it has not ended in time
   */
  override result(timeout?: number): T {
    if (timeout !== undefined) this.#standStill("result", timeout);
    return super.result();
  }

  /**
   * What the call threw; undefined when it returned. With a `timeout` as for {@link ConcurrentFuture.result}.
   *
   * @throws as `result` does, but for what the call threw
   */
  override exception(timeout?: number): unknown {
    if (timeout !== undefined) this.#standStill("exception", timeout);
    return super.exception();
  }

  #standStill(operation: string, timeout: number): void {
    expectMilliseconds("timeout", timeout);
    if (this.done()) return;
    const hindrance = isMainThread
      ? "the main thread must not stand still, nor anything that runs on it; await the call instead"
      : this.hindrance();
    if (hindrance !== null)
      throw new InvalidStateError(`${operation}(${timeout}) on ${inspect(this)}: ${hindrance}`);
    this.block(timeout);
    if (!this.done())
      throw new TimeoutError(
        `${operation}(${timeout}) on ${inspect(this)}: it has not ended in time`,
      );
  }

  /** Why it can't end while this thread stands still; null when it can. @internal */
  protected hindrance(): string | null {
    return "no pool of threads runs it; await it instead";
  }

  /** Lets the thread stand still until it is done, or for that many milliseconds. @internal */
  protected block(_timeout: number): void {}

  /** The running call has ended by the cancel. @internal */
  endCancelled(error: CancelledError): void {
    if (!this.done()) this.settle("cancelled", error);
  }

  /** @internal */
  override describe(): string {
    return "a call of an executor";
  }

  /** @internal */
  override [INSPECT](): string {
    return `<ConcurrentFuture ${this.running() ? "running" : stateWords(this)}>`;
  }
}
