/*
 * The verdict on one program under `direct`, the production policy: which of those that are ready at one instant runs
 * first is not asyncio's order there, so only programs are judged whose outcome does not rest on that.
 *
 * Strategy: CPython runs the program in several orders of its ready queue. Where all give the same (each task's own
 * log, with its times), Ambit must too. Where Ambit differs, many more orders are tried before it counts: one that CPython
 * itself answers otherwise shows that the outcome rests on the order after all.
 */
import { agree } from "./compare.ts";
import type { CPython, Result, Schedule } from "./cpython.ts";
import type { Program } from "./program.ts";

/** First come, first served: asyncio's order. */
export const IN_ORDER: Schedule = { rules: false, seed: null };
/** With Ambit's rules in place of CPython's. */
export const BY_RULES: Schedule = { rules: true, seed: null };
/** Last come, first served: the order in which most outcomes change that can. */
export const REVERSED: Schedule = { rules: false, seed: 0 };
export const SHUFFLED: readonly Schedule[] = [1, 2, 3, 4].map((seed) => ({ rules: false, seed }));
export const ORDERS: readonly Schedule[] = [IN_ORDER, REVERSED, ...SHUFFLED];
/** So many more are tried where Ambit differs, so many at a time. */
const MORE = 4000;
const AT_ONCE = 20;
const FIRST_SEED = 100;

export type OrderVerdict = "agrees" | "rests on order" | "differs";

/** The log of each task by itself. */
export function byTask(result: Result): Result {
  const logs = new Map<string, string[]>();
  for (const line of result.log) {
    const who = line.slice(0, line.indexOf("|"));
    const log = logs.get(who);
    if (log === undefined) logs.set(who, [line]);
    else log.push(line);
  }
  const names = [...logs.keys()].sort();
  return { ...result, log: names.flatMap((name) => logs.get(name) as string[]) };
}

/** True when all orders give one outcome, and touch no deliberate difference. */
export function isFixed(results: readonly Result[]): boolean {
  if (results.some(({ notes }) => notes.length > 0)) return false;
  const first = JSON.stringify(outcome(results[0] as Result));
  return results.every((each) => JSON.stringify(outcome(each)) === first);
}

function outcome(result: Result): unknown {
  const { log, end, time } = byTask(result);
  return [log, end, time];
}

/** Judges a `direct` run by those on CPython in the {@link ORDERS}, which give one outcome. */
export function judgeOrder(
  python: CPython,
  program: Program,
  orders: readonly Result[],
  direct: Result,
): OrderVerdict {
  if (agree(byTask(orders[0] as Result), byTask(direct))) return "agrees";
  for (let seed = FIRST_SEED; seed < FIRST_SEED + MORE; seed += AT_ONCE) {
    const more = Array.from({ length: AT_ONCE }, (_, at) => ({ rules: false, seed: seed + at }));
    const [results = []] = python.run([program], more);
    if (!isFixed([...orders, ...results])) return "rests on order";
  }
  return "differs";
}
