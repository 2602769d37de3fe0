/*
 * Shrinks a failing schedule to few deviations.
 *
 * Strategy: first deviations are dropped, in halves, quarters and so on, for as long as the program still fails in the
 * same way; what is left needs each of its deviations. Then all schedules with fewer deviations than that are tried, as
 * far as the budget goes: a smaller one may lie elsewhere. When the budget sufficed, none is smaller.
 */
import type { TaskBody } from "../core/task.ts";
import { explore } from "./exploration.ts";
import {
  type Deviations,
  deviationsOf,
  lenientPicker,
  record,
  type RecordedRun,
} from "./recordedRun.ts";
import { headOf } from "./replay.ts";
import type { RunSettings } from "./virtualRun.ts";

/** So many runs are spent on each of the two ways. */
const BUDGET = 500;

/** A failing run with as few deviations as could be found; at worst the one given. @internal */
export async function shrink(
  program: TaskBody<unknown>,
  failing: RecordedRun,
  settings: RunSettings,
): Promise<RecordedRun> {
  const smaller = await new Shrinking(program, failing, settings).drop();
  const count = deviationsOf(smaller.points).size;
  for (let most = 0; most < count; most++) {
    const bounds = { maxSchedules: BUDGET, maxDeviations: most };
    const { failed } = await explore(program, bounds, settings).catch(() => ({ failed: null }));
    if (failed !== null && isSame(failed, failing)) return failed;
  }
  return smaller;
}

class Shrinking {
  readonly #program: TaskBody<unknown>;
  readonly #settings: RunSettings;
  readonly #original: RecordedRun;
  #best: RecordedRun;
  #runs = 0;

  constructor(program: TaskBody<unknown>, failing: RecordedRun, settings: RunSettings) {
    this.#program = program;
    this.#settings = settings;
    this.#original = this.#best = failing;
  }

  /** Drops deviations in ever smaller groups, until each single one is needed. */
  async drop(): Promise<RecordedRun> {
    let size = deviationsOf(this.#best.points).size;
    while (size >= 1 && this.#runs < BUDGET) {
      const dropped = await this.#dropGroups(size);
      if (!dropped) size = size === 1 ? 0 : Math.ceil(size / 2);
      else size = Math.min(size, deviationsOf(this.#best.points).size);
    }
    return this.#best;
  }

  async #dropGroups(size: number): Promise<boolean> {
    const all = [...deviationsOf(this.#best.points)];
    for (let from = 0; from < all.length && this.#runs < BUDGET; from += size) {
      const kept = new Map([...all.slice(0, from), ...all.slice(from + size)]);
      if (await this.#stillFails(kept)) return true;
    }
    return false;
  }

  async #stillFails(deviations: Deviations): Promise<boolean> {
    this.#runs++;
    const run = await record(this.#program, lenientPicker(deviations), this.#settings);
    const fewer = deviationsOf(run.points).size < deviationsOf(this.#best.points).size;
    if (!fewer || !isSame(run, this.#original)) return false;
    this.#best = run;
    return true;
  }
}

/** Whether two runs fail in the same way: numbers and names of what waits may differ with the order. */
function isSame(one: RecordedRun, other: RecordedRun): boolean {
  return kindOf(one) === kindOf(other);
}

function kindOf({ failure }: RecordedRun): string {
  return failure === null ? "" : headOf(failure.error).replaceAll(/\d+/g, "#");
}
