/*
 * WorkerProcess: one process that serves, as its supervisor sees it.
 *
 * Strategy: its state is what it has said of itself and what the system says of it; who waits for a change waits for one of
 * two events. How a process is made is handed in (`clusterFork.ts`), so that all above runs without one in tests.
 */
import { moveOnAfter } from "../../core/cancelScope.ts";
import { Future } from "../../core/future.ts";
import { getRunningLoop } from "../../core/scope.ts";
import { Event } from "../../sync/event.ts";
import type { WorkerCounters, WorkerReport, WorkerState } from "../../web/workerLink.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { DrainOptions } from "./servedApp.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was made. */
export interface Forked {
  readonly pid: number;
  /** Lost without a word when the process is gone. */
  send(message: ToWorker): void;
  kill(signal: NodeJS.Signals): void;
}

/** Who hears of a process: in the order in which it happens, nothing after `ended`. */
export interface ForkListener {
  heard(message: FromWorker): void;
  ended(exit: Exit): void;
}

/** Makes a process; `worker` is its number. */
export type Fork = (worker: number, listener: ForkListener) => Forked;

/** Why a worker did not start. */
export interface StartTrouble {
  readonly line: string;
  readonly detail: string;
  readonly usage: boolean;
}

/** What is not about the process itself is for its supervisor. */
export type OtherMessage = Exclude<FromWorker, { readonly ambit: "ready" | "failed" | "counted" }>;

/** Who is told of what a process does. */
export interface WorkerOwner {
  changed(worker: WorkerProcess): void;
  heard(worker: WorkerProcess, message: OtherMessage): void;
}

/** How long a worker may take to tell what it has counted, in milliseconds. */
const COUNT_PATIENCE = 500;

/** One process that serves. */
export class WorkerProcess implements ForkListener {
  readonly worker: number;
  readonly restarts: number;
  /** Set once it serves, has failed or has ended. */
  readonly settled: Event = new Event();
  readonly hasEnded: Event = new Event();
  url = "";
  /** When it became ready, by the loop's clock. */
  readyAt: number = Infinity;
  trouble: StartTrouble | null = null;
  exit: Exit | null = null;
  /** It wants another in its place; why. */
  retiring: string | null = null;
  #state: WorkerState = "starting";
  readonly #process: Forked;
  readonly #owner: WorkerOwner;
  readonly #asked = new Map<number, Future<WorkerCounters>>();
  #lastId = 0;

  constructor(fork: Fork, owner: WorkerOwner, worker: number, restarts: number) {
    this.#owner = owner;
    this.worker = worker;
    this.restarts = restarts;
    this.#process = fork(worker, this);
  }

  get pid(): number {
    return this.#process.pid;
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** Whether it serves, and nothing is known that speaks against it. */
  get serves(): boolean {
    return this.#state === "ready" && this.exit === null && this.retiring === null;
  }

  /** Tells it to stop listening, and to answer what it was asked. */
  drain(how: DrainOptions): void {
    this.#state = "draining";
    this.send({ ambit: "drain", ...how });
  }

  send(message: ToWorker): void {
    if (this.exit === null) this.#process.send(message);
  }

  kill(): void {
    if (this.exit === null) this.#process.kill("SIGKILL");
  }

  heard(message: FromWorker): void {
    switch (message.ambit) {
      case "ready":
        this.#ready(message.url);
        break;
      case "failed":
        this.trouble = message;
        this.settled.set();
        break;
      case "counted":
        this.#asked.get(message.id)?.setResult(message.counters);
        this.#asked.delete(message.id);
        break;
      default:
        if (message.ambit === "retiring") this.retiring = message.why;
        this.#owner.heard(this, message);
    }
  }

  #ready(url: string): void {
    if (this.#state !== "starting") return;
    this.#state = "ready";
    this.url = url;
    this.readyAt = getRunningLoop().time();
    this.settled.set();
  }

  ended(exit: Exit): void {
    this.exit = exit;
    this.settled.set();
    this.hasEnded.set();
    this.#owner.changed(this);
  }

  /**
   * What it has counted; null when it does not say so in time.
   *
   * **Cancellation:** an answer that comes later is dropped.
   */
  async report(): Promise<WorkerReport> {
    const { worker, pid, restarts } = this;
    const counters = this.#state === "starting" ? null : await this.#counters();
    return { worker, pid, restarts, state: this.#state, counters };
  }

  async #counters(): Promise<WorkerCounters | null> {
    const id = ++this.#lastId;
    const answer = new Future<WorkerCounters>();
    this.#asked.set(id, answer);
    try {
      this.send({ ambit: "count", id });
      const { value = null } = await moveOnAfter(COUNT_PATIENCE, async () => await answer);
      return value;
    } finally {
      this.#asked.delete(id);
    }
  }
}

/** `code 3`, `SIGKILL`. */
export function exitInWords({ code, signal }: Exit): string {
  return signal ?? `code ${code}`;
}
