/*
 * An engine at work in front of an audience: the progress bar, the lines above it, the tally and the
 * clock. Both commands run engines through this, so that they measure the same thing.
 */
import { ProgressBar, type Terminal } from "../screen/progressBar.ts";
import type { Tally } from "../screen/tally.ts";
import type { Outcome } from "../transfer/outcome.ts";
import type { Plan } from "../transfer/plan.ts";
import type { Engine } from "./engine.ts";

/** Runs an engine with a progress bar on `terminal`, fills the tally, and takes the time. */
export class TimedRun {
  /** Milliseconds; complete when {@link go} has ended, well or badly. */
  elapsed = 0;
  readonly #engine: Engine;
  readonly #plan: Plan;
  readonly #tally: Tally;
  readonly #bar: ProgressBar;

  constructor(engine: Engine, plan: Plan, tally: Tally, terminal: Terminal, lines: Terminal) {
    this.#engine = engine;
    this.#plan = plan;
    this.#tally = tally;
    const progress = () => ({
      label: engine.name,
      total: plan.codes.length,
      done: tally.done,
      notFound: tally.counts["not found"],
      errors: tally.counts.error,
    });
    this.#bar = new ProgressBar(terminal, progress, (line) => lines.write(`${line}\n`));
  }

  /** @param line the line to print for an outcome, if there is one */
  async go(line?: (outcome: Outcome) => string): Promise<void> {
    const start = performance.now();
    this.#bar.start();
    try {
      await this.#engine.download(this.#plan, (outcome) => {
        this.#tally.add(outcome);
        if (line) this.#bar.print(line(outcome));
      });
    } finally {
      this.elapsed = performance.now() - start;
      this.#bar.stop();
    }
  }
}
