/*
 * SharedCounters: what an application has counted, in all of its processes.
 *
 * Strategy: each process counts for itself, some additions an answer, and is asked only when somebody wants to know: by
 * way of the supervisor of `ambit serve`, which asks all. Who asks again within a second gets the same answer, however
 * many look at the page.
 * Limits: a process that is replaced takes its counts along; what has to outlive it belongs into a database of metrics.
 */
import { cancellable } from "../core/cancellable.ts";
import { INSPECT } from "../core/inspection.ts";
import { getRunningLoop } from "../core/scope.ts";
import { createTask } from "../core/createTask.ts";
import { shield } from "../core/shield.ts";
import { sleep } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";
import type { AnswerListener, AnswerRecord } from "./answerRecord.ts";
import {
  type ServeOrder,
  type WorkerCounters,
  type WorkerLink,
  workerLink,
  type WorkerReport,
} from "./workerLink.ts";

/** What is counted: an `Application` fits. */
export interface CountedApplication {
  onAnswer(listener: AnswerListener): unknown;
  readonly requestCount: number;
  readonly connectionCount: number;
  readonly stopping: boolean;
}

/** How long an answer is good for, in milliseconds. */
const FRESH = 1000;
/** Over how long the lateness of the event loop is measured, in milliseconds. */
const SAMPLE = 20;

const CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** What an application has counted, in all of its processes. */
export class SharedCounters {
  readonly #app: CountedApplication;
  readonly #statuses: number[] = CLASSES.map(() => 0);
  #requests = 0;
  #errors = 0;
  #bytesSent = 0;
  #utilization = performance.eventLoopUtilization();
  #last: { readonly when: number; readonly reports: Task<readonly WorkerReport[]> } | null = null;

  /** @internal */
  constructor(app: CountedApplication) {
    this.#app = app;
    app.onAnswer((record) => this.#count(record));
    const link = workerLink();
    if (link !== null) link.count = () => this.own();
  }

  #count({ status, bytes, outcome }: AnswerRecord): void {
    this.#requests++;
    this.#bytesSent += bytes;
    const digit = Math.trunc(status / 100);
    const at = digit < CLASSES.length ? digit : 0;
    this.#statuses[at] = (this.#statuses[at] ?? 0) + 1;
    if (status >= 500 || outcome !== "finished") this.#errors++;
  }

  /**
   * What this process has counted.
   *
   * **Cancellation:** nothing is lost.
   */
  async own(): Promise<WorkerCounters> {
    const loop = getRunningLoop();
    const begin = loop.time();
    await sleep(SAMPLE);
    const loopLag = Math.max(0, loop.time() - begin - SAMPLE);
    const utilization = performance.eventLoopUtilization();
    const { utilization: load } = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#utilization = utilization;
    return {
      pid: process.pid,
      uptime: Math.round(process.uptime() * 1000),
      requests: this.#requests,
      inFlight: this.#app.requestCount,
      connections: this.#app.connectionCount,
      statuses: Object.fromEntries(CLASSES.map((name, at) => [name, this.#statuses[at] ?? 0])),
      errors: this.#errors,
      bytesSent: this.#bytesSent,
      memory: process.memoryUsage.rss(),
      load: Math.round(load * 1000) / 1000,
      loopLag: Math.round(loopLag),
    };
  }

  /**
   * What all processes have counted, in the order of their numbers; at most a second old. Without `ambit serve --workers`
   * that is this process alone.
   *
   * **Cancellation:** the wait ends; who else waits for the same gets it.
   *
   * @throws Error when the supervisor of this process is gone
   */
  async gather(): Promise<readonly WorkerReport[]> {
    const now = getRunningLoop().time();
    if (this.#last === null || now - this.#last.when >= FRESH || this.#last.reports.cancelled()) {
      const reports = createTask(() => this.#ask(), { name: "counters" });
      this.#last = { when: now, reports };
    }
    const { reports } = this.#last;
    try {
      return await shield(reports);
    } catch (error) {
      // One failure is not to be every later one's.
      if (this.#last.reports === reports && reports.done()) this.#last = null;
      throw error;
    }
  }

  async #ask(): Promise<readonly WorkerReport[]> {
    const link = workerLink();
    if (link !== null) return cancellable(link.gather());
    const state = this.#app.stopping ? "draining" : "ready";
    const counters = await this.own();
    return [{ worker: 1, pid: process.pid, state, restarts: 0, counters }];
  }

  /** Whether there is a supervisor that takes orders. */
  get supervised(): boolean {
    return workerLink() !== null;
  }

  /**
   * Orders the supervisor to start all workers anew, one after the other and without a gap; or to have one more, or one
   * less. Done when it has taken the order.
   *
   * **Cancellation:** the order stands.
   *
   * @throws Error when there is no supervisor, or it is gone
   */
  async order(order: ServeOrder): Promise<void> {
    const link: WorkerLink | null = workerLink();
    if (link === null) throw new Error(`order of '${order}': run with \`ambit serve --workers N\``);
    await cancellable(link.order(order));
  }

  /** @internal */
  [INSPECT](): string {
    return `SharedCounters { requests: ${this.#requests} }`;
  }
}

/**
 * Counts an application's answers, from now on: make them where the application is made.
 *
 * @param app an `Application`
 *
 * @example
 * ```ts
 * import { Application, sharedCounters } from "ambit/web";
 *
 * const app = new Application();
 * app.get("/", () => "hello");
 * const counters = sharedCounters(app);
 * await app.fetch(new Request("http://localhost/"));
 * const [own] = await counters.gather();
 * own?.counters?.statuses["2xx"]; // => 1
 * ```
 */
export function sharedCounters(app: CountedApplication): SharedCounters {
  return new SharedCounters(app);
}
