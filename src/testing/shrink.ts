/*
 * Shrinks a failing schedule to few deviations.
 *
 * Strategy: first deviations are dropped, in halves, quarters and so on, for as long as the program still fails in the
 * same way; what is left needs each of its deviations. A deviation means who goes first, not in which place of the line
 * they stand, for places shift when others are dropped. Where several are left, one of them alone may do, at an earlier
 * point; and then all schedules with fewer deviations are tried.
 * Limits: all of that within a budget of runs. When it suffices, no schedule with fewer deviations fails.
 */
import type { TaskBody } from "../core/task.ts";
import { type Bounds, type Explored, explore, NondeterminismError } from "./exploration.ts";
import {
  type Deviations,
  deviationsOf,
  lenientPicker,
  record,
  type RecordedRun,
} from "./recordedRun.ts";
import { headOf } from "./replay.ts";
import type { RunSettings } from "./virtualRun.ts";

/** So many runs are spent on each of the three ways. */
const BUDGET = 500;

/** A failing run with as few deviations as could be found; at worst the one given. @internal */
export async function shrink(
  program: TaskBody<unknown>,
  failing: RecordedRun,
  settings: RunSettings,
): Promise<RecordedRun> {
  const shrinking = new Shrinking(program, failing, settings);
  await shrinking.drop();
  await shrinking.pullForward();
  const count = sizeOf(shrinking.best);
  let budget = BUDGET;
  for (let most = 0; most < count && budget > 0; most++) {
    const bounds = { maxSchedules: budget, maxDeviations: most };
    const { failed, schedules } = await exploreAsFarAsItGoes(program, bounds, settings);
    if (failed !== null && isSame(failed, failing)) return failed;
    budget -= schedules;
  }
  return shrinking.best;
}

async function exploreAsFarAsItGoes(
  program: TaskBody<unknown>,
  bounds: Bounds,
  settings: RunSettings,
): Promise<Pick<Explored, "failed" | "schedules">> {
  try {
    return await explore(program, bounds, settings);
  } catch (error) {
    // What cannot be explored stays as it is.
    if (error instanceof NondeterminismError) return { failed: null, schedules: BUDGET };
    throw error;
  }
}

class Shrinking {
  readonly #program: TaskBody<unknown>;
  readonly #settings: RunSettings;
  readonly #original: RecordedRun;
  /** The smallest failing run so far. */
  best: RecordedRun;
  #runs = 0;

  constructor(program: TaskBody<unknown>, failing: RecordedRun, settings: RunSettings) {
    this.#program = program;
    this.#settings = settings;
    this.#original = this.best = failing;
  }

  /** Drops deviations in ever smaller groups, until each single one is needed. */
  async drop(): Promise<void> {
    this.#runs = 0;
    let size = sizeOf(this.best);
    while (size >= 1 && this.#runs < BUDGET) {
      const dropped = await this.#dropGroups(size);
      if (!dropped) size = size === 1 ? 0 : Math.ceil(size / 2);
      else size = Math.min(size, sizeOf(this.best));
    }
  }

  /** Tries each deviation by itself at every earlier point: who overtakes one after the other may do it at once. */
  async pullForward(): Promise<void> {
    this.#runs = 0;
    // The last one is most likely the one that tips the scales.
    const all = [...deviationsOf(this.best.points)].reverse();
    if (all.length < 2) return;
    for (const [last, runs] of all) {
      for (let point = 0; point <= last && this.#runs < BUDGET; point++)
        if (await this.#stillFails(new Map([[point, runs]]))) return;
    }
  }

  async #dropGroups(size: number): Promise<boolean> {
    const all = [...deviationsOf(this.best.points)];
    for (let from = 0; from < all.length && this.#runs < BUDGET; from += size) {
      const kept = new Map([...all.slice(0, from), ...all.slice(from + size)]);
      if (await this.#stillFails(kept)) return true;
    }
    return false;
  }

  async #stillFails(deviations: Deviations): Promise<boolean> {
    this.#runs++;
    const run = await record(this.#program, lenientPicker(deviations), this.#settings);
    const fewer = sizeOf(run) < sizeOf(this.best);
    if (!fewer || !isSame(run, this.#original)) return false;
    this.best = run;
    return true;
  }
}

function sizeOf({ points }: RecordedRun): number {
  return deviationsOf(points).size;
}

/** Whether two runs fail in the same way: numbers and names of what waits may differ with the order. */
function isSame(one: RecordedRun, other: RecordedRun): boolean {
  return kindOf(one) === kindOf(other);
}

function kindOf({ failure }: RecordedRun): string {
  return failure === null ? "" : headOf(failure.error).replaceAll(/\d+/g, "#");
}
