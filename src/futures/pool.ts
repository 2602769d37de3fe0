/*
 * Pool: the engine of the executors that have workers, threads or processes.
 *
 * Strategy: first come, first served. Calls of one microtask go out together. A worker is given one call at a time, and
 * more ahead only of functions that are known to be quick: their calls cost less than a message does, and nobody waits
 * long behind one. A worker is started when a call finds none idle, up to the maximum.
 */
import { inspect } from "node:util";
import { expectFunction } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { shield } from "../core/shield.ts";
import { RingBuffer } from "../queues/ringBuffer.ts";
import { Call, type Driver } from "./call.ts";
import { ConcurrentFuture } from "./concurrentFuture.ts";
import { type BrokenExecutor, ExecutorShutdownError } from "./errors.ts";
import { classesFound } from "./errorClasses.ts";
import type { CallOptions, ExecutorShutdownOptions } from "./executor.ts";
import type { Link } from "./link.ts";
import type { Medium } from "./medium.ts";
import { Pace } from "./pace.ts";
import { PoolWorker, type PoolWorkerOwner, type PoolWorkerPlan } from "./poolWorker.ts";
import { processIsEnding } from "./processEnd.ts";
import type { Ending } from "./protocol.ts";
import type { Callable, Reference } from "./reference.ts";
import type { ResultStream } from "./resultStream.ts";

/** So many workers in a row may be lost before they are ready. */
const STILLBORN = 10;

/** What makes a pool one of threads or of processes. @internal */
export interface PoolPlan<L extends Link> extends PoolWorkerPlan<L> {
  /** The executor itself, for error messages. */
  readonly executor: object;
  readonly maxWorkers: number;
  /** Whether its workers can be heard while the loop stands still. */
  readonly drives: boolean;
  /** Of its workers' names. */
  readonly prefix: string;
  readonly medium: Medium;
  /** Idle workers beyond so many are ended. */
  readonly minWorkers: number;
  /** The error of a pool that is broken. */
  breakage(cause: unknown): BrokenExecutor;
}

const DEFAULTS: CallOptions = {};
/** Items of a stream ahead of its reader. */
const BUFFER = 64;
/** How long a worker may take to tell its tree of tasks, in milliseconds. */
const TREE_PATIENCE = 200;

/** @internal */
export class Pool<L extends Link> implements Driver {
  readonly #plan: PoolPlan<L>;
  readonly #workers = new Set<PoolWorker<L>>();
  readonly #waiting = new RingBuffer<Call>();
  readonly #pace = new Pace();
  readonly #owner: PoolWorkerOwner<L>;
  #started = 0;
  #pumping = false;
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
      ended: (call, ending) => this.#onEnding(call, ending),
      free: () => this.#pumpSoon(),
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
    options: CallOptions = DEFAULTS,
  ): ConcurrentFuture<unknown> {
    return this.#takeOn(this.#call(fn, args, chunk, options), fn).future;
  }

  stream(
    fn: Callable,
    args: readonly unknown[],
    options: CallOptions = DEFAULTS,
  ): ResultStream<unknown> {
    const call = this.#call(fn, args, false, options);
    const stream = call.streams(options.bufferSize ?? BUFFER);
    this.#takeOn(call, fn);
    return stream;
  }

  #call(fn: Callable, args: readonly unknown[], chunk: boolean, options: CallOptions): Call {
    expectFunction("fn", fn);
    this.#mustBeOpen();
    const call = new Call(args, chunk, this.#plan.medium);
    if (options.abandonOnCancel === true) call.abandonable();
    return call;
  }

  #takeOn(call: Call, fn: Callable): Call {
    if (this.#plan.drives) call.driver = this;
    call.locate(fn, () => this.#pumpSoon());
    this.#waiting.push(call);
    this.#pumpSoon();
    return call;
  }

  #mustBeOpen(): void {
    if (this.#broken !== null) throw this.#broken;
    const { executor } = this.#plan;
    if (this.#shutDown) {
      throw new ExecutorShutdownError(
        `submit to ${inspect(executor)}: it takes no calls after shutdown`,
      );
    }
    if (processIsEnding()) {
      throw new ExecutorShutdownError(`submit to ${inspect(executor)} while the process is ending`);
    }
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
    if (options.cancelFutures === true) {
      const error = cancelled("the executor was shut down");
      for (const call of this.#waiting) call.future.cancelWith(error);
    }
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
  async taskTrees(): Promise<string> {
    const parts = Array.from(this.#workers, async (worker) => {
      const tree = await worker.taskTree(TREE_PATIENCE);
      const lines = tree ?? `└─ ${worker.runs ?? "(starting)"}  computes, and does not answer`;
      return `${worker.name}\n${lines}`;
    });
    const trees = await Promise.all(parts);
    return trees.length === 0 ? "(no workers)" : trees.join("\n");
  }

  /** Calls that wait for a worker. */
  get waiting(): number {
    return [...this.#waiting].filter((call) => !call.future.done()).length;
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

  /** Calls of one microtask go out together. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => this.#pump());
  }

  #pump(): void {
    this.#pumping = false;
    this.#skipDone();
    this.#startWorkers();
    for (const worker of this.#workers) this.#feed(worker);
    if (this.#shutDown) this.#closeIdle();
  }

  /** Calls that were cancelled, or whose function was not found. */
  #skipDone(): void {
    while (this.#waiting.first?.future.done() === true) this.#waiting.take();
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
      this.#skipDone();
      const call = this.#waiting.first;
      if (call === undefined || call.reference === null) break;
      if (batch.length >= worker.room(this.#pace.depth(call.reference))) break;
      this.#waiting.take();
      if (call.future.setRunningOrNotifyCancel()) batch.push(call);
    }
    if (batch.length > 0) worker.send(batch);
  }

  #onEnding(call: Call, ending: Ending): void {
    this.#pace.note(call.reference as Reference, ending.took);
    call.conclude(ending);
  }

  #onGone(worker: PoolWorker<L>, unbegun: readonly Call[]): void {
    this.#workers.delete(worker);
    if (this.#abandoned) {
      const error = cancelled("the executor's processes were ended");
      for (const call of unbegun) call.future.endCancelled(error);
      return this.#pumpSoon();
    }
    for (const call of unbegun) call.future.takeBack();
    for (const call of unbegun.toReversed()) this.#waiting.putBack(call);
    if (worker.wasReady) this.#stillborn = 0;
    else if (worker.lost && ++this.#stillborn >= STILLBORN)
      this.#breakDown(new Error(`${STILLBORN} in a row ended before they were ready`));
    this.#pumpSoon();
  }

  #breakDown(cause: unknown): void {
    const broken = (this.#broken ??= this.#plan.breakage(cause));
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const call of waiting) call.fail(broken);
    for (const worker of this.#workers) worker.breakDown(broken);
  }

  #closeIdle(): void {
    if (this.#waiting.size > 0) return;
    for (const worker of this.#workers) if (worker.load === 0) worker.close();
    if (this.#workers.size === 0 && !this.#ended.done()) this.#ended.setResult();
  }
}
