/*
 * What makes a pool one of threads or of processes.
 */
import type { BrokenExecutor } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Medium } from "./medium.ts";
import type { PoolWorkerPlan } from "./poolWorkerPlan.ts";

/** @internal */
export interface PoolPlan<L extends Link> extends PoolWorkerPlan<L> {
  /** The executor itself, for error messages. */
  readonly executor: object;
  readonly maxWorkers: number;
  /** Whether its workers can be heard while the loop stands still. */
  readonly drives: boolean;
  /** Of its workers' names. */
  readonly prefix: string;
  readonly medium: Medium;
  /** Idle workers beyond so many are ended. */
  readonly minWorkers: number;
  /** The error of a pool that is broken. */
  breakage(cause: unknown): BrokenExecutor;
}
