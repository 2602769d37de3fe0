/*
 * The interface between a download and what is said about it. A report gets everything it could want
 * and keeps no state, so that it is tested with plain objects.
 */
import type { DownloadOptions } from "../args/command.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import type { Tally } from "./tally.ts";

/** What a download says about itself. There is one report for people and one for programs. */
export interface Report {
  /** Before the first request. */
  begin(run: Run): void;
  /** The line for one flag, under `--verbose`. */
  line(outcome: Outcome): string;
  /** At the end, however it came. */
  end(run: Run, ending: Ending): void;
}

export interface Run {
  readonly options: DownloadOptions;
  readonly plan: Plan;
  /** How many flags are in the works at a time. */
  readonly concurrency: number;
  readonly tally: Tally;
}

export interface Ending {
  readonly elapsed: number;
  /** It was told to stop (Ctrl-C) before all was done. */
  readonly isStopped: boolean;
  /** Why the rest was given up, if it was. */
  readonly failure?: string;
}
