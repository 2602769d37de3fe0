/*
 * DistributedWorker: takes calls from a queue and runs them.
 *
 * Strategy: the functions run in a pool of threads, so that this process's own thread is free to renew the locks by which
 * BullMQ knows that a call has a living worker; with a lock lost the call would be given to another. How a call is run is
 * in callRunner.ts, what becomes of its outcome in outcomes.ts, and how it is stopped in wishes.ts.
 */
import { type Job, WaitingError, type Worker } from "bullmq";
import { cancelled } from "../core/cancellation.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { createTask } from "../core/createTask.ts";
import { INSPECT } from "../core/inspection.ts";
import { ambient, ambientScope } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import type { Executor } from "../futures/executor.ts";
import { packThrown } from "../futures/parcel.ts";
import { CallRunner } from "./callRunner.ts";
import { Connections } from "./connections.ts";
import { Keys } from "./keys.ts";
import { LockRenewal } from "./lockRenewal.ts";
import type { CallData } from "./messages.ts";
import { inShort, isFinal, Outcomes } from "./outcomes.ts";
import type { Payload } from "./payload.ts";
import { Presence } from "./presence.ts";
import { hearProgress, type ProgressWord } from "./progress.ts";
import { takeCalls } from "./queueEnds.ts";
import { RunningCall } from "./runningCall.ts";
import { Wishes } from "./wishes.ts";
import { type DistributedWorkerOptions, workerSettings } from "./workerOptions.ts";

/** What `statistics()` tells. */
export interface DistributedWorkerStatistics {
  readonly connected: boolean;
  readonly running: number;
  /** Calls that have ended here, well or not. */
  readonly ended: number;
  readonly failed: number;
}

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
  readonly #keys: Keys;
  readonly #executor: Executor | null;
  readonly #connections: Connections;
  readonly #worker: Worker<CallData, Payload>;
  readonly #runner: CallRunner;
  readonly #outcomes: Outcomes;
  readonly #wishes: Wishes;
  readonly #locks: LockRenewal;
  readonly #presence: Presence;
  readonly #unhear: () => void;
  readonly #running = new Map<string, RunningCall>();
  readonly #listening: Promise<unknown>;
  #ended = 0;
  #failed = 0;
  #closing: Promise<void> | null = null;

  /** @throws TypeError, RangeError when an option is not what it should be */
  constructor(options: DistributedWorkerOptions = {}) {
    const settings = workerSettings(options);
    const { redis, queue, prefix, executor, limits, onTrouble } = settings;
    const keys = new Keys(prefix, queue);
    const { runner } = ambientScope();
    const connections = ambient.run(
      runner,
      () => new Connections(redis, (_, id) => this.#wishes.heard(id), onTrouble),
    );
    const { commands } = connections;
    this.#keys = keys;
    this.#executor = executor;
    this.#connections = connections;
    this.#runner = new CallRunner(commands, keys, executor);
    this.#outcomes = new Outcomes(commands, keys, limits, onTrouble);
    const worker = ambient.run(runner, () =>
      takeCalls(connections, keys, settings, (job, token) => this.#process(job, token)),
    );
    this.#worker = worker;
    const { id } = worker;
    const host = { id, keys, connections, running: this.#running, onTrouble, worker };
    this.#wishes = new Wishes(host, settings.watchInterval);
    this.#locks = new LockRenewal(host, settings.lockDuration);
    this.#presence = new Presence(host);
    this.#presence.show();
    this.#listening = connections.subscribe(keys.cancels);
    this.#listening.catch(() => {});
    connections.watch(
      () => {},
      () => this.#onReady(),
    );
    this.#hear(onTrouble);
    this.#unhear = hearProgress((word) => this.#onProgress(word));
  }

  /** What was not heard, or not said, while Redis was out of reach. */
  #onReady(): void {
    this.#presence.show();
    void this.#locks.renew();
    void this.#wishes.look();
  }

  #hear(onTrouble: (error: Error) => void): void {
    this.#worker.on("completed", (job, result) => this.#onCompleted(job, result));
    this.#worker.on("failed", (job, error) => this.#onFailed(job, error));
    this.#worker.on("error", onTrouble);
    for (const each of [this.#connections.commands, this.#connections.listener])
      each.on("error", onTrouble);
  }

  /**
   * Waits until it takes calls.
   *
   * **Cancellation:** ends the wait; the worker goes on.
   */
  async ready(): Promise<void> {
    await this.#listening;
    await this.#worker.waitUntilReady();
    await this.#presence.shown();
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
    return new Promise((resolve, reject) => {
      const body = (): Promise<void> =>
        this.#perform(call)
          .finally(() => this.#running.delete(call.id))
          .then(resolve, reject);
      // Begun at once: nothing can keep it from telling how it ended.
      createTask(body, { name: `call of ${job.name}`, eager: true });
    });
  }

  async #perform(call: RunningCall): Promise<Payload> {
    try {
      const value = await this.#runner.run(call);
      return await this.#outcomes.keepResult(call.job, value);
    } catch (error) {
      throw await this.#fail(call, error);
    }
  }

  /** What BullMQ is told of a failure; who waits is told all of it. */
  async #fail(call: RunningCall, error: unknown): Promise<Error> {
    const { job } = call;
    if (call.givenBack) {
      await job.moveToWait(call.token);
      return new WaitingError();
    }
    const final = isFinal(error);
    call.failure = packThrown(error);
    if (final || call.last) await this.#outcomes.keepFailure(job, call.failure);
    return inShort(error, final);
  }

  #onCompleted(job: Job<CallData>, payload: Payload): void {
    this.#ended++;
    this.#outcomes.tellResult(job, payload);
  }

  #onFailed(job: Job<CallData> | undefined, error: Error): void {
    this.#ended++;
    this.#failed++;
    if (job?.finishedOn !== undefined) this.#outcomes.tellFailure(job, error.message);
  }

  #onProgress({ id, value }: ProgressWord): void {
    const call = this.#running.get(id);
    if (call !== undefined) this.#outcomes.tellProgress(call.job, value);
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
    this.#wishes.end();
    this.#locks.end();
    this.#unhear();
    await this.#executor?.shutdown();
    await this.#presence.leave();
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
