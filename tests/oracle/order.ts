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

/** First come, last come, and some at random. */
export const ORDERS: readonly Schedule[] = [null, 0, 1, 2, 3, 4].map((seed) => ({ rules: false, seed }));
const MORE = 400;

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

/** Judges a `direct` run by those on CPython in the {@link ORDERS}. */
export function judgeOrder(
  python: CPython,
  program: Program,
  orders: readonly Result[],
  direct: Result,
): OrderVerdict {
  if (!isFixed(orders)) return "rests on order";
  if (agree(byTask(orders[0] as Result), byTask(direct))) return "agrees";
  const more = Array.from({ length: MORE }, (_, index) => ({ rules: false, seed: 100 + index }));
  const [results = []] = python.run([program], more);
  return isFixed([...orders, ...results]) ? "differs" : "rests on order";
}
