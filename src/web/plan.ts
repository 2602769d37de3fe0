/*
 * Plan: a route as it is run: its pipeline, its limits, its rules for exceptions, all looked up once.
 */
import type { ExceptionRule } from "./handler.ts";
import type { TaskOptions } from "../core/task.ts";
import type { Pipeline } from "./pipeline.ts";
import type { MatchedRoute } from "./request.ts";
import type { OnDisconnect } from "./routeOptions.ts";

/** @internal */
export interface Plan {
  readonly pipeline: Pipeline;
  readonly rules: readonly ExceptionRule[];
  /** Null when there is none: the answer is that. */
  readonly route: MatchedRoute | null;
  /** How the task is made. */
  readonly task: TaskOptions;
  readonly onDisconnect: OnDisconnect;
  readonly bodyLimit: number;
  readonly bodyTimeout: number;
  readonly timeout: number;
  readonly timeoutStatus: 503 | 504;
}
