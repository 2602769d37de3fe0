/*
 * The ways of doing the same job, four of them to be compared side by side. They share the plan, the
 * download of one flag ({@link Downloader}) and the reporting; they differ in what runs at the
 * same time, and in what waits for what.
 *
 * - `sequential`: one flag after another, no concurrency at all
 * - `threads`: a pool of worker threads, each of which downloads one flag after another
 * - `async`: one Ambit task per flag, so many at a time, in one thread
 * - `async-executor`: the same, but files are saved in a worker thread
 * - `distributed`: workers on other machines fetch, this process saves; it is not compared, since it
 *   needs Redis and workers that somebody has started
 */
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";

/** The names of the engines that need nothing but this machine: those that are compared. */
export const engineNames = ["sequential", "threads", "async", "async-executor"] as const;

/** The names of all engines, as `--engine` takes them. */
export const allEngineNames = [...engineNames, "distributed"] as const;

export type EngineName = (typeof allEngineNames)[number];

export interface Engine {
  readonly name: EngineName;

  /** How many flags are really in the works at a time under `plan`. */
  concurrency(plan: Plan): number;

  /**
   * Downloads all flags of the plan and reports each as it ends, in the order of ending.
   *
   * **Cancellation:** requests in flight are closed, what is being saved is saved to its end and
   * reported. Nothing runs any more when the call has ended.
   *
   * @throws {@link StorageError} when the output folder takes no more files: the rest is given up
   * @throws {@link EngineError} when what the engine stands on is not there
   */
  download(plan: Plan, report: (outcome: Outcome) => void): Promise<void>;
}
