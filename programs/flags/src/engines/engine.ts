/*
 * The four ways of doing the same job, to be compared side by side. They share the plan, the
 * download of one flag ({@link Downloader}) and the reporting; they differ in what runs at the
 * same time, and in what waits for what.
 *
 * - `sequential`: one flag after another, no concurrency at all
 * - `threads`: a pool of worker threads, each of which downloads one flag after another
 * - `async`: one Ambit task per flag, so many at a time, in one thread
 * - `async-executor`: the same, but files are saved in a worker thread
 */
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";

/** The names of the engines, as `--engine` takes them. */
export const engineNames = ["sequential", "threads", "async", "async-executor"] as const;

export type EngineName = (typeof engineNames)[number];

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
   */
  download(plan: Plan, report: (outcome: Outcome) => void): Promise<void>;
}
