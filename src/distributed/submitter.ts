/*
 * Submitter: a program's side of the queue. Calls go out, and each comes to an end, whatever happens on the way.
 *
 * Strategy: who waits is noted before the call exists, so no outcome can come too early. Outcomes come over a channel of this
 * submitter's own, as soon as Redis has them; what was missed there (a lost connection, a worker that died between the two)
 * is found by looking at Redis now and then. Whichever comes first counts, once. Behind all of it is the call's deadline.
 * Deadlines are judged by the loop's clock, and all that stands in Redis by Redis's own: no machine's clock is asked.
 */
import { randomBytes } from "node:crypto";
import type { Queue } from "bullmq";
import { createTask } from "../core/createTask.ts";
import type { Loop } from "../core/loop.ts";
import { ambient, ambientScope, getRunningLoop } from "../core/scope.ts";
import { ConcurrentFuture } from "../futures/concurrentFuture.ts";
import type { RegisteredTask } from "../futures/registered.ts";
import { Attendance, type AttendanceHost } from "./attendance.ts";
import type { CallOptions, Settings } from "./callOptions.ts";
import { Connections } from "./connections.ts";
import { Contact, type ContactHost } from "./contact.ts";
import { failLate, failRefused, failUnattended, failUnreached } from "./failing.ts";
import { Keys } from "./keys.ts";
import { enqueue, type Outgoing, packCall } from "./outgoing.ts";
import { openQueue } from "./queueEnds.ts";
import { askQueue, type QueueStatistics } from "./queueStatistics.ts";
import { Sayings } from "./sayings.ts";
import { dropQueued, stop, type StopHost } from "./stopping.ts";
import { sharedId, Submission } from "./submission.ts";
import { Submissions } from "./submissions.ts";
import { Tidings } from "./tidings.ts";

/** Calls that go out in one piece. */
const BATCH = 250;

/** @internal */
export class Submitter implements StopHost, ContactHost, AttendanceHost {
  readonly id: string = randomBytes(9).toString("base64url");
  readonly settings: Settings;
  readonly keys: Keys;
  readonly queue: Queue;
  readonly connections: Connections;
  readonly loop: Loop = getRunningLoop();
  readonly #calls = new Submissions();
  readonly #tidings: Tidings;
  readonly #contact: Contact = new Contact(this);
  readonly #attendance: Attendance;
  #outgoing: Outgoing[] = [];
  #flushing = false;
  #count = 0;
  #listening: Promise<unknown> | null = null;
  #closing = false;
  #ending = false;
  readonly #sayings = new Sayings(() => this.#holdProcess());
  /** Settled when it is closed. */
  readonly ended: ConcurrentFuture<void> = new ConcurrentFuture<void>().runsOutside();

  constructor(settings: Settings) {
    this.settings = settings;
    this.#attendance = new Attendance(this);
    this.keys = new Keys(settings.prefix, settings.queue);
    // Under the runner: the driver's callbacks outlive whatever scope made the executor.
    const [connections, queue] = ambient.run(ambientScope().runner, () => {
      const connections = new Connections(settings.redis, (_, text) => this.#tidings.hear(text));
      return [connections, openQueue(connections, this.keys)];
    });
    this.connections = connections;
    this.queue = queue;
    this.#tidings = new Tidings(this, this.#calls);
    queue.on("error", (error) => (connections.trouble = error));
    connections.watch(
      () => this.#contact.lost(),
      () => this.#onReady(),
    );
    this.#holdProcess();
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
    const { loop } = this;
    const { future, options } = submission;
    this.#calls.add(submission);
    this.#holdProcess();
    future.whenSettled(() => this.#forget(submission));
    const deadline = options.deadline ?? this.settings.deadline;
    if (deadline !== Infinity) {
      const when = loop.time() + deadline + (options.delay ?? 0);
      const tooLate = (): void => failLate(this, submission, deadline);
      submission.deadline = loop.schedule(when, tooLate, null);
    }
    if (!this.connections.ready) this.#contact.lost();
    this.#attendance.watch();
  }

  #forget(submission: Submission): void {
    submission.deadline?.cancel();
    submission.patience?.cancel();
    this.#calls.remove(submission);
    if (this.busy) return;
    this.#tidings.idle();
    this.#contact.idle();
    this.#attendance.idle();
    this.#holdProcess();
    if (this.#closing) this.#endSoon();
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
      this.#sayings.add(sent);
      for (const { submission } of batch) submission.sent = sent;
    }
    if (outgoing.length > 0) this.#tidings.lookSoon();
  }

  async #send(batch: readonly Outgoing[]): Promise<void> {
    try {
      await (this.#listening ??= this.#listen());
      // On one connection: Redis has the sign of life before it has the calls, though nobody waits for that.
      await Promise.all([this.#contact.show(), enqueue(this.queue, this, batch)]);
      for (const { submission } of batch) submission.handedOver = true;
      // A call that had ended before it was submitted once more tells nobody any more.
      const shared = batch.filter(({ submission }) => submission.shared);
      if (shared.length > 0)
        void this.#tidings.lookAt(shared.map(({ submission }) => submission.id));
    } catch (cause) {
      this.#listening = null;
      failRefused(batch, cause);
    }
  }

  async #listen(): Promise<void> {
    const { connections, keys } = this;
    await Promise.all([
      connections.subscribe(keys.to(this.id), keys.toAll),
      connections.clock.known(),
    ]);
  }

  /** Drops what waits in the queue. */
  async dropQueued(): Promise<void> {
    await dropQueued(this.queue, this.#calls.all());
  }

  onLoss(words: string): void {
    failUnreached(this, this.#calls.all(), words);
  }

  onAbsence(words: string): void {
    failUnattended(this, this.#calls.all(), words);
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
    this.#holdProcess();
    ambient.run(ambientScope().runner, () =>
      createTask(() => this.#end(), { name: "executor end" }),
    );
  }

  say(saying: () => Promise<void>): void {
    ambient.run(ambientScope().runner, () => this.#sayings.add(saying()));
  }

  queueStatistics(): Promise<QueueStatistics> {
    const asking = askQueue(this.queue, this, this.loop);
    this.#sayings.add(asking);
    return asking;
  }

  /** Only who has something to wait for, or is being closed, keeps the process alive. */
  #holdProcess(): void {
    this.connections.keepAlive = this.busy || this.#sayings.some || this.#ending;
  }

  async #end(): Promise<void> {
    try {
      if (this.connections.ready) await this.#sayings.over();
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
