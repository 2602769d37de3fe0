/*
 * runSeeds: a program under many random schedules; a failing one is kept in a file.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectFunction, expectInteger, wrongType } from "../core/arguments.ts";
import type { TaskBody } from "../core/task.ts";
import { deviationsOf, record, type RecordedRun } from "./recordedRun.ts";
import { type Replay, replayOf } from "./replay.ts";
import { expectLimits, type VirtualOptions } from "./runVirtual.ts";
import { seededPicker } from "./schedule.ts";
import { ScheduleFailure } from "./scheduleFailure.ts";
import { shrink } from "./shrink.ts";

/** Which seeds are run, and where a failing one is kept. */
export interface SeedsOptions extends Pick<VirtualOptions, "debug" | "timeLimit" | "maxSteps"> {
  /** How many seeds, an integer of at least 1. Default 100. */
  readonly count?: number;
  /** The first one, an integer of at least 0. Default 1. */
  readonly from?: number;
  /** The folder for the replay file of a failing seed; null writes none. Default: the working directory. */
  readonly folder?: string | null;
}

/** What came of the seeds when none failed. */
export interface SeedsResult {
  /** How many seeds were run. */
  readonly seeds: number;
  /** How many different schedules they made. */
  readonly schedules: number;
}

/**
 * Runs a program in virtual time under one random schedule after the other, until one fails. That one is shrunk to few
 * deviations from first come, first served, and written to `replay-seed-<N>.json`.
 *
 * Each run calls `program` anew, so it must make its own state.
 *
 * **Cancellation:** cancels the run that is under way, and passes on.
 *
 * @throws {@link ScheduleFailure} for the first seed that fails: it says how to run it again; its `cause` is the failure
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "ambit";
 * import { runSeeds } from "ambit/testing";
 *
 * const result = await runSeeds(async () => {
 *   const log: string[] = [];
 *   for (const name of ["a", "b"]) createTask(async () => log.push(name));
 *   await sleep(1);
 *   if (log.length !== 2) throw new Error("one is missing");
 * }, { count: 20 });
 * result; // => { seeds: 20, schedules: 2 }
 * ```
 */
export async function runSeeds(
  program: TaskBody<unknown>,
  options: SeedsOptions = {},
): Promise<SeedsResult> {
  expectFunction("program", program);
  expectLimits(options);
  const { count = 100, from = 1, folder = "." } = options;
  expectInteger("options.count", count, 1);
  expectInteger("options.from", from, 0);
  if (folder !== null && typeof folder !== "string")
    throw wrongType("options.folder", "a path or null", folder);
  const schedules = new Set<string>();
  for (let seed = from; seed < from + count; seed++) {
    const run = await record(program, seededPicker(seed), options);
    schedules.add(JSON.stringify([...deviationsOf(run.points)]));
    if (run.failure !== null) {
      const small = await shrink(program, run, options);
      throw failureOf(small, { seed, schedules: seed - from + 1, folder });
    }
  }
  return { seeds: count, schedules: schedules.size };
}

function failureOf(
  { points, failure }: RecordedRun,
  { seed, schedules, folder }: { seed: number; schedules: number; folder: string | null },
): ScheduleFailure {
  const replay = replayOf(points, failure?.error, seed);
  const file = folder === null ? null : write(replay, join(folder, `replay-seed-${seed}.json`));
  const how = `the program fails under seed ${seed}`;
  return new ScheduleFailure(failure?.error, { replay, schedules, file, how });
}

function write(replay: Replay, file: string): string {
  writeFileSync(file, `${JSON.stringify(replay, null, 1)}\n`);
  return file;
}
