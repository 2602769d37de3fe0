/*
 * runVirtual: a program in virtual time.
 */
import { expectFunction, expectInteger, expectMilliseconds } from "../core/arguments.ts";
import type { TaskBody } from "../core/task.ts";
import { mismatch, type Replay, readReplay, replayPicker } from "./replay.ts";
import { FIFO, seededPicker } from "./schedule.ts";
import { VirtualRun } from "./virtualRun.ts";

/** How a program runs in virtual time. */
export interface VirtualOptions {
  /** Permutes the order of what is ready; the same seed gives the same order. Left out: first come, first served. */
  readonly seed?: number;
  /** Repeats a run that `runSeeds` or `exploreSchedules` found: the path of its replay file, or its content. */
  readonly replay?: string | Replay;
  /** Debug mode. Default: `AMBIT_DEBUG=1`. */
  readonly debug?: boolean;
  /** How far virtual time may go, in milliseconds from 0. Default: any time. */
  readonly timeLimit?: number;
  /** How many steps may run at one instant of virtual time, an integer of at least 1. Default: 1,000,000. */
  readonly maxSteps?: number;
}

/**
 * Runs `main` as `run` does, on a virtual clock: sleeping costs no time, and order is repeatable.
 *
 * Time begins at 0 and jumps to the next timer when nothing is ready and no work outside Ambit is pending. Whatever it
 * fails with, the program is cancelled first and its clean-up runs.
 *
 * **Cancellation:** as of `run`.
 *
 * @throws {@link DeadlockError} when nothing can go on: it tells who waits for what, held or fed by whom
 * @throws {@link LivelockError} when more than `maxSteps` steps run and time does not move
 * @throws {@link TimeLimitError} when the program would go on past `timeLimit`
 * @throws {@link ReplayMismatchError} when the program no longer does what `replay` says
 * @throws what `main` throws
 *
 * @example
 * ```ts
 * import { getRunningLoop, sleep } from "ambit";
 * import { runVirtual } from "ambit/testing";
 *
 * const elapsed = await runVirtual(async () => {
 *   await sleep(3_600_000);
 *   return getRunningLoop().time();
 * });
 * elapsed; // => 3600000
 * ```
 */
export async function runVirtual<T>(main: TaskBody<T>, options: VirtualOptions = {}): Promise<T> {
  expectFunction("main", main);
  expectLimits(options);
  const run = new VirtualRun(options);
  const { seed, replay } = options;
  if (replay !== undefined) return runReplay(main, run, readReplay(replay));
  run.picker = seed === undefined ? FIFO : seededPicker(seed);
  return run.conduct(main);
}

async function runReplay<T>(main: TaskBody<T>, run: VirtualRun, replay: Replay): Promise<T> {
  run.picker = replayPicker(replay, run.loop.names);
  const outcome = await run.conduct(main);
  const { points } = run.loop;
  if (points < replay.ready.length) throw mismatch(points, replay, "it has ended");
  return outcome;
}

/** @internal */
export function expectLimits({ timeLimit, maxSteps }: VirtualOptions): void {
  if (timeLimit !== undefined) expectMilliseconds("options.timeLimit", timeLimit);
  if (maxSteps !== undefined) expectInteger("options.maxSteps", maxSteps, 1);
}
