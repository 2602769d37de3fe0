/*
 * How fast a run is, and how long it will take: by the last seconds, for the whole of a run tells
 * nothing about now.
 */
import { ended, type Snapshot } from "./snapshot.ts";

/** How fast it is. */
export interface Speed {
  /** Bytes a second. */
  readonly rate: number;
  /** Milliseconds to the end; null where nobody can tell. */
  readonly left: number | null;
}

interface Sample {
  readonly time: number;
  readonly bytes: number;
  readonly ended: number;
}

const WINDOW = 5000;
/** Before that, one answer more or less would change it by much. */
const EARLIEST = 1000;

/** Looks at a run again and again. */
export class Meter {
  readonly #start: number;
  #samples: Sample[];

  /** @param time the loop's, in milliseconds, as in {@link Meter.read} */
  constructor(time: number) {
    this.#start = time;
    this.#samples = [{ time, bytes: 0, ended: 0 }];
  }

  /** Milliseconds since the beginning. */
  elapsed(time: number): number {
    return time - this.#start;
  }

  /** Takes a sample, and tells the speed at it. */
  read(snapshot: Snapshot, time: number): Speed {
    const now: Sample = { time, bytes: snapshot.bytes, ended: ended(snapshot) };
    this.#samples.push(now);
    // The first one kept is the last that is older than the window.
    const inside = this.#samples.findIndex((sample) => sample.time > time - WINDOW);
    if (inside > 1) this.#samples = this.#samples.slice(inside - 1);
    const first = this.#samples[0] ?? now;
    const span = now.time - first.time;
    if (span <= 0) return { rate: 0, left: null };
    const rate = (Math.max(0, now.bytes - first.bytes) / span) * 1000;
    const early = this.elapsed(time) < EARLIEST;
    return { rate, left: early ? null : this.#left(snapshot, now, first, rate) };
  }

  #left(snapshot: Snapshot, now: Sample, first: Sample, rate: number): number | null {
    const { total, active } = snapshot;
    if (total === null) return null;
    const waiting = total - now.ended - active.length;
    // The last few: what they lack in bytes tells more than their number.
    if (waiting <= 0 && active.every(({ length }) => length !== null)) {
      const bytes = active.reduce((sum, { length, bytes }) => sum + (length ?? 0) - bytes, 0);
      return rate === 0 ? null : (bytes / rate) * 1000;
    }
    const perMs = (now.ended - first.ended) / (now.time - first.time);
    return perMs === 0 ? null : (total - now.ended) / perMs;
  }
}
