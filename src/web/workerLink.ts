/*
 * The link between a program and the processes that serve it: who they are, and what they count.
 *
 * Strategy: `ambit serve` puts a link where the program's copy of Ambit finds it: on the process, under a shared symbol,
 * for the command and the program need not have the same copy. Everything here is plain data and plain promises.
 * Limits: started by other means (`node app.js`) there is no link, and a program sees itself alone.
 */

/** What one process has counted since it started. Sizes are bytes, times milliseconds. */
export interface WorkerCounters {
  readonly pid: number;
  readonly uptime: number;
  /** Answers that are over, whatever became of them. */
  readonly requests: number;
  /** Requests that are being handled. */
  readonly inFlight: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Answers by the first digit of their status, `2xx`. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers of 500 and more, and those that did not get to their end: the client left, a time was up. */
  readonly errors: number;
  /** Bytes of bodies that were handed over. */
  readonly bytesSent: number;
  /** Memory of the process (resident set size). */
  readonly memory: number;
  /** How busy its thread was since it was last asked: 0 to 1. */
  readonly load: number;
  /** By how much its event loop was late when it was asked. */
  readonly loopLag: number;
}

/** How a process stands. */
export type WorkerState = "starting" | "ready" | "draining";

/** One process of a program that is served. */
export interface WorkerReport {
  /** From 1; a process that takes another's place has its number. */
  readonly worker: number;
  readonly pid: number;
  readonly state: WorkerState;
  /** How many processes have had this number before it. */
  readonly restarts: number;
  /** Null when it did not answer in time, or does not count. */
  readonly counters: WorkerCounters | null;
}

/** What can be ordered of the supervisor of a program. */
export type ServeOrder = "restart" | "more" | "fewer";

/** The way from a process of a program to its supervisor. */
export interface WorkerLink {
  /** The number of this process. */
  readonly worker: number;
  /** What this process has counted; the program sets it. */
  count: (() => Promise<WorkerCounters>) | null;
  /** Asks all processes. */
  gather(): Promise<readonly WorkerReport[]>;
  /** Gives an order; done when it has been taken. */
  order(order: ServeOrder): Promise<void>;
}

const PLACE = Symbol.for("ambit.workerLink");

/** The link that `ambit serve` has made for this process; null without one. @internal */
export function workerLink(): WorkerLink | null {
  return (process as { [PLACE]?: WorkerLink })[PLACE] ?? null;
}

/** Puts a link where programs find it; null takes it away. @internal */
export function provideWorkerLink(link: WorkerLink | null): void {
  const place = process as { [PLACE]?: WorkerLink };
  if (link === null) delete place[PLACE];
  else place[PLACE] = link;
}
