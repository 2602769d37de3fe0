/*
 * staggeredRace: one attempt after the other, without waiting for the one before for longer than a while (hedging; the
 * engine of "happy eyeballs", RFC 8305, which CPython keeps private).
 *
 * Strategy: the body of a task group starts the next function when the one before has failed or has taken longer than
 * the delay; the first that succeeds cancels the group, which waits for the losers' ends. Each function's end is noted
 * where it happens, so nothing of them fails the group.
 */
import { expectFunction, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { cancelled } from "../core/cancellation.ts";
import { Future } from "../core/future.ts";
import { ambientScope } from "../core/scope.ts";
import { taskGroup, type TaskGroup } from "../core/taskGroup.ts";
import { endOfDecided } from "../core/unwinding.ts";
import { after, select } from "./select.ts";

/** When `staggeredRace` starts the next function. */
export interface StaggeredRaceOptions {
  /**
   * Milliseconds after which the next function is started though the one before has not failed. Infinity, the default:
   * only when it has failed, one at a time.
   */
  readonly delay?: number;
}

/** What came of a staggered race. */
export type StaggeredRaceResult<T> = {
  /**
   * What each function that was started failed with, in their order; undefined for the winner, a CancelledError for those
   * that were cut short.
   */
  readonly errors: readonly unknown[];
} & (
  | { readonly winner: T; readonly index: number }
  /** No function succeeded. */
  | { readonly winner: undefined; readonly index: null }
);

/**
 * Runs the functions with staggered starts and gives the value of the first that succeeds (`asyncio.staggered`'s
 * `staggered_race`); the others are cancelled and waited for.
 *
 * The next function is started when the one before has failed, or has taken longer than `delay`. When all fail, nothing is
 * thrown: `index` is null, and `errors` has the failures.
 *
 * **Cancellation:** cancels all that run, waits for their ends and passes on. One that comes when there is a winner already
 * is left for the next wait: the value is not lost.
 *
 * @throws TypeError when `functions` is not iterable or has something else than functions
 * @throws RangeError when `delay` is NaN
 *
 * @example
 * ```ts
 * import { sleep, staggeredRace } from "ambit";
 *
 * const ask = (ms: number) => () => sleep(ms, `answer after ${ms}`);
 * const { winner, index } = await staggeredRace([ask(60_000), ask(10), ask(10)], { delay: 100 });
 * [winner, index]; // => ["answer after 10", 1]
 * ```
 */
export async function staggeredRace<F extends () => unknown>(
  functions: Iterable<F>,
  options: StaggeredRaceOptions = {},
): Promise<StaggeredRaceResult<Awaited<ReturnType<F>>>> {
  if (typeof functions?.[Symbol.iterator] !== "function")
    throw wrongType("functions", "an iterable of functions", functions);
  const { delay = Infinity } = options;
  expectMilliseconds("options.delay", delay);
  const list = [...functions];
  for (const [index, each] of list.entries()) expectFunction(`functions[${index}]`, each);
  type Winner = Awaited<ReturnType<F>>;
  return new StaggeredRace(list as (() => Winner | PromiseLike<Winner>)[], delay).run();
}

class StaggeredRace<T> {
  readonly #functions: readonly (() => T | PromiseLike<T>)[];
  readonly #delay: number;
  readonly #errors: unknown[] = [];
  #won: { readonly winner: T; readonly index: number } | null = null;

  constructor(functions: readonly (() => T | PromiseLike<T>)[], delay: number) {
    this.#functions = functions;
    this.#delay = delay;
  }

  async run(): Promise<StaggeredRaceResult<T>> {
    const racing = taskGroup((group) => this.#start(group));
    await endOfDecided(racing, () => this.#won !== null, ambientScope());
    return { ...(this.#won ?? { winner: undefined, index: null }), errors: this.#errors };
  }

  async #start(group: TaskGroup): Promise<void> {
    for (const [index, run] of this.#functions.entries()) {
      const failed = new Future<void>();
      this.#errors.push(undefined);
      group.spawn(() => this.#attempt(index, failed, group), { shows: run });
      await select({ failed, later: after(this.#delay) });
    }
  }

  async #attempt(index: number, failed: Future<void>, group: TaskGroup): Promise<void> {
    try {
      const winner = await (this.#functions[index] as () => T | PromiseLike<T>)();
      if (this.#won !== null) throw cancelled("another one has won the race");
      this.#won = { winner, index };
      group.cancel("another one has won the race");
    } catch (error) {
      this.#errors[index] = error;
      failed.setResult();
    }
  }
}
