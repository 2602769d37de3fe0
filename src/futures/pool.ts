/*
 * Pool: the engine of the executors that have workers, threads or processes.
 *
 * Strategy: first come, first served. A worker is given one call at a time, and more ahead only of functions that are known to be quick: their calls cost less than a message does, and nobody waits
 * long behind one. A worker is started when a call finds none idle, up to the maximum.
 */
import { inspect } from "node:util";
import { expectFunction } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { shield } from "../core/shield.ts";
import { Call } from "./call.ts";
import type { Driver } from "./callFuture.ts";
import { ConcurrentFuture } from "./concurrentFuture.ts";
import { tellStarted } from "./diagnostics.ts";
import { type BrokenExecutor, ExecutorShutdownError } from "./errors.ts";
import { classesFound } from "./errorClasses.ts";
import type { CallOptions, ExecutorShutdownOptions } from "./executor.ts";
import type { Link } from "./link.ts";
import { Pace } from "./pace.ts";
import { PoolWorker } from "./poolWorker.ts";
import type { PoolPlan } from "./poolPlan.ts";
import type { PoolWorkerOwner } from "./poolWorkerPlan.ts";
import { processIsEnding } from "./processEnd.ts";
import type { Ending } from "./protocol.ts";
import { Pumping } from "./pumping.ts";
import type { Callable, Reference } from "./reference.ts";
import type { ResultStream } from "./resultStream.ts";
import { WaitingCalls } from "./waitingCalls.ts";
import { treesOf } from "./workerTrees.ts";

/** So many workers in a row may be lost before they are ready. */
const STILLBORN = 10;

/** Items of a stream ahead of its reader. */
const BUFFER = 64;

