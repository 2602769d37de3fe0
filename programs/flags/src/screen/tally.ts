/*
 * The memory of a run: what became of each flag.
 */
import type { Outcome, Status } from "../transfer/outcome.ts";

/** Keeps the outcomes of a run in the order they came in, and counts them by status. */
export class Tally {
  readonly outcomes: Outcome[] = [];
  readonly counts: Record<Status, number> = { ok: 0, "not found": 0, error: 0 };

  add(outcome: Outcome): void {
    this.outcomes.push(outcome);
    this.counts[outcome.status]++;
  }

  get done(): number {
    return this.outcomes.length;
  }

  /** What the run's exit code is: 1 if there were errors; "not found" is an answer, not an error. */
  get exitCode(): 0 | 1 {
    return this.counts.error > 0 ? 1 : 0;
  }
}
