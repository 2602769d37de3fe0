/*
 * Replays: a schedule under which a program failed, as data that can be kept, read and run again.
 *
 * Strategy: what differs from first come, first served is listed, with who ran, so that a person can read it; how many
 * were ready at every point up to there is kept too, so that a program that has changed is noticed at the first point
 * that does not fit, and not taken for mended.
 */
import { readFileSync } from "node:fs";
import { wrongType } from "../core/arguments.ts";
import type { Picker, Point, Turn, TurnNames } from "./schedule.ts";

const VERSION = 1;

/** A choice other than the first. */
export interface Deviation {
  /** The point of the schedule, from 0: the so-many-th time that there was a choice. */
  readonly point: number;
  /** Which of the turns that were ready ran, from 1 (0 is the one that had waited longest). */
  readonly take: number;
  /** Who that was: `writer (sleep)`. */
  readonly runs: string;
}

/** A schedule under which a program failed. It is plain data: `JSON.stringify` keeps it. */
export interface Replay {
  readonly version: 1;
  /** The seed that found it. */
  readonly seed?: number;
  /** What the program failed with: `Error: lost update`. */
  readonly failure: string;
  /** Where the schedule leaves first come, first served. */
  readonly deviations: readonly Deviation[];
  /** How many turns were ready at each point, up to the last deviation. */
  readonly ready: readonly number[];
}

/** Thrown by a replayed run when the program does something else than when the schedule was recorded. */
export class ReplayMismatchError extends Error {
  override readonly name = "ReplayMismatchError";
}

/** Makes a replay of a recorded run. @internal */
export function replayOf(points: readonly Point[], failure: unknown, seed?: number): Replay {
  const deviations = points.flatMap(({ take, runs }, point) =>
    take === 0 ? [] : [{ point, take, runs }],
  );
  const end = (deviations.at(-1)?.point ?? -1) + 1;
  return {
    version: VERSION,
    ...(seed === undefined ? {} : { seed }),
    failure: headOf(failure),
    deviations,
    ready: points.slice(0, end).map(({ ready }) => ready),
  };
}

/** The first line of an error. @internal */
export function headOf(error: unknown): string {
  return String(error).split("\n")[0] ?? "";
}

/** Reads a replay from its file, or takes it as it is. @internal */
export function readReplay(replay: string | Replay): Replay {
  const data: unknown = typeof replay === "string" ? parse(replay) : replay;
  if (!isReplay(data)) throw wrongType("options.replay", `a replay of version ${VERSION}`, data);
  return data;
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`cannot read the replay file ${path}: ${String(cause)}`, { cause });
  }
}

function isReplay(data: unknown): data is Replay {
  if (typeof data !== "object" || data === null) return false;
  const { version, deviations, ready } = data as Partial<Replay>;
  return version === VERSION && Array.isArray(deviations) && Array.isArray(ready);
}

/** Follows a replay; after its last deviation, first come, first served. @internal */
export function replayPicker(replay: Replay, names: TurnNames): Picker {
  const deviations = new Map(replay.deviations.map((deviation) => [deviation.point, deviation]));
  return {
    pick(ready, point) {
      const expected = replay.ready[point];
      if (expected === undefined) return 0;
      if (expected !== ready.length)
        throw mismatch(point, replay, `${ready.length} turns are ready where ${expected} were`);
      const deviation = deviations.get(point);
      if (deviation === undefined) return 0;
      const runs = names.of(ready[deviation.take] as Turn);
      if (runs !== deviation.runs)
        throw mismatch(
          point,
          replay,
          `it is the turn of ${runs} where it was that of ${deviation.runs}`,
        );
      return deviation.take;
    },
  };
}

/** @internal */
export function mismatch(point: number, replay: Replay, what: string): ReplayMismatchError {
  return new ReplayMismatchError(
    `the program has changed since the schedule of "${replay.failure}" was recorded: at point ${point} of ` +
      `${replay.ready.length}, ${what}. Record it anew with runSeeds or exploreSchedules`,
  );
}
