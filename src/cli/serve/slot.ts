/*
 * Slot: a place among the workers, and what has happened in it.
 *
 * Strategy: a process that dies is replaced at once; one whose successor dies young, too, waits before the next, twice as
 * long each time, so that a program that cannot run does not keep the machine busy. A process that has lived for a while
 * makes the slot forget that.
 */
import { Event } from "../../sync/event.ts";
import type { WorkerProcess } from "./workerProcess.ts";

/** How long a process has to serve until its end is no crash loop, in milliseconds. */
const STABLE = 10_000;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;

/** A place among the workers. */
export class Slot {
  /** From 1. */
  readonly worker: number;
  /** Set when there is something to look at. */
  readonly stir: Event = new Event();
  /** How many processes it has had. */
  starts = 0;
  /** How long to wait before the next, in milliseconds. */
  delay = 0;
  #current: WorkerProcess | null = null;
  #failures = 0;

  constructor(worker: number) {
    this.worker = worker;
  }

  get current(): WorkerProcess | null {
    return this.#current;
  }

  /** Whether a process serves here, and nothing is known that speaks against it. */
  get serves(): boolean {
    return this.#current?.serves === true;
  }

  /** From now on this process serves here; gives the one before. */
  take(process: WorkerProcess): WorkerProcess | null {
    const before = this.#current;
    this.#current = process;
    this.delay = 0;
    this.stir.set();
    return before;
  }

  /** One did not start, or died after `lifetime` milliseconds; gives how long to wait before the next. */
  failed(lifetime: number): number {
    if (lifetime >= STABLE) this.#failures = 0;
    const failures = this.#failures++;
    // The first goes at once: it is mostly the only one.
    this.delay =
      failures === 0 ? 0 : Math.min(FIRST_DELAY * 2 ** Math.min(failures - 1, 16), LONGEST_DELAY);
    return this.delay;
  }
}
