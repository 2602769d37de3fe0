/*
 * One run whose points are recorded: what the search for a failing schedule is made of.
 */
import type { TaskBody } from "../core/task.ts";
import { type Picker, type Point, Trail } from "./schedule.ts";
import { type RunSettings, VirtualRun } from "./virtualRun.ts";

/** @internal */
export interface RecordedRun {
  readonly points: readonly Point[];
  /** What the program failed with; null when it did not. */
  readonly failure: { readonly error: unknown } | null;
}

/** Runs the program and tells how it went; never rejects. @internal */
export async function record(
  program: TaskBody<unknown>,
  picker: Picker,
  settings: RunSettings,
): Promise<RecordedRun> {
  const run = new VirtualRun(settings);
  const trail = new Trail(picker, run.loop.names);
  run.picker = trail;
  try {
    await run.conduct(program);
    return { points: trail.points, failure: null };
  } catch (error) {
    return { points: trail.points, failure: { error } };
  }
}

/** A schedule given as its deviations: which turn to take at which point. @internal */
export type Deviations = ReadonlyMap<number, number>;

/** The deviations of a run. @internal */
export function deviationsOf(points: readonly Point[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const [point, { take }] of points.entries()) if (take !== 0) found.set(point, take);
  return found;
}

/** Takes the deviations as far as they fit: fewer turns may be ready than when they were recorded. @internal */
export function lenientPicker(deviations: Deviations): Picker {
  return {
    pick: (ready, point) => Math.min(deviations.get(point) ?? 0, ready.length - 1),
  };
}
