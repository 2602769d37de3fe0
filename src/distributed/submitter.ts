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
import { cancellable } from "../core/cancellable.ts";
import { moveOnAfter } from "../core/cancelScope.ts";
import { createTask } from "../core/createTask.ts";
import type { Loop } from "../core/loop.ts";
import { ambient, ambientScope, getRunningLoop } from "../core/scope.ts";
import { ConcurrentFuture } from "../futures/concurrentFuture.ts";
import type { RegisteredTask } from "../futures/registered.ts";
import type { CallOptions, Settings } from "./callOptions.ts";
import { Connections } from "./connections.ts";
import { Contact, type ContactHost } from "./contact.ts";
import { CallDeadlineError, DistributedConnectionError } from "./errors.ts";
import { Keys } from "./keys.ts";
import { jobOf, type Outgoing, packCall, sendPayloads } from "./outgoing.ts";
import { askToStop, dropQueued, stop, type StopHost } from "./stopping.ts";
import { sharedId, Submission } from "./submission.ts";
import { Submissions } from "./submissions.ts";
import { Tidings } from "./tidings.ts";

/** Calls that go out in one piece. */
const BATCH = 250;
/** How long the end waits for what is being said, in milliseconds. */
const PARTING = 1000;

/** @internal */
export class Submitter implements StopHost, ContactHost {
  readonly id: string = randomBytes(9).toString("base64url");
  readonly settings: Settings;
  readonly keys: Keys;
  readonly queue: Queue;
  readonly connections: Connections;
  readonly loop: Loop = getRunningLoop();
  readonly #calls = new Submissions();
  readonly #tidings: Tidings;
  readonly #contact: Contact = new Contact(this);
  #outgoing: Outgoing[] = [];
  #flushing = false;
  #count = 0;
  #listening: Promise<unknown> | null = null;
  #closing = false;
  #ending = false;
  readonly #saying = new Set<Promise<void>>();
  /** Settled when it is closed. */
  readonly ended: ConcurrentFuture<void> = new ConcurrentFuture<void>().runsOutside();

  constructor(settings: Settings) {
    this.settings = settings;
    this.keys = new Keys(settings.prefix, settings.queue);
    // Under the runner: the driver's callbacks outlive whatever scope made the executor.
    const [connections, queue] = ambient.run(ambientScope().runner, () => {
      const connections = new Connections(settings.redis, (_, text) => this.#tidings.hear(text));
      const queue = new Queue(settings.queue, {
        connection: connections.commands,
        prefix: this.keys.prefix,
        skipVersionCheck: true,
      });
      return [connections, queue];
    });
    this.connections = connections;
    this.queue = queue;
    this.#tidings = new Tidings(this, this.#calls);
    queue.on("error", (error) => (connections.trouble = error));
    connections.watch(
      () => this.#contact.lost(),
      () => this.#onReady(),
    );
  }

  /** Calls whose outcome is not known yet. */
  get size(): number {
    return this.#calls.size;
  }

  get busy(): boolean {
    return this.#calls.calls > 0;
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
    const submission = new Submission(id, task, options, this.#calls.calls);
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
    const { future, options } = submission;
    const { loop } = this;
    this.#calls.add(submission);
    future.whenSettled(() => this.#forget(submission));
    const deadline = options.deadline ?? this.settings.deadline;
    if (deadline !== Infinity) {
      const when = loop.time() + deadline + (options.delay ?? 0);
      const tooLate = (): void => this.#tooLate(submission, deadline);
      submission.deadline = loop.schedule(when, tooLate, null);
    }
    if (!this.connections.ready) this.#contact.lost();
  }

  #forget(submission: Submission): void {
    submission.deadline?.cancel();
    submission.patience?.cancel();
    this.#calls.remove(submission);
    if (this.busy) return;
    this.#tidings.idle();
    this.#contact.idle();
    if (this.#closing) this.#endSoon();
  }

  #tooLate(submission: Submission, deadline: number): void {
    const { task } = submission;
    const where = this.connections.ready ? "" : " (Redis cannot be reached)";
    const words = `'${task.name}' gave no result within ${deadline} ms${where}`;
    submission.fail(new CallDeadlineError(words, deadline));
    if (!submission.shared) this.#track(askToStop(this, submission));
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
      submission.future.lendStopper((error) => stop(this, submission, error));
    for (let at = 0; at < outgoing.length; at += BATCH) {
      const batch = outgoing.slice(at, at + BATCH);
      const sent = ambient.run(ambientScope().runner, () => this.#send(batch));
      this.#track(sent);
      for (const { submission } of batch) submission.sent = sent;
    }
    if (outgoing.length > 0) this.#tidings.lookSoon();
  }

  async #send(batch: readonly Outgoing[]): Promise<void> {
    try {
      await (this.#listening ??= this.#listen());
      await Promise.all([this.#contact.show(), sendPayloads(this, batch)]);
      await this.queue.addBulk(batch.map((each) => jobOf(this.settings, each)));
      for (const { submission } of batch) submission.handedOver = true;
      // A call that had ended before it was submitted once more tells nobody any more.
      const shared = batch.filter(({ submission }) => submission.shared);
      if (shared.length > 0)
        void this.#tidings.lookAt(shared.map(({ submission }) => submission.id));
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

  /** Drops what waits in the queue. */
  async dropQueued(): Promise<void> {
    await dropQueued(this.queue, this.#calls.all());
  }

  onLoss(words: string): void {
    const { trouble: cause } = this.connections;
    for (const submission of this.#calls.all()) {
      const told = `'${submission.task.name}': ${words}`;
      submission.fail(new DistributedConnectionError(told, { cause }));
    }
  }

  #onReady(): void {
    if (!this.connections.ready) return;
    this.#contact.found();
    if (this.busy) void this.#tidings.look();
  }

  /** Takes no more calls; closes when those that there are have ended. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    if (!this.busy) this.#endSoon();
  }

  #endSoon(): void {
    if (this.#ending) return;
    this.#ending = true;
    ambient.run(ambientScope().runner, () =>
      createTask(() => this.#end(), { name: "executor end" }),
    );
  }

  say(saying: () => Promise<void>): void {
    ambient.run(ambientScope().runner, () => this.#track(saying()));
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
      await this.#contact.leave();
      await this.queue.close();
    } catch (error) {
      this.connections.trouble = error as Error;
    }
    await this.connections.close();
    this.#contact.end();
    if (!this.ended.done()) this.ended.setResult();
  }
}
