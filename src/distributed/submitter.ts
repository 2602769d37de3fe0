/*
 * Submitter: a program's side of the queue. Calls go out, and each comes to an end, whatever happens on the way.
 *
 * Strategy: who waits is noted before the call exists, so no outcome can come too early. Outcomes come over a channel of this
 * submitter's own, as soon as Redis has them; what was missed there (a lost connection, a worker that died between the two)
 * is found by looking at Redis now and then. Whichever comes first counts, once. Behind all of it is the call's deadline.
 * No clock but this process's own and Redis's is compared with itself, so clocks that differ do no harm.
 */
import { randomBytes } from "node:crypto";
import { Queue } from "bullmq";
import type { TimerHandle } from "../core/clock.ts";
import { cancelled } from "../core/cancellation.ts";
import { cancellable } from "../core/cancellable.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { createTask } from "../core/createTask.ts";
import type { CancelledError } from "../core/errors.ts";
import type { Loop } from "../core/loop.ts";
import { ambient, ambientScope, getRunningLoop } from "../core/scope.ts";
import { ConcurrentFuture } from "../futures/concurrentFuture.ts";
import type { ThrownParcel } from "../futures/parcel.ts";
import type { RegisteredTask } from "../futures/registered.ts";
import type { CallOptions, Settings } from "./callOptions.ts";
import { Connections } from "./connections.ts";
import { CallDeadlineError, DistributedConnectionError } from "./errors.ts";
import { Keys } from "./keys.ts";
import { lookFor } from "./looking.ts";
import type { Told } from "./messages.ts";
import { type Payload, unpack } from "./payload.ts";
import {
  jobOf,
  LONGEST_LIFE,
  type Outgoing,
  packCall,
  sendPayloads,
  throwFirst,
} from "./outgoing.ts";
import { sharedId, Submission } from "./submission.ts";

/** Calls that go out in one piece. */
const BATCH = 250;
/** Calls that are looked for at a time. */
const LOOK = 500;

/** @internal */
export class Submitter {
  readonly id: string = randomBytes(9).toString("base64url");
  readonly settings: Settings;
  readonly keys: Keys;
  readonly queue: Queue;
  readonly connections: Connections;
  readonly #loop: Loop = getRunningLoop();
  readonly #calls = new Map<string, Set<Submission>>();
  #outgoing: Outgoing[] = [];
  #flushing = false;
  #count = 0;
  #listening: Promise<unknown> | null = null;
  #closing = false;
  #ending = false;
  readonly #saying = new Set<Promise<void>>();
  /** Settled when it is closed. */
  readonly ended: ConcurrentFuture<void> = new ConcurrentFuture<void>().runsOutside();
  #loss: TimerHandle | null = null;
  #beat: TimerHandle | null = null;
  #look: TimerHandle | null = null;

