/*
 * How far a run has come.
 *
 * Strategy: the engine keeps a few counts and the set of jobs that are at work; everything else (the
 * rate, what is left) is worked out when somebody asks. The rate is smoothed over the asks: each
 * stretch between two counts by how long it was, and what is older than some seconds hardly counts.
 */
import type { Loop } from "../core/loop.ts";
import type { Job } from "./job.ts";

/** How far a run has come, at the moment it was asked for. */
export interface DownloadSnapshot {
  /** How many items there are; null while the list has not been read to its end. */
  readonly total: number | null;
  /** Items that are downloaded. */
  readonly done: number;
  /** Items whose file was there. */
  readonly skipped: number;
  /** Items that failed for good. */
  readonly failed: number;
  /** Retries that were made, or are waited for. */
  readonly retries: number;
  /** Bytes that have come in this run, those of attempts that failed included. */
  readonly bytes: number;
  /** Bytes per second, of late. */
  readonly rate: number;
  /** Since the run began, in milliseconds. */
  readonly elapsed: number;
  /** Milliseconds until all is done, as it looks; null while that cannot be said. */
  readonly eta: number | null;
  /** What is being downloaded, longest at work first. */
  readonly active: readonly ActiveDownload[];
}

/** A file that is being downloaded. */
export interface ActiveDownload {
  /** May hold secrets. */
  readonly url: string;
  /** Below the folder; null while it has no name. */
  readonly path: string | null;
  /** Bytes that are there. */
  readonly bytes: number;
  /** The size of the whole; null while it is not known. */
  readonly total: number | null;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
}

/** What is older than this, in milliseconds, counts less than a third. */
const MEMORY_MS = 3000;
/** The shortest stretch that says something about the rate, in milliseconds. */
const STRETCH_MS = 100;

/** How far a run has come; `downloadAll(…).progress`. Costs nothing unless it is asked. */
export class DownloadProgress {
  /** @internal */
  done = 0;
  /** @internal */
  skipped = 0;
  /** @internal */
  failed = 0;
  /** @internal */
  retries = 0;
  /** @internal */
  bytes = 0;
  /** Bytes of the files that are done. @internal */
  finishedBytes = 0;
  /** @internal */
  total: number | null;
  /** @internal */
  readonly active: Set<Job> = new Set();
  #loop: Loop | null = null;
  #began = 0;
  #ended: number | null = null;
  #rate = 0;
  #countedAt = 0;
  #counted = 0;

  /** @internal */
  constructor(total: number | null) {
    this.total = total;
  }

  /** @internal */
  begin(loop: Loop): void {
    this.#loop = loop;
    this.#began = this.#countedAt = loop.time();
  }

  /** @internal */
  end(): void {
    this.#ended = (this.#loop as Loop).time();
  }

  /** The numbers of the moment. */
  snapshot(): DownloadSnapshot {
    const { total, done, skipped, failed, retries, bytes } = this;
    const now = this.#ended ?? this.#loop?.time() ?? 0;
    const rate = this.#rateAt(now);
    const active = [...this.active].map(activeOf);
    const elapsed = this.#loop === null ? 0 : now - this.#began;
    const eta = this.#eta(rate);
    return { total, done, skipped, failed, retries, bytes, rate, elapsed, eta, active };
  }

  #rateAt(now: number): number {
    const stretch = now - this.#countedAt;
    if (stretch < STRETCH_MS) return this.#rate;
    const latest = ((this.bytes - this.#counted) * 1000) / stretch;
    const isFirst = this.#countedAt === this.#began;
    const weight = isFirst ? 1 : 1 - Math.exp(-stretch / MEMORY_MS);
    this.#rate += (latest - this.#rate) * weight;
    this.#countedAt = now;
    this.#counted = this.bytes;
    return this.#rate;
  }

  /** What is left, in bytes, over the rate; a file that is not begun counts as an average one. */
  #eta(rate: number): number | null {
    if (this.total === null || this.#ended !== null) return this.#ended === null ? null : 0;
    const average = this.done === 0 ? null : this.finishedBytes / this.done;
    let left = 0;
    for (const { length, received } of this.active) {
      const size = length ?? average;
      if (size === null) return null;
      left += Math.max(0, size - received);
    }
    const waiting = this.total - this.done - this.skipped - this.failed - this.active.size;
    if (waiting > 0 && average === null) return null;
    left += waiting * (average ?? 0);
    if (left <= 0) return 0;
    return rate > 0 ? (left / rate) * 1000 : null;
  }
}

function activeOf(job: Job): ActiveDownload {
  return {
    url: job.url,
    path: job.path,
    bytes: job.received,
    total: job.length,
    attempt: job.attempts,
  };
}
