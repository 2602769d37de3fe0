/*
 * How many steps have run since virtual time moved last: tells a program that loops without sleeping.
 *
 * Strategy: a count; near the limit it also counts who runs, so that the report can name them.
 */
import type { Turn, TurnNames } from "./schedule.ts";

/** For so many steps before the limit it is counted who runs. */
const LATE = 1000;
/** After the first alarm the program gets so many steps at most to obey its cancel. */
const MORE = 10_000;
/** So many are named, of those that ran at least a so-many-th as often as the busiest. */
const NAMED = 3;
const WORTH = 20;

/** @internal */
export class StepCount {
  #limit: number;
  #count = 0;
  readonly #runs = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The steps at this instant. */
  get count(): number {
    return this.#count;
  }

  /** Counts a step; true when there are too many, once for each limit. */
  add(turn: Turn, names: TurnNames): boolean {
    this.#count++;
    if (this.#count <= this.#limit - LATE) return false;
    const name = names.of(turn);
    this.#runs.set(name, (this.#runs.get(name) ?? 0) + 1);
    if (this.#count <= this.#limit) return false;
    this.#limit = this.#count + Math.min(this.#limit, MORE);
    return true;
  }

  timeMoved(): void {
    this.#count = 0;
    this.#runs.clear();
  }

  /** Who ran most of late: `spinner (sleep)`. */
  busiest(): string {
    const byRuns = [...this.#runs].sort(([, one], [, other]) => other - one);
    const most = byRuns[0]?.[1] ?? 0;
    return byRuns
      .filter(([, runs]) => runs * WORTH >= most)
      .slice(0, NAMED)
      .map(([name]) => name)
      .join(", ");
  }
}