  constructor(settings: Settings) {
    this.settings = settings;
    this.keys = new Keys(settings.prefix, settings.queue);
    // Under the runner: the driver's callbacks outlive whatever scope made the executor.
    const [connections, queue] = ambient.run(ambientScope().runner, () => {
      const connections = new Connections(settings.redis, (_, message) => this.#hear(message));
      const queue = new Queue(settings.queue, {
        connection: connections.commands,
        prefix: this.keys.prefix,
        skipVersionCheck: true,
      });
      return [connections, queue];
    });
    this.connections = connections;
    this.queue = queue;
    queue.on("error", (error) => (connections.trouble = error));
    connections.watch(
      () => this.#watchLoss(),
      () => this.#onReady(),
    );
  }

  /** Calls whose outcome is not known yet. */
  get size(): number {
    let size = 0;
    for (const sharers of this.#calls.values()) size += sharers.size;
    return size;
  }

  get closing(): boolean {
    return this.#closing;
  }

  submit(
    task: RegisteredTask,
    args: readonly unknown[],
    chunk: boolean,
    options: CallOptions,
  ): ConcurrentFuture<unknown> {
    const { deduplicationKey } = options;
    const id =
      deduplicationKey === undefined
        ? `${this.id}-${++this.#count}`
        : sharedId(task.name, deduplicationKey);
    const submission = new Submission(id, task, options, this.#calls.size);
    try {
      this.#outgoing.push(packCall(this, submission, args, chunk));
    } catch (error) {
      submission.fail(error);
      return submission.future;
    }
    this.#note(submission);
    this.#flushSoon();
    return submission.future;
  }

  /** Before it is sent: no outcome can come too early. */
  #note(submission: Submission): void {
    const { id, future, options } = submission;
    const sharers = this.#calls.get(id) ?? new Set();
    this.#calls.set(id, sharers.add(submission));
    future.whenSettled(() => this.#forget(submission));
    const deadline = options.deadline ?? this.settings.deadline;
    if (deadline !== Infinity) {
      const when = this.#loop.time() + deadline + (options.delay ?? 0);
      submission.deadline = this.#loop.schedule(
        when,
        () => this.#tooLate(submission, deadline),
        null,
      );
    }
    if (!this.connections.ready) this.#watchLoss();
  }

  #forget(submission: Submission): void {
    submission.deadline?.cancel();
    submission.patience?.cancel();
    const sharers = this.#calls.get(submission.id);
    sharers?.delete(submission);
    if (sharers?.size === 0) this.#calls.delete(submission.id);
    if (this.#calls.size > 0) return;
    this.#look?.cancel();
    this.#loss?.cancel();
    this.#look = this.#loss = null;
    if (this.#closing) this.#endSoon();
  }

  #tooLate(submission: Submission, deadline: number): void {
    const { task } = submission;
    const where = this.connections.ready ? "" : " (Redis cannot be reached)";
    submission.fail(
      new CallDeadlineError(
        `'${task.name}' gave no result within ${deadline} ms${where}`,
        deadline,
      ),
    );
    if (!submission.shared) this.#track(this.#askToStop(submission));
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const outgoing = this.#outgoing.filter(
      ({ submission: { future } }) => !future.done() && future.setRunningOrNotifyCancel(),
    );
    this.#outgoing = [];
    for (const { submission } of outgoing)
      submission.future.lendStopper((error) => this.#stop(submission, error));
    for (let at = 0; at < outgoing.length; at += BATCH) {
      const batch = outgoing.slice(at, at + BATCH);
      const sent = ambient.run(ambientScope().runner, () => this.#send(batch));
      this.#track(sent);
      for (const { submission } of batch) submission.sent = sent;
    }
    if (outgoing.length > 0) this.#lookSoon();
  }

  async #send(batch: readonly Outgoing[]): Promise<void> {
    try {
      await (this.#listening ??= this.#listen());
      // With each batch: a Redis that has lost its data has lost the last sign, too.
      await Promise.all([this.#showLife(), sendPayloads(this, batch)]);
      await this.queue.addBulk(batch.map((each) => jobOf(this.settings, each)));
      for (const { submission } of batch) submission.handedOver = true;
      // A call that had ended before it was submitted once more tells nobody any more.
      const shared = batch.filter(({ submission }) => submission.shared);
      if (shared.length > 0) void this.#lookAt(shared.map(({ submission }) => submission.id));
    } catch (cause) {
      this.#listening = null;
      for (const { submission } of batch) {
        const words = `'${submission.task.name}' could not be handed to Redis`;
        submission.fail(new DistributedConnectionError(words, { cause }));
      }
    }
  }

  async #listen(): Promise<void> {
    await this.connections.subscribe(this.keys.to(this.id), this.keys.toAll);
  }

  #hear(message: string): void {
    const { id, what, payload } = JSON.parse(message) as Told;
    const sharers = this.#calls.get(id);
    if (sharers === undefined) return;
    if ("key" in payload) void this.#fetch(id, what, payload);
    else this.#settle(id, what, unpack(payload, null));
  }

  async #fetch(id: string, what: Told["what"], payload: Payload & { key: string }): Promise<void> {
    try {
      const bytes = await this.connections.commands.getBuffer(payload.key);
      // It was there when it was told of: if it is not any more, looking for the call says what is the matter.
      if (bytes !== null) this.#settle(id, what, unpack(payload, bytes));
    } catch (error) {
      this.connections.trouble = error as Error;
    }
  }

  #settle(id: string, what: Told["what"], value: unknown): void {
    for (const submission of this.#calls.get(id) ?? []) {
      if (what === "result") submission.succeed(value);
      else if (what === "failure") submission.endBy(value as ThrownParcel);
      else this.#loop.guard(() => submission.options.onProgress?.(value));
    }
  }

  #lookSoon(): void {
    this.#look ??= this.#loop.schedule(
      this.#loop.time() + this.settings.pollInterval,
      () => void this.#lookAround(),
      null,
    );
  }

  /** Looks for those of which nothing was heard for longest. */
  async #lookAround(): Promise<void> {
    this.#look?.cancel();
    this.#look = null;
    if (this.#calls.size === 0) return;
    this.#lookSoon();
    if (!this.connections.ready) return;
    const ids = [...this.#calls.keys()].slice(0, LOOK);
    // Those that were looked for go to the end: next time it is the others' turn.
    for (const id of ids) {
      const sharers = this.#calls.get(id) as Set<Submission>;
      this.#calls.delete(id);
      this.#calls.set(id, sharers);
    }
    await this.#lookAt(ids);
  }

  async #lookAt(ids: readonly string[]): Promise<void> {
    const asked = ids.filter((id) => this.#calls.has(id));
    try {
      await lookFor(this.connections.commands, this.keys, asked, {
        settle: (id, what, value) => this.#settle(id, what, value),
        missing: (id, lost) => {
          for (const submission of this.#calls.get(id) ?? []) {
            // Twice in a row: the first time it may have been removed with its outcome on the way.
            if (submission.handedOver && ++submission.missing > 1) submission.fail(lost());
          }
        },
        there: (id) => {
          for (const submission of this.#calls.get(id) ?? []) submission.missing = 0;
        },
      });
    } catch (error) {
      this.connections.trouble = error as Error;
    }
  }

  #stop(submission: Submission, error: CancelledError): boolean {
    if (submission.cancelling !== null) return true;
    submission.cancelling = error;
    if (submission.shared) {
      // Others may wait for it.
      submission.future.endCancelled(error);
      return true;
    }
    submission.patience = this.#loop.schedule(
      this.#loop.time() + this.settings.cancelTimeout,
      () => submission.future.endCancelled(error),
      null,
    );
    ambient.run(ambientScope().runner, () => this.#track(this.#askToStop(submission)));
    return true;
  }

  /** Takes it out of the queue, or has its worker stop it; a flag stays for whoever takes it later. */
  async #askToStop(submission: Submission): Promise<void> {
    const { id } = submission;
    try {
      await submission.sent;
      const life = Math.min(this.settings.deadline, LONGEST_LIFE);
      const flagged = this.connections.commands
        .pipeline()
        .set(this.keys.cancel(id), "1", "PX", life)
        .publish(this.keys.cancels, id)
        .exec();
      const [results, removed] = await Promise.all([flagged, this.queue.remove(id)]);
      throwFirst(results);
      if (removed !== 1) return;
      submission.future.endCancelled(submission.cancelling ?? cancelled());
      await this.connections.commands.del(this.keys.cancel(id), this.keys.payload(id, "args"));
    } catch (error) {
      // Its patience, or its deadline, ends it.
      this.connections.trouble = error as Error;
    }
  }

  /** Drops what waits in the queue. */
  async dropQueued(): Promise<void> {
    const error = cancelled("the executor was shut down");
    const all = [...this.#calls.values()].flatMap((sharers) => [...sharers]);
    await Promise.all(
      all.map(async (submission) => {
        if (!submission.future.running()) return void submission.future.cancelWith(error);
        await submission.sent;
        if (submission.shared || (await this.queue.remove(submission.id)) !== 1) return;
        submission.future.endCancelled(error);
      }),
    );
  }

  /** Workers drop the calls of a submitter whose sign of life is gone. */
  async #showLife(): Promise<void> {
    this.#beat?.cancel();
    const life = Math.min(this.settings.lossTimeout, LONGEST_LIFE);
    if (this.ended.done()) return;
    this.#beat = this.#loop.schedule(this.#loop.time() + life / 3, () => this.#onBeat(), null);
    await this.connections.commands.set(this.keys.alive(this.id), "1", "PX", Math.ceil(life));
  }

  #onBeat(): void {
    this.#beat?.cancel();
    this.#beat = null;
    if (this.#calls.size > 0)
      this.#showLife().catch((error: Error) => (this.connections.trouble = error));
  }

  #watchLoss(): void {
    if (this.#calls.size === 0) return;
    const { lossTimeout } = this.settings;
    this.#loss ??= this.#loop.schedule(this.#loop.time() + lossTimeout, () => this.#onLoss(), null);
  }

  #onLoss(): void {
    this.#loss = null;
    if (this.connections.ready) return;
    const words = `Redis could not be reached for ${this.settings.lossTimeout} ms; calls that had been handed over may still be run`;
    for (const sharers of this.#calls.values())
      for (const submission of sharers)
        submission.fail(
          new DistributedConnectionError(`'${submission.task.name}': ${words}`, {
            cause: this.connections.trouble,
          }),
        );
  }

  #onReady(): void {
    if (!this.connections.ready) return;
    this.#loss?.cancel();
    this.#loss = null;
    if (this.#calls.size === 0) return;
    if (this.#beat !== null) this.#onBeat();
    void this.#lookAround();
  }

  /** Takes no more calls; closes when those that there are have ended. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#calls.size === 0) this.#endSoon();
  }

  #endSoon(): void {
    if (this.#ending) return;
    this.#ending = true;
    ambient.run(ambientScope().runner, () =>
      createTask(() => this.#end(), { name: "executor end" }),
    );
  }

  /** What is still being said to Redis is said before the connections are closed. */
  #track(saying: Promise<void>): void {
    this.#saying.add(saying);
    void saying.then(() => this.#saying.delete(saying));
  }

  async #end(): Promise<void> {
    try {
      if (this.connections.ready)
        await moveOnAfter(PARTING, () => cancellable(Promise.all(this.#saying)));
      if (this.connections.ready) await this.connections.commands.del(this.keys.alive(this.id));
      await this.queue.close();
    } catch (error) {
      this.connections.trouble = error as Error;
    }
    await this.connections.close();
    this.#beat?.cancel();
    if (!this.ended.done()) this.ended.setResult();
  }
}

/** How long the end waits for what is being said, in milliseconds. */
const PARTING = 1000;
