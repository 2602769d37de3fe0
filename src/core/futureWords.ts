/*
 * What `util.inspect` prints of a future, in asyncio's words: its state, its outcome, who is called when it is done and,
 * in debug mode, where it was made.
 */
import { inspect } from "node:util";
import { DoneCallback } from "./doneCallback.ts";
import { functionWords } from "./handle.ts";
import type { Waiter } from "./join.ts";
import { framesOf } from "./places.ts";

/** @internal */
export interface Printed {
  readonly state: string;
  readonly outcome: unknown;
  readonly waiters: Waiter | Set<Waiter> | null;
}

/** `pending`, `cb=[f at file:line]`, `created at file:line`; `finished`, `result=42`. @internal */
export function futureWords(future: Printed): string[] {
  return [...outcomeWords(future), ...callbackWords(future.waiters), ...createdWords(future)];
}

/** The state and the outcome alone. @internal */
export function stateWords(future: Printed): string {
  return outcomeWords(future).join(" ");
}

function outcomeWords({ state, outcome }: Printed): string[] {
  if (state === "fulfilled") return ["finished", `result=${resultWords(outcome)}`];
  if (state === "rejected") return ["finished", `exception=${String(outcome)}`];
  return [state];
}

let withinResult = false;

/** A result may hold futures whose results hold it again: of those within a result, the result is left out. */
function resultWords(result: unknown): string {
  if (withinResult) return "...";
  withinResult = true;
  try {
    return inspect(result, { depth: 0 });
  } finally {
    withinResult = false;
  }
}

/** The first and the last of them, and how many are between. */
function callbackWords(waiters: Waiter | Set<Waiter> | null): string[] {
  const all = waiters instanceof Set ? [...waiters] : [waiters];
  const callbacks = all.filter((waiter) => waiter instanceof DoneCallback);
  const [first] = callbacks;
  const last = callbacks.at(-1);
  if (first === undefined || last === undefined) return [];
  const words = [functionWords(first.callback)];
  if (callbacks.length > 2) words.push(`<${callbacks.length - 2} more>`);
  if (callbacks.length > 1) words.push(functionWords(last.callback));
  return [`cb=[${words.join(", ")}]`];
}

function createdWords(future: object): string[] {
  const [created] = framesOf(future);
  return created === undefined ? [] : [`created at ${created.place}`];
}
