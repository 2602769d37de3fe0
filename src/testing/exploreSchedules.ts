/*
 * exploreSchedules: a small program under every schedule there is.
 */
import { expectFunction, expectInteger, expectLimit } from "../core/arguments.ts";
import type { TaskBody } from "../core/task.ts";
import { type Explored, explore } from "./exploration.ts";
import { replayOf } from "./replay.ts";
import { expectLimits, type VirtualOptions } from "./runVirtual.ts";
import { ScheduleFailure } from "./scheduleFailure.ts";
import { shrink } from "./shrink.ts";

/** How far an exploration goes. */
export interface ExploreOptions extends Pick<VirtualOptions, "debug" | "timeLimit" | "maxSteps"> {
  /** Stops after so many schedules, an integer of at least 1. Default 10,000. */
  readonly maxSchedules?: number;
  /**
   * Only schedules that leave first come, first served at most so often, an integer of at least 0, or Infinity. Most
   * races need one or two. Default Infinity.
   */
  readonly maxDeviations?: number;
}

/** What an exploration without a failure comes to. */
export interface Exploration {
  /** How many schedules were run. */
  readonly schedules: number;
  /** True when those were all there are; false when a limit cut the exploration short. */
  readonly complete: boolean;
}

/**
 * Runs a small program in virtual time under every schedule: every order in which what is ready can run. The first
 * schedule that fails is shrunk and thrown.
 *
 * Each run calls `program` anew, so it must make its own state and draw on nothing but virtual time. A schedule decides
 * at the library's own waits; what runs between two of them is one step. The number of schedules grows fast: two tasks
 * of two steps have 6, three of three 1,680. Equivalent ones are not left out.
 *
 * **Cancellation:** cancels the run that is under way, and passes on.
 *
 * @throws {@link ScheduleFailure} when the program fails under one of them; its `cause` is the failure
 * @throws {@link NondeterminismError} when the program does not do the same under the same schedule
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "ambit";
 * import { exploreSchedules } from "ambit/testing";
 *
 * await exploreSchedules(async () => {
 *   let count = 0;
 *   const increment = async () => {
 *     await sleep(0);
 *     count++;
 *   };
 *   for (let task = 0; task < 2; task++) createTask(increment);
 *   await sleep(1);
 *   if (count !== 2) throw new Error("lost update");
 * }); // => { schedules: 6, complete: true }
 * ```
 */
export async function exploreSchedules(
  program: TaskBody<unknown>,
  options: ExploreOptions = {},
): Promise<Exploration> {
  expectFunction("program", program);
  expectLimits(options);
  const { maxSchedules = 10_000, maxDeviations = Infinity } = options;
  expectInteger("options.maxSchedules", maxSchedules, 1);
  expectLimit("options.maxDeviations", maxDeviations, 0);
  const explored = await explore(program, { maxSchedules, maxDeviations }, options);
  if (explored.failed !== null) throw await failureOf(program, explored, options);
  return { schedules: explored.schedules, complete: explored.complete };
}

async function failureOf(
  program: TaskBody<unknown>,
  { failed, schedules }: Explored,
  options: ExploreOptions,
): Promise<ScheduleFailure> {
  const { points, failure } = await shrink(program, failed as NonNullable<typeof failed>, options);
  const error = failure?.error;
  return new ScheduleFailure(error, {
    replay: replayOf(points, error),
    schedules,
    how: `the program fails under schedule ${schedules}`,
  });
}
