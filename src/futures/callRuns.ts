/*
 * Calls in one message, as a flat list of runs.
 *
 * Strategy: most calls of a batch differ from the one before in their arguments alone, and follow it in number: they are told
 * by their arguments, one after the other, behind one head for all of them. An object for each would be told with the names
 * of its fields.
 */
import type { CallMessage, Variables } from "./protocol.ts";
import type { Manners } from "./talk.ts";

/** Where the number of calls stands in the head of a run, which the arguments follow. */
const COUNT = 6;

/** @internal */
export function flatCalls(calls: readonly CallMessage[]): unknown[] {
  const flat: unknown[] = [];
  let first: CallMessage | null = null;
  let count = 0;
  let head = 0;
  for (const call of calls) {
    if (first !== null && continues(first, count, call)) flat[head + COUNT] = ++count;
    else {
      first = call;
      count = 1;
      head = flat.length;
      flat.push(call.id, call.fn, call.args.length, call.how, call.variables, call.caller, count);
    }
    for (const arg of call.args) flat.push(arg);
  }
  return flat;
}

function continues(first: CallMessage, count: number, call: CallMessage): boolean {
  return (
    call.id === first.id + count &&
    call.fn === first.fn &&
    call.args.length === first.args.length &&
    call.how === first.how &&
    call.variables === first.variables &&
    call.caller === first.caller
  );
}

/** The calls in a flat list, put behind those that wait. @internal */
export function takeCalls(flat: readonly unknown[], waiting: CallMessage[]): void {
  for (let at = 0; at < flat.length;) {
    const id = flat[at] as number;
    const fn = flat[at + 1] as number;
    const size = flat[at + 2] as number;
    const how = flat[at + 3] as boolean | Manners;
    const variables = flat[at + 4] as Variables | null;
    const caller = flat[at + 5] as string;
    const count = flat[at + COUNT] as number;
    at += COUNT + 1;
    for (let of = 0; of < count; of++, at += size) {
      waiting.push({ id: id + of, fn, args: flat.slice(at, at + size), how, variables, caller });
    }
  }
}