/** @internal */
export class Pool<L extends Link> implements Driver {
  readonly #plan: PoolPlan<L>;
  readonly #workers = new Set<PoolWorker<L>>();
  readonly #waiting = new WaitingCalls();
  readonly #pace = new Pace();
  readonly #owner: PoolWorkerOwner<PoolWorker<L>>;
  readonly #pumping = new Pumping(
    () => this.#pump(),
    () => this.#isBusy(),
  );
  readonly #found = (): void => this.#pumping.wake();
  #started = 0;
  #shutDown = false;
  #abandoned = false;
  /** How many workers in a row have ended before they were ready, without anybody's doing here. */
  #stillborn = 0;
  #broken: BrokenExecutor | null = null;
  /** After a shutdown: settled when the last worker has ended. */
  readonly #ended = new ConcurrentFuture<void>().runsOutside();

  constructor(plan: PoolPlan<L>) {
    this.#plan = plan;
    this.#owner = {
      ended: (call, ending, byItself) => this.#onEnding(call, ending, byItself),
      lost: (call) => this.#pace.forget(call.reference as Reference),
      free: this.#found,
      broken: (cause) => this.#breakDown(cause),
      gone: (worker, unbegun) => this.#onGone(worker, unbegun),
      idle: (worker) => {
        if (this.#workers.size > this.#plan.minWorkers && !this.#shutDown) worker.close();
      },
    };
  }

  /** @param chunk whether the arguments are items, each for a call of its own */
  submit(
    fn: Callable,
    args: readonly unknown[],
    chunk: boolean,
    options: CallOptions,
  ): ConcurrentFuture<unknown> {
    return this.#takeOn(this.#call(fn, args, chunk, options), fn).future;
  }

  stream(fn: Callable, args: readonly unknown[], options: CallOptions): ResultStream<unknown> {
    const call = this.#call(fn, args, false, options);
    const stream = call.streams(options.bufferSize ?? BUFFER);
    this.#takeOn(call, fn);
    return stream;
  }

  #call(fn: Callable, args: readonly unknown[], chunk: boolean, options: CallOptions): Call {
    expectFunction("fn", fn);
    this.#mustBeOpen();
    const event = tellStarted(fn, chunk ? args.length : 1, this.#plan);
    const call = new Call(args, chunk, this.#plan.medium, event);
    if (options.abandonOnCancel === true) call.abandonable();
    return call;
  }

  #takeOn(call: Call, fn: Callable): Call {
    if (this.#plan.drives) call.driver = this;
    call.locate(fn, this.#found);
    this.#waiting.add(call);
    this.#found();
    return call;
  }

  #mustBeOpen(): void {
    if (this.#broken !== null) throw this.#broken;
    const late = processIsEnding() ? " while the process is ending" : null;
    const why = this.#shutDown ? ": it takes no calls after shutdown" : late;
    if (why !== null) throw new ExecutorShutdownError(`submit to ${inspect(this.executor)}${why}`);
  }

  /** Shuts it down and ends its workers at once; what they have begun fails with `fate`. Fulfilled when they have ended. */
  async abandon(signal: NodeJS.Signals, fate: Error): Promise<void> {
    this.#abandoned = true;
    const down = this.shutdown({ cancelFutures: true });
    for (const worker of this.#workers) worker.abandon(signal, fate);
    await down;
  }

  async shutdown(options: ExecutorShutdownOptions): Promise<void> {
    this.#shutDown = true;
    if (options.cancelFutures === true)
      this.#waiting.cancel(cancelled("the executor was shut down"));
    this.#pump();
    // Shielded: who is cancelled here stops waiting, and the workers end all the same.
    if (!(options.wait ?? true)) return;
    await shield(this.#ended);
    await classesFound();
  }

  /** @internal */
  get hindrance(): string | null {
    for (const worker of this.#workers)
      if (worker.initializes)
        return "the initializer of its pool must be looked for; name it with task(…), or await the call";
    return null;
  }

  /** @internal */
  progress(): void {
    this.#pump();
    for (const worker of this.#workers) worker.link.hear?.();
  }

  /** Whose pool it is. */
  get executor(): object {
    return this.#plan.executor;
  }

  get workers(): ReadonlySet<PoolWorker<L>> {
    return this.#workers;
  }

  /** What each worker's tasks wait for. */
  taskTrees(): Promise<string> {
    return treesOf(this.#workers);
  }

  /** Calls that wait for a worker. */
  get waiting(): number {
    return this.#waiting.count;
  }

  /** Calls that a worker has been given. */
  get running(): number {
    return [...this.#workers].reduce((sum, worker) => sum + worker.load, 0);
  }

  /** `threads: 1 of 2, running: 1, waiting: 0`. */
  describe(workers: string): string {
    const state = this.#broken !== null ? ", broken" : this.#shutDown ? ", shut down" : "";
    return `${workers}: ${this.#workers.size} of ${this.#plan.maxWorkers}, running: ${this.running}, waiting: ${this.waiting}${state}`;
  }

  #isBusy(): boolean {
    if (this.#shutDown || this.#workers.size < this.#plan.maxWorkers) return false;
    return [...this.#workers].every(({ load }) => load > 0);
  }

  #pump(): void {
    this.#waiting.skipDone();
    this.#startWorkers();
    // Who has least to do comes first: a single call must not go behind others while somebody has none.
    for (const worker of [...this.#workers].sort((a, b) => a.load - b.load)) this.#feed(worker);
    if (this.#shutDown) this.#closeIdle();
  }

  #startWorkers(): void {
    const { maxWorkers, minWorkers } = this.#plan;
    const idle = [...this.#workers].filter((worker) => worker.idle).length;
    const needed = this.#workers.size + this.#waiting.size - idle;
    const wanted = Math.min(maxWorkers, this.#shutDown ? needed : Math.max(needed, minWorkers));
    while (this.#workers.size < wanted && this.#broken === null) this.#startWorker();
  }

  #startWorker(): void {
    const name = `${this.#plan.prefix}_${this.#started++}`;
    try {
      this.#workers.add(new PoolWorker(this.#owner, name, this.#plan));
    } catch (cause) {
      this.#breakDown(cause);
    }
  }

  /** Gives a worker its share of what waits, in order. */
  #feed(worker: PoolWorker<L>): void {
    const share = Math.ceil(this.#waiting.size / this.#workers.size);
    const batch: Call[] = [];
    while (batch.length < share) {
      const call = this.#waiting.next;
      if (call === null) break;
      if (batch.length >= worker.room(this.#pace.depth(call.reference as Reference))) break;
      this.#waiting.take();
      if (call.future.setRunningOrNotifyCancel()) batch.push(call);
    }
    if (batch.length > 0) worker.send(batch);
  }

  #onEnding(call: Call, ending: Ending, byItself: boolean): void {
    if (byItself) this.#pace.note(call.reference as Reference, ending.took);
    call.conclude(ending);
  }

  #onGone(worker: PoolWorker<L>, unbegun: readonly Call[]): void {
    this.#workers.delete(worker);
    if (this.#abandoned) {
      const error = cancelled("the executor's processes were ended");
      for (const call of unbegun) call.future.endCancelled(error);
      return this.#found();
    }
    this.#waiting.putBack(unbegun);
    if (worker.wasReady) this.#stillborn = 0;
    else if (worker.lost && ++this.#stillborn >= STILLBORN)
      this.#breakDown(new Error(`${STILLBORN} in a row ended before they were ready`));
    this.#found();
  }

  #breakDown(cause: unknown): void {
    const broken = (this.#broken ??= this.#plan.breakage(cause));
    this.#waiting.fail(broken);
    for (const worker of this.#workers) worker.breakDown(broken);
  }

  #closeIdle(): void {
    if (this.#waiting.size > 0) return;
    for (const worker of this.#workers) if (worker.load === 0) worker.close();
    if (this.#workers.size === 0 && !this.#ended.done()) this.#ended.setResult();
  }
}
