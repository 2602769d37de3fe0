/*
 * any: the first of several that succeeds.
 *
 * Unlike `Promise.any`, it leaves nothing running: the others are cancelled, and their ends are
 * waited for.
 */
import type { Awaitable, Outcome } from "../core/awaitable.ts";
import { ExceptionGroup } from "../core/exceptionGroup.ts";
import { Contest, expectCompetitors, type Judge } from "./contest.ts";

/**
 * Runs the items as tasks and gives the value of the first one that succeeds; the others are
 * cancelled and waited for.
 *
 * A function is run, a task or future is awaited (and cancelled, when it loses), a promise is
 * awaited. Failures of others are dropped; one that was cancelled by itself has failed.
 *
 * **Cancellation:** cancels all items, waits for their ends and passes on. One that comes when there is
 * a winner already is left for the next wait: the value is not lost.
 *
 * @param items at least one function, task, future or promise
 * @throws {@link ExceptionGroup} when all fail; `errors` has their failures in the order of the items
 * @throws RangeError when there are no items
 *
 * @example
 * ```ts
 * import { any, sleep } from "ambit";
 *
 * const broken = async () => {
 *   throw new Error("mirror is down");
 * };
 * await any([broken, () => sleep(1, "mirror 2")]); // => "mirror 2"
 * ```
 */
export async function any<const Items extends readonly Awaitable<unknown>[]>(
  items: Items,
): Promise<Outcome<Items[number]>> {
  expectCompetitors(items);
  return new Contest<unknown>("any").hold(items, new FirstSuccess()) as Promise<
    Outcome<Items[number]>
  >;
}

class FirstSuccess implements Judge<unknown> {
  readonly #errors: unknown[] = [];

  succeeded(contest: Contest<unknown>, value: unknown): void {
    contest.win(value);
  }

  failed(contest: Contest<unknown>, error: unknown, _cancelled: boolean, index: number): void {
    this.#errors[index] = error;
    if (contest.running > 0) return;
    contest.lose(new ExceptionGroup(this.#errors, `all ${this.#errors.length} have failed`));
  }
}
