/*
 * What the searches for a failing schedule throw when they find one.
 */
import { headOf, type Replay } from "./replay.ts";

/** The program failed under some schedule. Its `cause` is what it failed with. */
export class ScheduleFailure extends Error {
  override readonly name = "ScheduleFailure";
  /** Repeats the failing run: `runVirtual(program, { replay })`. */
  readonly replay: Replay;
  /** How many schedules had been run, this one included. */
  readonly schedules: number;
  /** Where the replay was written; null when it was not. */
  readonly file: string | null;

  /** @internal */
  constructor(
    error: unknown,
    found: { replay: Replay; schedules: number; file?: string | null; how: string },
  ) {
    const { replay, schedules, file = null, how } = found;
    super([`${how}: ${headOf(error)}`, ...scheduleLines(replay), againLine(file)].join("\n"), {
      cause: error,
    });
    this.replay = replay;
    this.schedules = schedules;
    this.file = file;
  }
}

function scheduleLines({ deviations }: Replay): string[] {
  if (deviations.length === 0) return ["It fails first come, first served."];
  const head = "It differs from first come, first served in this:";
  return [head, ...deviations.map(({ point, runs }) => `  at point ${point}: ${runs} goes first`)];
}

function againLine(file: string | null): string {
  const replay = file === null ? "replay: error.replay" : `replay: ${JSON.stringify(file)}`;
  return `Run it again with runVirtual(program, { ${replay} })`;
}
