/*
 * DistributedExecutor: the executor whose workers run on other machines, by BullMQ on Redis.
 *
 * Strategy: an executor is a submitter and the options that its calls are made with; `with` gives another view of the same
 * submitter. What the way there and back needs is in submitter.ts, the other side in distributedWorker.ts.
 */
import { inspect } from "node:util";
import { expectFunction } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { shield } from "../core/shield.ts";
import type { ConcurrentFuture } from "../futures/concurrentFuture.ts";
import { ExecutorShutdownError } from "../futures/errors.ts";
import { Executor, type ExecutorShutdownOptions } from "../futures/executor.ts";
import type { Callable } from "../futures/reference.ts";
import { nameOf, type RegisteredTask } from "../futures/registered.ts";
import {
  type CallOptions,
  checkCallOptions,
  type DistributedOptions,
  settingsOf,
} from "./callOptions.ts";
import { UnregisteredTaskError } from "./errors.ts";
import type { QueueStatistics } from "./queueStatistics.ts";
import { Submitter } from "./submitter.ts";

/**
 * Runs calls on other machines: on whatever workers (`ambit worker tasks.js`, {@link DistributedWorker}) are connected to the
 * same queue of the same Redis.
 *
 * What is run is a function with a name, see `task`: the program and its workers each load the module that names it.
 * Arguments, results and errors are cloned. A call runs **at least once**: again when its worker was lost before Redis had
 * the outcome; so what it changes must be done under `currentCall().idempotencyKey`. Its outcome comes to the submitter
 * exactly once, or an error does: when Redis is lost, cannot be reached, or no worker answers until the deadline.
 * `running()` is true once Redis has the call.
 *
 * **Cancellation:** a call that waits in the queue is taken out; the worker that runs it stops it as a pool of threads does,
 * and the awaiter resumes when it has ended, but after `cancelTimeout` at the latest. Calls of a program that dies are
 * cancelled, see `orphans`. Without calls it does not keep the program alive: one that ends without `shutdown` ends all the same.
 *
 * @example
 * ```ts no-run
 * import { DistributedExecutor, task } from "ambit/distributed";
 *
 * // In tasks.js, which the program imports, and `ambit worker tasks.js` too:
 * const resize = task("image.resize", (url: string, width: number) => `${url}?w=${width}`);
 *
 * await using executor = new DistributedExecutor({ redis: "redis://localhost:6379" });
 * await executor.submit(resize, "https://example.com/a.png", 100);
 * ```
 */
export class DistributedExecutor extends Executor {
  readonly #submitter: Submitter;
  readonly #options: CallOptions;

  constructor(options?: DistributedOptions);
  /** @internal */
  constructor(submitter: Submitter, calls: CallOptions);
  constructor(first: DistributedOptions | Submitter = {}, calls: CallOptions = {}) {
    super();
    this.#submitter = first instanceof Submitter ? first : new Submitter(settingsOf(first));
    this.#options = calls;
  }

  /**
   * The same executor, whose calls are made with those options too: `executor.with({ priority: 1 }).submit(…)`. It has the
   * same connections, and shutting one down shuts all down.
   *
   * @throws TypeError, RangeError when an option is not what it should be
   */
  with(options: CallOptions): DistributedExecutor {
    const calls = { ...this.#options, ...checkCallOptions(options) };
    return new DistributedExecutor(this.#submitter, calls);
  }

  /**
   * Takes on a call of `fn(...args)`.
   *
   * @param fn a function that `task` has named
   * @param args cloned
   * @returns the call; it fails with what `fn` throws, or with a DistributedError or a CallDeadlineError
   * @throws {@link UnregisteredTaskError} when `fn` has no name that the workers know
   * @throws ExecutorShutdownError after `shutdown`
   */
  override submit<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): ConcurrentFuture<Awaited<R>> {
    return this.#submit(fn, args, false) as ConcurrentFuture<Awaited<R>>;
  }

  protected override submitChunk(
    fn: Callable,
    items: readonly unknown[],
  ): ConcurrentFuture<unknown[]> {
    if (this.#options.deduplicationKey !== undefined)
      throw new TypeError("map with a `deduplicationKey`: its chunks would all be one call");
    return this.#submit(fn, items, true) as ConcurrentFuture<unknown[]>;
  }

  #submit(fn: Callable, args: readonly unknown[], chunk: boolean): ConcurrentFuture<unknown> {
    expectFunction("fn", fn);
    if (this.#submitter.closing) {
      throw new ExecutorShutdownError(
        `submit to ${inspect(this)}: it takes no calls after shutdown`,
      );
    }
    return this.#submitter.submit(registered(fn), args, chunk, this.#options);
  }

  /**
   * Takes no more calls, lets those that were taken on end, and closes the connections to Redis; the workers go on.
   *
   * **Cancellation:** with `wait`, a cancelled caller stops waiting; the executor is shut down all the same.
   */
  override async shutdown(options: ExecutorShutdownOptions = {}): Promise<void> {
    const submitter = this.#submitter;
    const dropping = options.cancelFutures === true ? submitter.dropQueued() : Promise.resolve();
    submitter.close();
    if (!(options.wait ?? true)) return void dropping.catch(() => {});
    await dropping.catch(() => {});
    await shield(submitter.ended);
  }

  /**
   * How the queue stands, for all programs that use it.
   *
   * **Cancellation:** nothing is lost.
   *
   * @throws {@link DistributedConnectionError} when Redis refuses, or cannot be reached within `lossTimeout`
   */
  queueStatistics(): Promise<QueueStatistics> {
    return this.#submitter.queueStatistics();
  }

  /** Calls of this program whose outcome is not known yet. */
  get underWay(): number {
    return this.#submitter.size;
  }

  /** @internal */
  [INSPECT](): string {
    const { settings, size, closing, connections } = this.#submitter;
    const state = closing ? ", shut down" : connections.ready ? "" : ", not connected";
    return `DistributedExecutor { queue: "${settings.queue}", underWay: ${size}${state} }`;
  }
}

function registered(fn: Callable): RegisteredTask {
  const found = nameOf(fn);
  if (found !== undefined) return found;
  const name = fn.name === "" ? "the anonymous function" : `the function '${fn.name}'`;
  throw new UnregisteredTaskError(
    `submit of ${name}, which has no name that workers on other machines know: make it with task("some.name", fn) in a module that both load`,
  );
}
