/*
 * race: the first of several that ends, well or badly.
 *
 * Unlike `Promise.race`, it leaves nothing running: the others are cancelled, and their ends are
 * waited for.
 */
import type { Awaitable, Outcome } from "../core/awaitable.ts";
import { getRunningLoop } from "../core/scope.ts";
import { currentTask } from "../core/currentTask.ts";
import type { Task } from "../core/task.ts";
import { Contest, expectCompetitors, type Judge } from "./contest.ts";

/**
 * Runs the items as tasks and gives what the first one to end gives, or throws what it throws; the
 * others are cancelled and waited for.
 *
 * A function is run, a task or future is awaited (and cancelled, when it loses), a promise is
 * awaited. What others throw after a winner's value goes to the exception handler; after a winner's
 * failure, `suppressedErrors` finds it.
 *
 * **Cancellation:** cancels all items, waits for their ends and passes on. One that comes when there is
 * a winner already is left for the next wait: the value is not lost.
 *
 * @param items at least one function, task, future or promise
 * @throws what the first one to end throws
 * @throws RangeError when there are no items
 *
 * @example
 * ```ts
 * import { race, sleep } from "ambit";
 *
 * await race([() => sleep(60_000, "slow"), () => sleep(1, "fast")]); // => "fast"
 * ```
 */
export async function race<const Items extends readonly Awaitable<unknown>[]>(
  items: Items,
): Promise<Outcome<Items[number]>> {
  expectCompetitors(items);
  return new Contest<unknown>("race").hold(items, FIRST_END) as Promise<Outcome<Items[number]>>;
}

const FIRST_END: Judge<unknown> = {
  succeeded(contest, value) {
    contest.win(value);
  },
  failed(contest, error, cancelled) {
    if (cancelled) {
      contest.lose(error);
    } else if (contest.won) {
      reportLoser(error);
    } else {
      // Fails the group, which keeps the first failure and attaches the others to it.
      contest.concede();
      throw error;
    }
  },
};

function reportLoser(error: unknown): void {
  getRunningLoop().callExceptionHandler({
    message: "one that had lost a race failed when it was cancelled",
    exception: error,
    task: currentTask() as Task<unknown>,
  });
}
