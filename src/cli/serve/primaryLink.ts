/*
 * PrimaryLink: the worker's end of what it and its supervisor tell each other.
 *
 * Strategy: the first reason to end wins, and is kept until somebody asks for it. A supervisor that is gone without a word
 * is one, too: then nothing new can come, and what was asked is answered still.
 */
import cluster from "node:cluster";
import { moveOnAfter } from "../../core/cancelScope.ts";
import { Event } from "../../sync/event.ts";
import type { ServeOrder, WorkerCounters, WorkerLink, WorkerReport } from "../../web/workerLink.ts";
import { type FromWorker, toWorker, type ToWorker } from "./messages.ts";
import type { DrainOptions } from "./servedApp.ts";

/** How long the supervisor may take to let a worker go, in milliseconds. */
const LEAVE_PATIENCE = 2000;

/** The way from a worker to its supervisor. */
export class PrimaryLink implements WorkerLink {
  readonly worker: number;
  count: (() => Promise<WorkerCounters>) | null = null;
  /** Set when it is to end; see {@link PrimaryLink.drain}. */
  readonly asked: Event = new Event();
  readonly #mayLeave = new Event();
  readonly #answers = new Map<number, (value: never) => void>();
  readonly #drainTimeout: number;
  #drain: DrainOptions | null = null;
  #lastId = 0;
  #retired = false;

  /** @param drainTimeout used when the supervisor is gone */
  constructor(worker: number, drainTimeout: number) {
    this.worker = worker;
    this.#drainTimeout = drainTimeout;
    process.on("message", (message: unknown) => {
      const known = toWorker(message);
      if (known !== null) this.#hear(known);
    });
    // Node would end this process at once.
    cluster.worker?.once("disconnect", () => {
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
      this.#mayLeave.set();
      this.end();
    });
    if (!process.connected) this.end();
  }

  /** How it is to end, once `asked` is set. */
  get drain(): DrainOptions {
    return this.#drain ?? { timeout: this.#drainTimeout, lameDuck: 0, idleGrace: 0 };
  }

  send(message: FromWorker): void {
    // The callback takes the error of a channel that has just been closed.
    if (process.connected) process.send?.(message, undefined, {}, () => {});
  }

  /** Asks for another in its place; asked a second time, it does not wait for that. */
  retire(why: string): void {
    if (this.#retired) return this.end();
    this.#retired = true;
    this.send({ ambit: "retiring", why });
  }

  /** Has the worker end by itself. */
  end(): void {
    this.asked.set();
  }

  /**
   * Waits until no connection can be on its way to this process any more.
   *
   * **Cancellation:** the wait ends.
   */
  async leave(): Promise<void> {
    this.send({ ambit: "drained" });
    await moveOnAfter(LEAVE_PATIENCE, () => this.#mayLeave.wait());
  }

  gather(): Promise<readonly WorkerReport[]> {
    return this.#ask((id) => ({ ambit: "gather", id }));
  }

  order(order: ServeOrder): Promise<void> {
    return this.#ask((id) => ({ ambit: "order", id, order }));
  }

  #ask<T>(message: (id: number) => FromWorker): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!process.connected) return reject(new Error("the supervisor of this worker is gone"));
      const id = ++this.#lastId;
      this.#answers.set(id, resolve);
      return this.send(message(id));
    });
  }

  #hear(message: ToWorker): void {
    switch (message.ambit) {
      case "drain":
        this.#drain ??= message;
        this.asked.set();
        break;
      case "leave":
        this.#mayLeave.set();
        break;
      case "count":
        void this.#count(message.id);
        break;
      case "gathered":
        this.#answer(message.id, message.reports);
        break;
      case "ordered":
        this.#answer(message.id, undefined);
        break;
      default:
        message satisfies never;
    }
  }

  async #count(id: number): Promise<void> {
    if (this.count === null) return;
    this.send({ ambit: "counted", id, counters: await this.count() });
  }

  #answer(id: number, value: unknown): void {
    this.#answers.get(id)?.(value as never);
    this.#answers.delete(id);
  }
}
