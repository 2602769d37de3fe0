/*
 * One run whose points are recorded: what the search for a failing schedule is made of.
 */
import { ambientScope } from "../core/scope.ts";
import type { TaskBody } from "../core/task.ts";
import { type Picker, type Point, Trail, type TurnNames } from "./schedule.ts";
import { type RunSettings, VirtualRun } from "./virtualRun.ts";

/** @internal */
export interface RecordedRun {
  readonly points: readonly Point[];
  /** What the program failed with; null when it did not. */
  readonly failure: { readonly error: unknown } | null;
}

/** Runs the program and tells how it went; rejects only when the caller is cancelled meanwhile. @internal */
export async function record(
  program: TaskBody<unknown>,
  picker: Picker | ((names: TurnNames) => Picker),
  settings: RunSettings,
): Promise<RecordedRun> {
  const run = new VirtualRun(settings);
  const { names } = run.loop;
  const trail = new Trail(typeof picker === "function" ? picker(names) : picker, names);
  run.picker = trail;
  const scope = ambientScope();
  const before = scope.metCancels();
  try {
    await run.conduct(program);
    return { points: trail.points, failure: null };
  } catch (error) {
    if (scope.metCancels() > before) throw error;
    return { points: trail.points, failure: { error } };
  }
}

/** A schedule given as its deviations: whose turn comes first at which point. @internal */
export type Deviations = ReadonlyMap<number, string>;

/** The deviations of a run. @internal */
export function deviationsOf(points: readonly Point[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const [point, { take, runs }] of points.entries()) if (take !== 0) found.set(point, runs);
  return found;
}

/** Follows deviations as far as they fit: with fewer of them, who is meant may not be ready at that point. @internal */
export function lenientPicker(deviations: Deviations): (names: TurnNames) => Picker {
  return (names) => ({
    pick(ready, point) {
      const wanted = deviations.get(point);
      if (wanted === undefined) return 0;
      return Math.max(
        0,
        ready.findIndex((turn) => names.of(turn) === wanted),
      );
    },
  });
}
