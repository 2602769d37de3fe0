/*
 * Every schedule of a small program, one run each.
 *
 * Strategy: depth first, by running the program again from its start: a run follows a prefix of choices and then first
 * come, first served; the next prefix takes the next turn at the last point that has one left. Nothing is left out as
 * equivalent to something else: turns are closures that may share anything, so no two of them are known to commute.
 * Limits: the number of schedules grows as a factorial; `maxDeviations` keeps to those near to first come, first served.
 */
import type { TaskBody } from "../core/task.ts";
import { record, type RecordedRun } from "./recordedRun.ts";
import type { Picker, Point } from "./schedule.ts";
import type { RunSettings } from "./virtualRun.ts";

/** Which schedules are run. @internal */
export interface Bounds {
  readonly maxSchedules: number;
  readonly maxDeviations: number;
}

/** @internal */
export interface Explored {
  readonly schedules: number;
  /** Whether there is no schedule left that was not run. */
  readonly complete: boolean;
  /** The first run that failed; the exploration ends with it. */
  readonly failed: RecordedRun | null;
}

/** Thrown when a program does not do the same under the same schedule. */
export class NondeterminismError extends Error {
  override readonly name = "NondeterminismError";
}

/** @internal */
export async function explore(
  program: TaskBody<unknown>,
  bounds: Bounds,
  settings: RunSettings,
): Promise<Explored> {
  const search = new Search(bounds.maxDeviations);
  let schedules = 0;
  while (!search.exhausted && schedules < bounds.maxSchedules) {
    const run = await record(program, search, settings);
    schedules++;
    search.expectFollowed(run.points);
    if (run.failure !== null) return { schedules, complete: false, failed: run };
    search.goOn(run.points);
  }
  return { schedules, complete: search.exhausted && !search.bounded, failed: null };
}

/** The place of a depth-first search, and the picker of the run that comes next. */
class Search implements Picker {
  exhausted = false;
  /** Whether a schedule was left out for having too many deviations. */
  bounded = false;
  readonly #maxDeviations: number;
  #prefix: Point[] = [];

  constructor(maxDeviations: number) {
    this.#maxDeviations = maxDeviations;
  }

  pick(ready: readonly unknown[], point: number): number {
    return Math.min(this.#prefix[point]?.take ?? 0, ready.length - 1);
  }

  /** The prefix comes from a run of the same program: it must fit. */
  expectFollowed(points: readonly Point[]): void {
    for (const [at, { ready }] of this.#prefix.entries()) {
      const now = points[at]?.ready ?? 0;
      if (now === ready) continue;
      throw new NondeterminismError(
        `the program does not do the same under the same schedule: at point ${at} there were ${ready} turns ` +
          `ready, then ${now}. Exploring needs a program that draws on nothing but virtual time: no real files or ` +
          "sockets, no random numbers, no state kept from one run to the next",
      );
    }
  }

  /** Turns to the next schedule. */
  goOn(points: readonly Point[]): void {
    let deviations = points.filter(({ take }) => take !== 0).length;
    for (let at = points.length - 1; at >= 0; at--) {
      const { ready, take, runs } = points[at] as Point;
      if (take !== 0) deviations--;
      if (take + 1 >= ready) continue;
      if (deviations < this.#maxDeviations) {
        this.#prefix = [...points.slice(0, at), { ready, take: take + 1, runs }];
        return;
      }
      this.bounded = true;
    }
    this.exhausted = true;
  }
}
