/*
 * ThreadPoolExecutor: calls on a pool of threads (`concurrent.futures.ThreadPoolExecutor`, on worker_threads).
 *
 * Strategy: first come, first served. Calls of one microtask go out together. A thread is given one call at a time, and
 * more ahead only of functions that are known to be quick: their calls cost less than a message does, and nobody waits
 * long behind one. A thread is started when a call finds none idle, up to the maximum.
 * Limits: a thread has a heap of its own: what it is given is cloned, and module state is not shared.
 */
import { availableParallelism } from "node:os";
import { inspect } from "node:util";
import { expectFunction, expectInteger, expectMilliseconds } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { INSPECT } from "../core/inspection.ts";
import { shield } from "../core/shield.ts";
import { Call } from "./call.ts";
import { ConcurrentFuture } from "./concurrentFuture.ts";
import { BrokenThreadPool, ExecutorShutdownError } from "./errors.ts";
import { Executor, type ExecutorShutdownOptions } from "./executor.ts";
import { type ModuleCalls, moduleCalls } from "./moduleCalls.ts";
import { Pace } from "./pace.ts";
import { unpackThrown } from "./parcel.ts";
import { processIsEnding } from "./processEnd.ts";
import type { Ending } from "./protocol.ts";
import type { Callable, Reference } from "./reference.ts";
import { type Initializer, Thread, type ThreadOwner } from "./thread.ts";

/** How a pool of threads is made. */
export interface ThreadPoolOptions {
  /** The most threads; an integer of at least 1. Default: as many as the machine runs at once. */
  readonly maxWorkers?: number;
  /** Threads are named `${prefix}_0`, `${prefix}_1`, …; default `ThreadPoolExecutor-N`. */
  readonly threadNamePrefix?: string;
  /** Called in each thread before its first call; an exported function. If it throws, the pool is broken. */
  readonly initializer?: (...args: never[]) => unknown;
  /** Its arguments; cloned. */
  readonly initArgs?: readonly unknown[];
  /** Milliseconds that a cancelled call has to stop by itself before its thread is ended. Default 1000. */
  readonly grace?: number;
}

/** What `statistics()` tells. */
export interface ThreadPoolStatistics {
  /** The names of the threads that there are. */
  readonly threads: readonly string[];
  readonly maxWorkers: number;
  /** Calls that wait for a thread. */
  readonly waiting: number;
  /** Calls that a thread has been given. */
  readonly running: number;
}

let pools = 0;

/**
 * A pool of threads.
 *
 * Threads start when they are needed, and an idle pool does not keep the process alive: a program that ends without
 * `shutdown` ends when its calls have. Calls begin in the order of `submit`.
 *
 * **Cancellation:** a call that waits is dropped. A running one sees its `ambientSignal()` aborted, its next wait
 * throws, and `cancelRequested()` is true; when it has not ended after `grace` ms its thread is ended and replaced.
 * Only then does the cancelled awaiter resume; `cancellable(executor.submit(…))` lets it go at once. A thread inside
 * native code (a synchronous hash of a gigabyte) ends only when that returns.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor } from "ambit/futures";
 *
 * const pool = new ThreadPoolExecutor({ maxWorkers: 2 });
 * const path = pool.module<typeof import("node:path").posix>("node:path/posix");
 * await path.join("a", "b"); // => "a/b"
 * await pool.shutdown();
 * ```
 */
export class ThreadPoolExecutor extends Executor {
  readonly #maxWorkers: number;
  readonly #prefix: string;
  readonly #grace: number;
  readonly #initializer: Initializer | null;
  readonly #threads = new Set<Thread>();
  readonly #waiting: Call[] = [];
  readonly #pace = new Pace();
  readonly #owner: ThreadOwner;
  #started = 0;
  #pumping = false;
  #shutDown = false;
  #broken: BrokenThreadPool | null = null;
  /** After a shutdown: settled when the last thread has ended. */
  readonly #ended = new ConcurrentFuture<void>().runsOutside();

