/*
 * BatchReporter: sends spans over HTTP, many at a time.
 *
 * Strategy: `report` writes a span into the newest batch and returns; one task sends. It wakes when a batch is full, or a
 * while after the first span came. What came while it sent waits for a whole batch again: each request has its price,
 * and small batches, one behind the other, cost more than the spans in them. What is too much, or cannot be sent, is
 * dropped and counted. What is left at the end is sent inside a shield, within a time of its own.
 * Its own requests are not traced. It keeps no process alive that has sent all it has.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { spawnUnder } from "../core/createTask.ts";
import { InvalidStateError, isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { protect } from "../core/shield.ts";
import { ambientScope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { Event } from "../sync/event.ts";
import {
  type BatchReporterOptions,
  type BatchSettings,
  batchSettings,
} from "./batchReporterOptions.ts";
import { BatchSender } from "./batchSender.ts";
import { contextWith, SUPPRESSED, withoutTracing } from "./currentSpan.ts";
import type { FinishedSpan } from "./finishedSpan.ts";
import type { Resource, SpanReporter } from "./reporter.ts";
import type { ReporterStatistics } from "./reporterStatistics.ts";
import { SpanBatch } from "./spanBatch.ts";
import type { SpanFormat, SpanWriter } from "./spanWriter.ts";

/** A batch gets somewhat more room than the last one took. */
const ROOM = 1.05;

/** Sends spans over HTTP; see {@link ZipkinReporter} and {@link OtlpReporter}. */
export abstract class BatchReporter implements SpanReporter, AsyncDisposable {
  readonly #settings: BatchSettings;
  readonly #format: SpanFormat;
  /** Those that came before it was opened, and can't be written yet. */
  #early: FinishedSpan[] = [];
  #writer: SpanWriter | null = null;
  /** Oldest first. */
  #batches: SpanBatch[] = [];
  /** That of them which gets the next spans. */
  #open: SpanBatch | null = null;
  /** How many spans are in the batches, in one that is being sent, or came early. */
  #queued = 0;
  /** How large a batch is likely to be, in bytes: as the last one. */
  #usualSize = 16_384;
  /** Memory of a batch that was sent, for the next one: to get some from the system costs as much as to fill it. */
  #spare: Buffer | null = null;
  /** How many spans of the batches, from the oldest on, are not to wait for a whole batch. */
  #due = 0;
  #sender: BatchSender | null = null;
  #task: Task<void> | null = null;
  #closed = false;
  #closing: Promise<void> | null = null;
  /** There is something; there is a whole batch, or no time to wait for one; something was sent or dropped. */
  readonly #some = new Event();
  readonly #hurry = new Event();
  readonly #settling = new Event();
  #reported = 0;
  #sent = 0;
  #dropped = 0;

  /** @internal */
  constructor(options: BatchReporterOptions, usual: string, format: SpanFormat) {
    this.#settings = batchSettings(options, usual);
    this.#format = format;
  }

  /** What it has done so far. */
  statistics(): ReporterStatistics {
    return Object.freeze({
      reported: this.#reported,
      sent: this.#sent,
      dropped: this.#dropped,
      queued: this.#queued,
      retries: this.#sender?.retries ?? 0,
    });
  }

