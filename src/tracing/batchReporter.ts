/*
 * BatchReporter: sends spans over HTTP, many at a time.
 *
 * Strategy: `report` puts a span into a bounded queue and returns; one task sends. It wakes when a batch is full, or a
 * while after the first span came. What came while it sent waits for a whole batch again: each request has its price,
 * and small batches, one behind the other, cost more than the spans in them. What is too much, or cannot be sent, is
 * dropped and counted.
 * A batch is encoded as it is sent. What is left at the end is sent inside a shield, within a time of its own.
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

/** What a reporter has done so far, in spans. */
export interface ReporterStatistics {
  /** Handed to it. */
  readonly reported: number;
  /** Taken by the server. */
  readonly sent: number;
  /** Given up: too many at a time, refused by the server, or left at the end. */
  readonly dropped: number;
  /** Waiting, or on their way. */
  readonly queued: number;
  /** How often a batch was tried again. */
  readonly retries: number;
}

/** How a batch is encoded. @internal */
export type SpanEncoder = (spans: readonly FinishedSpan[], resource: Resource) => Uint8Array;

/** Sends spans over HTTP; see {@link ZipkinReporter} and {@link OtlpReporter}. */
export abstract class BatchReporter implements SpanReporter, AsyncDisposable {
  readonly #settings: BatchSettings;
  readonly #encode: SpanEncoder;
  #queue: FinishedSpan[] = [];
  /** How many of the queue are being sent, and may come back. */
  #flying = 0;
  /** How many of the queue, from its front, are not to wait for a whole batch. */
  #due = 0;
  #resource: Resource | null = null;
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
  constructor(options: BatchReporterOptions, usual: string, encode: SpanEncoder) {
    this.#settings = batchSettings(options, usual);
    this.#encode = encode;
  }

  /** What it has done so far. */
  statistics(): ReporterStatistics {
    const queued = this.#queue.length + this.#flying;
    return Object.freeze({
      reported: this.#reported,
      sent: this.#sent,
      dropped: this.#dropped,
      queued,
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
    this.#resource = resource;
    this.#sender = new BatchSender(this.#settings);
    const { runner } = ambientScope();
    const how = { name: "spans reporter", context: contextWith(SUPPRESSED) };
    this.#task = spawnUnder(runner, () => this.#work(), how);
  }

  /** Takes a span; drops it when there are too many, or it has been closed. */
  report(span: FinishedSpan): void {
    this.#reported++;
    const { length } = this.#queue;
    if (this.#closed || length + this.#flying >= this.#settings.queueSize) {
      this.#dropped++;
      return;
    }
    this.#queue.push(span);
    if (length === 0) this.#some.set();
    if (length + 1 >= this.#settings.batchSize) this.#hurry.set();
  }

  /**
   * Waits until all that was reported so far is sent, or given up.
   *
   * **Cancellation:** the wait ends; it is sent all the same.
   */
  async flush(): Promise<void> {
    const target = this.#reported;
    this.#due = this.#queue.length;
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
    this.#drop(this.#queue.length);
    this.#queue = [];
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
      if (this.#queue.length === 0) await this.#some.wait();
      if (!this.#isReady()) {
        // What it was set for is sent by now.
        this.#hurry.clear();
        await moveOnAfter(this.#settings.interval, () => this.#hurry.wait());
        if (!this.#isReady()) this.#due = this.#queue.length;
      }
      await this.#sendAll();
    }
  }

  #isReady(): boolean {
    return this.#due > 0 || this.#queue.length >= this.#settings.batchSize;
  }

  /** All that is due, and whole batches. */
  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0 && this.#isReady()) {
      const batch = this.#queue.splice(0, this.#settings.batchSize);
      this.#flying = batch.length;
      this.#due = Math.max(0, this.#due - batch.length);
      try {
        if (await this.#send(batch)) this.#sent += batch.length;
        else this.#drop(batch.length);
      } catch (error) {
        if (!isCancelled(error)) this.#drop(batch.length);
        else this.#queue = batch.concat(this.#queue);
        if (isCancelled(error)) throw error;
        this.#sender?.tell(error);
      } finally {
        this.#flying = 0;
        this.#settling.set();
      }
    }
  }

  /** Whether the server took it, in the end. */
  #send(batch: readonly FinishedSpan[]): Promise<boolean> {
    const body = this.#encode(batch, this.#resource as Resource);
    return (this.#sender as BatchSender).send(body, batch.length);
  }

  #drop(count: number): void {
    this.#dropped += count;
  }

  /** @internal */
  [INSPECT](): string {
    const { sent, dropped, queued } = this.statistics();
    return `<${this.constructor.name} ${this.#settings.url} sent=${sent} queued=${queued} dropped=${dropped}>`;
  }
}
