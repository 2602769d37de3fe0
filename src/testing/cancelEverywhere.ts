/*
 * Cancels a scenario at each of its await points, one run per point.
 *
 * Strategy: task events tell of every wait that begins. Run k cancels the task that begins the k-th wait, one turn
 * later, while it is suspended; the runs end with the first that has fewer than k waits. The scenario checks its own
 * invariants (nothing lost, nothing doubled) at its end and throws where one is broken.
 * Limits: a scenario must be deterministic; waits of code that is no task are not counted.
 */
import { expectFunction } from "../core/arguments.ts";
import type { TaskEvent } from "../core/diagnostics.ts";
import { isCancelled } from "../core/errors.ts";
import { hearChannels } from "../core/hearChannels.ts";
import type { Loop } from "../core/loop.ts";
import { ambientScope, getRunningLoop } from "../core/scope.ts";
import { Task } from "../core/task.ts";
import { runVirtual } from "./runVirtual.ts";

/** Which tasks are cancelled, and under which schedule. */
export interface CancelEverywhereOptions {
  /** Only waits of tasks for which this is true are await points. Default: all tasks. */
  readonly only?: (task: Task<unknown>) => boolean;
  /** Seed of the schedule; left out, first come, first served. */
  readonly seed?: number;
  /** Fails when there are more await points than this, instead of going on for ever. Default 1000. */
  readonly most?: number;
}

const CHANNEL = "ambit:task.waiting";

/**
 * Runs `scenario` in virtual time again and again, cancelling at the first await point, the second, and so on; returns
 * how many there were. A CancelledError that leaves the scenario is expected; any other error fails, with the number
 * of the await point in its message.
 *
 * **Cancellation:** of the caller: cancels the run that is under way, and passes on.
 *
 * @example
 * ```ts
 * import { sleep } from "ambit";
 * import { cancelEverywhere } from "ambit/testing";
 *
 * let open = 0;
 * const points = await cancelEverywhere(async () => {
 *   open++;
 *   try {
 *     await sleep(1);
 *     await sleep(1);
 *   } finally {
 *     open--;
 *   }
 * });
 * [points, open]; // => [2, 0]
 * ```
 */
export async function cancelEverywhere(
  scenario: () => PromiseLike<unknown>,
  options: CancelEverywhereOptions = {},
): Promise<number> {
  expectFunction("scenario", scenario);
  const { most = 1000 } = options;
  for (let point = 1; point <= most; point++) {
    const reached = await cancelAt(scenario, point, options);
    if (!reached) return point - 1;
  }
  throw new RangeError(
    `cancelEverywhere: the scenario has more than ${most} await points: raise \`most\``,
  );
}

async function cancelAt(
  scenario: () => PromiseLike<unknown>,
  point: number,
  { only, seed }: CancelEverywhereOptions,
): Promise<boolean> {
  let count = 0;
  let loop: Loop | null = null;
  const body = (): PromiseLike<unknown> => {
    loop = getRunningLoop();
    return scenario();
  };
  const onWaiting = (message: unknown): void => {
    const { task } = message as TaskEvent;
    // Tasks on other loops, such as who calls this, are none of the scenario's.
    if (!(task instanceof Task) || task.getLoop() !== loop || (only !== undefined && !only(task)))
      return;
    if (++count === point) task.getLoop().callSoon(() => void task.cancel(`await point ${point}`));
  };
  const stop = hearChannels({ [CHANNEL]: onWaiting });
  const scope = ambientScope();
  const before = scope.metCancels();
  try {
    await runVirtual(body, seed === undefined ? {} : { seed });
  } catch (error) {
    if (scope.metCancels() > before) throw error;
    if (!isCancelled(error))
      throw new Error(`cancelled at await point ${point}: ${String(error)}`, { cause: error });
  } finally {
    stop();
  }
  return count >= point;
}