  /**
   * Starts its task, in the run that calls.
   * @throws InvalidStateError when it was started already
   */
  open(resource: Resource): void {
    if (this.#task !== null)
      throw new InvalidStateError(`open of ${this[INSPECT]()}: it reports for somebody already`);
    this.#sender = new BatchSender(this.#settings);
    this.#writer = this.#format(resource);
    for (const span of this.#early) this.#write(span, this.#writer);
    this.#early = [];
    const { runner } = ambientScope();
    const how = { name: "spans reporter", context: contextWith(SUPPRESSED) };
    this.#task = spawnUnder(runner, () => this.#work(), how);
  }

  /** Takes a span; drops it when there are too many, or it has been closed. */
  report(span: FinishedSpan): void {
    this.#reported++;
    if (this.#closed || this.#queued >= this.#settings.queueSize) this.#dropped++;
    else {
      this.#queued++;
      if (this.#writer === null) this.#early.push(span);
      else this.#write(span, this.#writer);
    }
  }

  #write(span: FinishedSpan, writer: SpanWriter): void {
    const batch = (this.#open ??= this.#newBatch(writer));
    const count = batch.add(span);
    if (count === 1) this.#some.set();
    if (!batch.isFull(this.#settings.batchSize)) return;
    this.#open = null;
    this.#hurry.set();
  }

  #newBatch(writer: SpanWriter): SpanBatch {
    const failed = (error: unknown): void => this.#failed(error);
    const batch = new SpanBatch(writer, this.#spare ?? this.#usualSize, failed);
    this.#spare = null;
    this.#batches.push(batch);
    return batch;
  }

  /** A span is not as it should be. */
  #failed(error: unknown): void {
    this.#drop(1);
    this.#sender?.tell(error);
  }

  /**
   * Waits until all that was reported so far is sent, or given up.
   *
   * **Cancellation:** the wait ends; it is sent all the same.
   */
  async flush(): Promise<void> {
    const target = this.#reported;
    this.#due = this.#waiting();
    this.#hurry.set();
    while (this.#sent + this.#dropped < target && !this.#closed) {
      this.#settling.clear();
      await this.#settling.wait();
    }
  }

  /**
   * Sends what is left, for as long as `closeTimeout` allows, and drops the rest. May be called again.
   *
   * **Cancellation:** it goes on to its end.
   */
  close(): Promise<void> {
    return (this.#closing ??= protect(() => this.#close()));
  }

  async #close(): Promise<void> {
    const task = this.#task;
    // What it is sending comes back to the queue.
    task?.cancel("tracing ends");
    await task?.then(undefined, () => {});
    this.#due = Infinity;
    await withoutTracing(() => moveOnAfter(this.#settings.closeTimeout, () => this.#sendAll()));
    this.#drop(this.#queued);
    this.#batches = [];
    this.#open = null;
    this.#early = [];
    this.#closed = true;
    this.#settling.set();
    await this.#sender?.close();
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #work(): Promise<void> {
    for (;;) {
      this.#some.clear();
      if (this.#waiting() === 0) await this.#some.wait();
      if (!this.#isReady()) {
        // What it was set for is sent by now.
        this.#hurry.clear();
        await moveOnAfter(this.#settings.interval, () => this.#hurry.wait());
        if (!this.#isReady()) this.#due = this.#waiting();
      }
      await this.#sendAll();
    }
  }

  /** How many spans could be sent. */
  #waiting(): number {
    return this.#batches.reduce((sum, { count }) => sum + count, 0);
  }

  #isReady(): boolean {
    return this.#due > 0 || this.#batches[0]?.isFull(this.#settings.batchSize) === true;
  }

  /** All that is due, and whole batches. */
  async #sendAll(): Promise<void> {
    while (this.#batches.length > 0 && this.#isReady()) {
      const batch = this.#batches.shift() as SpanBatch;
      if (batch === this.#open) this.#open = null;
      this.#due = Math.max(0, this.#due - batch.count);
      const body = batch.body();
      const { count } = batch;
      if (count === 0) {
        this.#settling.set();
        continue;
      }
      try {
        if (await this.#send(batch, body)) this.#sent += count;
        else this.#dropped += count;
        this.#queued -= count;
      } catch (error) {
        if (isCancelled(error)) {
          this.#batches.unshift(batch);
          throw error;
        }
        this.#drop(count);
        this.#sender?.tell(error);
      } finally {
        this.#settling.set();
      }
    }
  }

  /** Whether the server took it, in the end. */
  #send(batch: SpanBatch, body: Uint8Array): Promise<boolean> {
    this.#usualSize = Math.ceil(body.length * ROOM);
    const written = (): void => void (this.#spare = batch.room());
    return (this.#sender as BatchSender).send(body, batch.count, written);
  }

  #drop(count: number): void {
    this.#queued -= count;
    this.#dropped += count;
  }

  /** @internal */
  [INSPECT](): string {
    const { sent, dropped, queued } = this.statistics();
    return `<${this.constructor.name} ${this.#settings.url} sent=${sent} queued=${queued} dropped=${dropped}>`;
  }
}
