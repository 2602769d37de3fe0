/*
 * The jobs of one host: how many are at work, and those that wait until there is room.
 */
import type { Job } from "./job.ts";

/** @internal */
export class HostLine {
  readonly origin: string;
  /** Jobs that have a place. */
  active = 0;
  readonly #most: number;
  /** Who waits, in turn; and, last first, who comes before them because it was tried already. */
  readonly #line: Job[] = [];
  #next = 0;
  readonly #first: Job[] = [];
  #pausedUntil = -Infinity;

  constructor(origin: string, most: number) {
    this.origin = origin;
    this.#most = most;
  }

  get hasRoom(): boolean {
    return this.active < this.#most && this.#pausedUntil === -Infinity;
  }

  /** Nothing has to be remembered of it. */
  get idle(): boolean {
    return this.active === 0 && this.#parked === 0 && this.#pausedUntil === -Infinity;
  }

  get #parked(): number {
    return this.#line.length - this.#next + this.#first.length;
  }

  park(job: Job, first: boolean): void {
    (first ? this.#first : this.#line).push(job);
  }

  unpark(): Job | undefined {
    const tried = this.#first.shift();
    if (tried !== undefined) return tried;
    const job = this.#line[this.#next];
    if (job === undefined) return undefined;
    // Shifting a long array costs its length each time.
    if (++this.#next * 2 > this.#line.length) {
      this.#line.splice(0, this.#next);
      this.#next = 0;
    }
    return job;
  }

  /** Gives no room until then; false when a longer pause is on. */
  pause(until: number): boolean {
    if (until <= this.#pausedUntil) return false;
    this.#pausedUntil = until;
    return true;
  }

  /** A pause has ended; true if it was the last. */
  resume(now: number): boolean {
    if (now < this.#pausedUntil) return false;
    this.#pausedUntil = -Infinity;
    return true;
  }
}
