/*
 * DistributedWorker: takes calls from a queue and runs them.
 *
 * Strategy: the functions run in a pool of threads, so that this process's own thread is free to renew the locks by which
 * BullMQ knows that a call has a living worker; with a lock lost the call would be given to another. An outcome is told to
 * its submitter when Redis has it, so who hears nothing finds it there. A call that is to stop is told over a channel that
 * all workers hear, and marked by a flag that whoever takes it later sees.
 */
import { availableParallelism } from "node:os";
import { inspect } from "node:util";
import { BroadcastChannel } from "node:worker_threads";
import { type Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import type { RedisOptions } from "ioredis";
import { expectInteger, outOfRange, wrongType } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import type { TimerHandle } from "../core/clock.ts";
import { Context } from "../core/context.ts";
import { createTask } from "../core/createTask.ts";
import { CancelledError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Loop } from "../core/loop.ts";
import { ambient, ambientScope, getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { ArrivedContext } from "../futures/arrivedContext.ts";
import { Executor } from "../futures/executor.ts";
import { packThrown, type ThrownParcel } from "../futures/parcel.ts";
import type { Variables } from "../futures/protocol.ts";
import { taskNamed, taskNames, type RegisteredTask } from "../futures/registered.ts";
import { ThreadPoolExecutor } from "../futures/threadPool.ts";
import { expectQueue } from "./callOptions.ts";
import { Connections } from "./connections.ts";
import {
  type CurrentCall,
  CALL_VARIABLE,
  PROGRESS_CHANNEL,
  type ProgressWord,
} from "./currentCall.ts";
import { CallLostError, TaskVersionError, UnknownTaskError } from "./errors.ts";
import { Keys } from "./keys.ts";
import { lostBy } from "./looking.ts";
import type { CallData, Told } from "./messages.ts";
import { pack, type Payload, type PayloadLimits, unpack } from "./payload.ts";
import { RunningCall } from "./runningCall.ts";

/** How a worker is made. */
export interface DistributedWorkerOptions {
  /** Where Redis is; default port 6379 of this machine. */
  readonly redis?: string | RedisOptions;
  /** The queue whose calls it takes. Default `"default"`. */
  readonly queue?: string;
  /** What all keys in Redis begin with. Default `"ambit"`. */
  readonly prefix?: string;
  /** Calls that it runs at a time; at least 1. Default: as many as the machine runs threads at once. */
  readonly concurrency?: number;
  /**
   * Where the functions run: a pool, which is shut down with the worker, or `"inline"`, in this very thread: for functions
   * that only wait for others, for one that computes would hold up the worker. Default: a pool of `concurrency` threads.
   */
  readonly executor?: Executor | "inline";
  /** Milliseconds after which a worker of which nothing is heard counts as lost. Default 15,000. */
  readonly lockDuration?: number;
  /** How often the workers that run a call may be lost, until it is given up. Default 3. */
  readonly maxLosses?: number;
  /** No more than `max` calls begin in `duration` milliseconds, on all workers of the queue together. Default no limit. */
  readonly rateLimit?: { readonly max: number; readonly duration: number };
  /** Milliseconds between looks at what the running calls' submitters want. Default 5000. */
  readonly watchInterval?: number;
  /** The most bytes of a result. Default 32 MiB. */
  readonly maxPayload?: number;
  /** Results of more bytes lie under a key of their own. Default 64 KiB. */
  readonly inlineLimit?: number;
  /** Hears of trouble with Redis, for a log; the worker goes on by itself. */
  readonly onTrouble?: (error: Error) => void;
}

/** What `statistics()` tells. */
export interface DistributedWorkerStatistics {
  readonly connected: boolean;
  readonly running: number;
  /** Calls that have ended here, well or not. */
  readonly ended: number;
  readonly failed: number;
}

const MIB = 1_048_576;

/**
 * A worker of a queue: runs the calls of whatever program submits them there. It begins at once, and finds the functions
 * among those that `task` has named in this process.
 *
 * `await using` closes it at the end of the block.
 *
 * @example
 * ```ts no-run
 * import { DistributedWorker, task } from "ambit/distributed";
 *
 * task("math.square", (n: number) => n * n);
 * await using worker = new DistributedWorker({ executor: "inline" });
 * await worker.ready();
 * ```
 */
export class DistributedWorker implements AsyncDisposable {
  readonly #loop: Loop = getRunningLoop();
  readonly #keys: Keys;
  readonly #limits: PayloadLimits;
  readonly #watchInterval: number;
  readonly #onTrouble: (error: Error) => void;
  readonly #executor: Executor | null;
  readonly #connections: Connections;
  readonly #worker: Worker<CallData, Payload>;
  readonly #progress = new BroadcastChannel(PROGRESS_CHANNEL);
  readonly #running = new Map<string, RunningCall>();
  #watch: TimerHandle | null = null;
  #listening: Promise<unknown>;
  #ended = 0;
  #failed = 0;
  #closing: Promise<void> | null = null;

  /** @throws TypeError, RangeError when an option is not what it should be */
  constructor(options: DistributedWorkerOptions = {}) {
    const { redis = "redis://localhost:6379", queue = "default", prefix = "ambit" } = options;
    const { concurrency = availableParallelism(), lockDuration = 15_000, maxLosses = 3 } = options;
    const { watchInterval = 5000, maxPayload = 32 * MIB, inlineLimit = MIB / 16 } = options;
    expectQueue({ redis, queue, prefix });
    const numbers = { concurrency, watchInterval, maxPayload, inlineLimit };
    for (const [name, value] of Object.entries(numbers)) expectInteger(`options.${name}`, value, 1);
    expectInteger("options.lockDuration", lockDuration, 100);
    expectInteger("options.maxLosses", maxLosses, 0);
    this.#keys = new Keys(prefix, queue);
    this.#limits = { maxPayload, inlineLimit };
    this.#watchInterval = watchInterval;
    this.#onTrouble = options.onTrouble ?? ((): void => {});
    this.#executor = executorOf(options.executor, concurrency);
    const { runner } = ambientScope();
    this.#connections = ambient.run(
      runner,
      () => new Connections(redis, (_, id) => this.#onCancel(id)),
    );
    this.#listening = this.#connections.subscribe(this.#keys.cancels);
    this.#listening.catch(() => {});
    this.#connections.watch(
      () => {},
      () => void this.#lookAround(),
    );
    this.#worker = ambient.run(
      runner,
      () =>
        new Worker<CallData, Payload>(queue, (job, token) => this.#process(job, token as string), {
          connection: this.#connections.commands,
          prefix: this.#keys.prefix,
          concurrency,
          lockDuration,
          stalledInterval: Math.ceil(lockDuration / 2),
          maxStalledCount: maxLosses,
          skipVersionCheck: true,
          ...(options.rateLimit === undefined ? {} : { limiter: { ...options.rateLimit } }),
        }),
    );
    this.#worker.on("completed", (job, result) => this.#onCompleted(job, result));
    this.#worker.on("failed", (job, error) => this.#onFailed(job, error));
    this.#worker.on("error", (error) => this.#onTrouble(error));
    for (const each of [this.#connections.commands, this.#connections.listener])
      each.on("error", (error: Error) => this.#onTrouble(error));
    this.#progress.addEventListener("message", (event) =>
      this.#onProgress((event as unknown as { data: ProgressWord }).data),
    );
    (this.#progress as unknown as { unref(): void }).unref();
    this.#watchSoon();
  }

  /**
   * Waits until it takes calls.
   *
   * **Cancellation:** ends the wait; the worker goes on.
   */
  async ready(): Promise<void> {
    await this.#listening;
    await this.#worker.waitUntilReady();
  }

  /** What it is doing now. */
  statistics(): DistributedWorkerStatistics {
    return {
      connected: this.#connections.ready,
      running: this.#running.size,
      ended: this.#ended,
      failed: this.#failed,
    };
  }

  /** Each in a task of its own: the driver's code runs in none. */
  #process(job: Job<CallData>, token: string): Promise<Payload> {
    const call = new RunningCall(job, token);
    this.#running.set(call.id, call);
    const task = createTask(() => this.#perform(call), { name: `call of ${job.name}` });
    return new Promise((resolve, reject) => {
      task.addDoneCallback(() => {
        this.#running.delete(call.id);
        const error = task.exception();
        if (error === undefined) resolve(task.result());
        else reject(error instanceof Error ? error : new Error(inspect(error)));
      });
    });
  }

  async #perform(call: RunningCall): Promise<Payload> {
    try {
      const { job } = call;
      const args = await this.#begin(call);
      const task = this.#taskOf(job);
      const value = await this.#run(call, task, args);
      const key = this.#keys.payload(call.id, "result");
      return await this.#store(
        pack(value, `the result of '${job.name}'`, "result", key, this.#limits),
        job,
      );
    } catch (error) {
      throw await this.#fail(call, error);
    }
  }

  /** Whether it is wanted at all; and its arguments. */
  async #begin(call: RunningCall): Promise<readonly unknown[]> {
    const { id, job } = call;
    const { args, owned, submitter } = job.data;
    const pipeline = this.#connections.commands.pipeline().exists(this.#keys.cancel(id));
    if (owned) pipeline.exists(this.#keys.alive(submitter));
    if ("key" in args) pipeline.getBuffer(args.key);
    const answers = ((await pipeline.exec()) ?? []).map(([error, answer]) => {
      if (error !== null) throw error;
      return answer;
    });
    if (answers[0] === 1) call.stop(cancelled("the call was cancelled"));
    if (owned && answers[1] === 0) call.stop(cancelled("its submitter is gone"));
    if (call.stopped !== null) throw call.stopped;
    const bytes = "key" in args ? (answers.at(-1) as Buffer | null) : null;
    if ("key" in args && bytes === null)
      throw new CallLostError(`Redis does not have the arguments of '${job.name}' any more`);
    return unpack(args, bytes) as readonly unknown[];
  }

  #taskOf({ name, data }: Job<CallData>): RegisteredTask {
    const task = taskNamed(name);
    if (task === undefined) {
      const known = taskNames().join(", ");
      throw new UnknownTaskError(
        `the worker has no task '${name}'; it has ${known === "" ? "none" : known}: load the module that names it`,
      );
    }
    if (task.version === data.version) return task;
    throw new TaskVersionError(
      `the task '${name}' has version ${data.version} where it was submitted, and ${task.version} on the worker`,
    );
  }

  async #run(call: RunningCall, task: RegisteredTask, args: readonly unknown[]): Promise<unknown> {
    const { chunk } = call.job.data;
    const executor = this.#executor;
    const variables = variablesOf(call);
    // A pool takes them along by their names; here they must be found by them.
    const context =
      executor === null
        ? new ArrivedContext(variables)
        : new Context(new Map(variables.map(([name, value]) => [{ name }, value])));
    const options = { name: task.name, context, eager: true };
    const work = createTask(async () => {
      if (executor === null) return chunk ? each(task, args) : task.fn(...(args as never[]));
      // Of the class's own: what `map` is made of.
      if (chunk) return executor["submitChunk"](task.fn, args);
      return executor.submit(task.fn as (...args: unknown[]) => unknown, ...args);
    }, options);
    call.work = work;
    if (call.stopped !== null) work.cancelWith(call.stopped);
    return await work;
  }

  /** Puts what is large under its key. */
  async #store(
    { payload, bytes }: { payload: Payload; bytes: Buffer | null },
    job: Job<CallData>,
  ): Promise<Payload> {
    if (bytes !== null && "key" in payload)
      await this.#connections.commands.set(payload.key, bytes, "PX", job.data.keep);
    return payload;
  }

  /** What BullMQ is told of a failure; who waits is told all of it. */
  async #fail(call: RunningCall, error: unknown): Promise<Error> {
    const { id, job } = call;
    if (call.givenBack) {
      await job.moveToWait(call.token);
      return new WaitingError();
    }
    const final = error instanceof CancelledError || isOurs(error);
    call.failure = packThrown(error);
    if (final || call.last) {
      const text = JSON.stringify(await this.#storeFailure(id, job, call.failure));
      await this.#connections.commands.set(this.#keys.failure(id), text, "PX", job.data.keep);
    }
    const told = final ? new UnrecoverableError() : new Error();
    told.message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    if (error instanceof Error && error.stack !== undefined) told.stack = error.stack;
    return told;
  }

  async #storeFailure(id: string, job: Job<CallData>, failure: ThrownParcel): Promise<Payload> {
    const what = `what '${job.name}' threw`;
    const key = this.#keys.payload(id, "failure");
    try {
      return await this.#store(pack(failure, what, "error", key, this.#limits), job);
    } catch (error) {
      return pack(packThrown(error), what, "error", key, this.#limits).payload;
    }
  }

  #onCompleted(job: Job<CallData>, payload: Payload): void {
    this.#ended++;
    this.#tell(job, { id: job.id as string, what: "result", payload });
  }

  #onFailed(job: Job<CallData> | undefined, error: Error): void {
    this.#ended++;
    this.#failed++;
    if (job?.finishedOn === undefined) return;
    void this.#tellFailure(job, error).catch((trouble: Error) => this.#onTrouble(trouble));
  }

  async #tellFailure(job: Job<CallData>, error: Error): Promise<void> {
    const id = job.id as string;
    const text = await this.#connections.commands.get(this.#keys.failure(id));
    // BullMQ itself has given it up.
    const payload =
      text === null
        ? await this.#storeFailure(id, job, packThrown(lostBy(error.message)))
        : (JSON.parse(text) as Payload);
    this.#tell(job, { id, what: "failure", payload });
  }

  #tell({ data }: Job<CallData>, told: Told): void {
    const channel = data.shared ? this.#keys.toAll : this.#keys.to(data.submitter);
    this.#connections.commands
      .publish(channel, JSON.stringify(told))
      .catch((error: Error) => this.#onTrouble(error));
  }

  #onProgress({ id, value }: ProgressWord): void {
    const call = this.#running.get(id);
    if (call === undefined) return;
    const { payload } = pack(value, "progress", "value", "", {
      inlineLimit: Infinity,
      maxPayload: Infinity,
    });
    this.#tell(call.job, { id, what: "progress", payload });
  }

  #onCancel(id: string): void {
    this.#running.get(id)?.stop(cancelled("the call was cancelled"));
  }

  #watchSoon(): void {
    this.#watch = this.#loop.schedule(
      this.#loop.time() + this.#watchInterval,
      () => {
        this.#watchSoon();
        void this.#lookAround();
      },
      null,
    );
  }

  /** What was not heard: calls that are to stop, submitters that are gone. */
  async #lookAround(): Promise<void> {
    const calls = [...this.#running.values()];
    if (calls.length === 0 || !this.#connections.ready) return;
    try {
      const pipeline = this.#connections.commands.pipeline();
      for (const { id, job } of calls)
        pipeline.exists(this.#keys.cancel(id)).exists(this.#keys.alive(job.data.submitter));
      const answers = (await pipeline.exec()) ?? [];
      for (const [at, call] of calls.entries()) {
        if (answers[2 * at]?.[1] === 1) call.stop(cancelled("the call was cancelled"));
        // Twice in a row: after a Redis that has lost its data, its submitter shows itself again.
        call.alone = answers[2 * at + 1]?.[1] === 0 ? call.alone + 1 : 0;
        if (call.job.data.owned && call.alone > 1) call.stop(cancelled("its submitter is gone"));
      }
    } catch (error) {
      this.#onTrouble(error as Error);
    }
  }

  /**
   * Takes no more calls, lets those that run end, and closes the connections. What has not ended within `grace` ms is
   * stopped, and goes back to the queue, for other workers.
   *
   * **Cancellation:** it is done to its end.
   *
   * @param grace milliseconds; default Infinity
   */
  close(grace: number = Infinity): Promise<void> {
    this.#closing ??= protect(() => this.#end(grace));
    return this.#closing;
  }

  async #end(grace: number): Promise<void> {
    const closing = this.#worker.close();
    if (grace !== Infinity) {
      const { cancelledCaught } = await moveOnAfter(grace, () => closing);
      if (cancelledCaught) this.#giveBack();
    }
    await closing;
    this.#watch?.cancel();
    this.#progress.close();
    await this.#executor?.shutdown();
    await this.#connections.close();
  }

  #giveBack(): void {
    for (const call of this.#running.values()) {
      call.givenBack = true;
      call.stop(cancelled("the worker is closing"));
    }
  }

  /** As {@link DistributedWorker.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const { running, ended } = this.statistics();
    return `DistributedWorker { queue: "${this.#keys.queue}", running: ${running}, ended: ${ended} }`;
  }
}

function executorOf(executor: unknown, concurrency: number): Executor | null {
  if (executor === "inline") return null;
  if (executor === undefined) return new ThreadPoolExecutor({ maxWorkers: concurrency });
  if (executor instanceof Executor) return executor;
  throw typeof executor === "string"
    ? outOfRange("options.executor", '"inline" or an Executor', executor)
    : wrongType("options.executor", '"inline" or an Executor', executor);
}

/** What the call brings along, and what it can learn of itself. */
function variablesOf({ id, job }: RunningCall): Variables {
  const { variables, key } = job.data;
  const current: CurrentCall = {
    id,
    name: job.name,
    attempt: job.attemptsMade + 1,
    idempotencyKey: key,
  };
  const arrived = variables === null ? [] : (unpack(variables, null) as Variables);
  return [...arrived, [CALL_VARIABLE, current]];
}

/** The calls of a chunk, one after the other. */
async function each({ fn }: RegisteredTask, items: readonly unknown[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const item of items) results.push(await fn(item as never));
  return results;
}

/** Trying again would not help. */
function isOurs(error: unknown): boolean {
  return (
    error instanceof UnknownTaskError ||
    error instanceof TaskVersionError ||
    error instanceof CallLostError
  );
}