  constructor(options: ThreadPoolOptions = {}) {
    super();
    const { maxWorkers = availableParallelism(), grace = 1000, initializer } = options;
    expectInteger("options.maxWorkers", maxWorkers, 1);
    expectMilliseconds("options.grace", grace);
    if (initializer !== undefined) expectFunction("options.initializer", initializer);
    this.#maxWorkers = maxWorkers;
    this.#grace = grace;
    this.#prefix = options.threadNamePrefix ?? `ThreadPoolExecutor-${pools++}`;
    this.#initializer =
      initializer === undefined ? null : { fn: initializer, args: options.initArgs ?? [] };
    this.#owner = {
      ended: (call, ending) => this.#onEnding(call, ending),
      free: () => this.#pumpSoon(),
      broken: (cause) => this.#breakDown(cause),
      gone: (thread, unbegun) => this.#onGone(thread, unbegun),
    };
  }

  override submit<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: A
  ): ConcurrentFuture<Awaited<R>> {
    return this.#takeOn(fn, args, false) as ConcurrentFuture<Awaited<R>>;
  }

  protected override submitChunk(
    fn: Callable,
    items: readonly unknown[],
  ): ConcurrentFuture<unknown[]> {
    return this.#takeOn(fn, items, true) as ConcurrentFuture<unknown[]>;
  }

  /**
   * The functions of a module, to be called in the pool: typed, and safe in a bundle.
   * @param url the module's URL: `new URL("./tasks.js", import.meta.url)`
   */
  module<M>(url: string | URL): ModuleCalls<M> {
    return moduleCalls<M>(url, (fn, args) => this.#takeOn(fn, args, false));
  }

  #takeOn(fn: Callable, args: readonly unknown[], chunk: boolean): ConcurrentFuture<unknown> {
    expectFunction("fn", fn);
    this.#mustBeOpen();
    const call = new Call(args, chunk);
    call.locate(fn, () => this.#pumpSoon());
    this.#waiting.push(call);
    this.#pumpSoon();
    return call.future;
  }

  #mustBeOpen(): void {
    if (this.#broken !== null) throw this.#broken;
    if (this.#shutDown) {
      throw new ExecutorShutdownError(
        `submit to ${inspect(this)}: it takes no calls after shutdown`,
      );
    }
    if (processIsEnding()) {
      throw new ExecutorShutdownError(`submit to ${inspect(this)} while the process is ending`);
    }
  }

  override async shutdown(options: ExecutorShutdownOptions = {}): Promise<void> {
    this.#shutDown = true;
    if (options.cancelFutures === true) {
      const error = cancelled("the executor was shut down");
      for (const call of this.#waiting) call.future.cancelWith(error);
    }
    this.#pump();
    // Shielded: who is cancelled here stops waiting, and the threads end all the same.
    if (options.wait ?? true) await shield(this.#ended);
  }

  /** What it is doing now. */
  statistics(): ThreadPoolStatistics {
    const threads = [...this.#threads];
    return {
      threads: threads.map((thread) => thread.name),
      maxWorkers: this.#maxWorkers,
      waiting: this.#waiting.filter((call) => !call.future.done()).length,
      running: threads.reduce((sum, thread) => sum + thread.load, 0),
    };
  }

  /** Calls of one microtask go out together. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#pumping = false;
    this.#skipDone();
    this.#startThreads();
    for (const thread of this.#threads) this.#feed(thread);
    if (this.#shutDown) this.#closeIdle();
  }

  /** Calls that were cancelled, or whose function was not found. */
  #skipDone(): void {
    while (this.#waiting[0]?.future.done() === true) this.#waiting.shift();
  }

  #startThreads(): void {
    const idle = [...this.#threads].filter((thread) => thread.load === 0).length;
    const wanted = Math.min(this.#maxWorkers, this.#threads.size + this.#waiting.length - idle);
    while (this.#threads.size < wanted && this.#broken === null) {
      const name = `${this.#prefix}_${this.#started++}`;
      this.#threads.add(new Thread(this.#owner, name, this.#grace, this.#initializer));
    }
  }

  /** Gives a thread its share of what waits, in order. */
  #feed(thread: Thread): void {
    const share = Math.ceil(this.#waiting.length / this.#threads.size);
    const batch: Call[] = [];
    while (batch.length < share) {
      this.#skipDone();
      const call = this.#waiting[0];
      if (call === undefined || call.reference === null) break;
      if (thread.load + batch.length >= this.#pace.depth(call.reference)) break;
      this.#waiting.shift();
      if (call.future.setRunningOrNotifyCancel()) batch.push(call);
    }
    if (batch.length > 0) thread.send(batch);
  }

  #onEnding(call: Call, ending: Ending): void {
    this.#pace.note(call.reference as Reference, ending.took);
    if ("value" in ending) call.future.setResult(ending.value);
    else call.endBy(unpackThrown(ending.thrown));
  }

  #onGone(thread: Thread, unbegun: readonly Call[]): void {
    this.#threads.delete(thread);
    for (const call of unbegun) call.future.takeBack();
    this.#waiting.unshift(...unbegun);
    this.#pumpSoon();
  }

  #breakDown(cause: unknown): void {
    this.#broken ??= new BrokenThreadPool(
      `a thread of ${this.#prefix} could not start: its initializer threw, or the thread itself failed`,
      { cause },
    );
    for (const call of this.#waiting.splice(0)) call.fail(this.#broken);
    for (const thread of this.#threads) thread.breakDown(this.#broken);
  }

  #closeIdle(): void {
    if (this.#waiting.length > 0) return;
    for (const thread of this.#threads) if (thread.load === 0) thread.close();
    if (this.#threads.size === 0 && !this.#ended.done()) this.#ended.setResult();
  }

  /** @internal */
  [INSPECT](): string {
    const { threads, maxWorkers, waiting, running } = this.statistics();
    const state = this.#broken !== null ? ", broken" : this.#shutDown ? ", shut down" : "";
    return `ThreadPoolExecutor { threads: ${threads.length} of ${maxWorkers}, running: ${running}, waiting: ${waiting}${state} }`;
  }
}
