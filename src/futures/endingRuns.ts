/*
 * Endings in one message, as a flat list of runs: results of calls that follow each other in number, behind one head.
 *
 * Strategy: times travel as whole microseconds, which cost a byte or two where a fraction costs nine. Of a run the mean is told;
 * a call that took long, or threw, is a run of its own, so that nobody misses it.
 */
import type { Ending } from "./protocol.ts";
import type { ThrownParcel } from "./parcel.ts";

/** A call that took less is told together with others, in milliseconds. */
const SHORT = 0.25;
/** In the place of a count: what follows was thrown. */
const THROWN = 0;
/** In the head of a run, which the results follow. */
const TOOK = 1;
const COUNT = 2;

/** @internal */
export function flatEndings(endings: readonly Ending[]): unknown[] {
  const flat: unknown[] = [];
  let head = 0;
  let count = 0;
  let took = 0;
  for (const ending of endings) {
    if ("thrown" in ending) {
      flat.push(ending.id, micros(ending.took), THROWN, ending.thrown);
      count = 0;
      continue;
    }
    const short = ending.took < SHORT;
    if (short && count > 0 && ending.id === (flat[head] as number) + count) {
      flat[head + COUNT] = ++count;
      took += ending.took;
      flat[head + TOOK] = micros(took / count);
    } else {
      head = flat.length;
      took = ending.took;
      count = short ? 1 : 0;
      flat.push(ending.id, micros(took), 1);
    }
    flat.push(ending.value);
  }
  return flat;
}

function micros(milliseconds: number): number {
  return Math.round(milliseconds * 1000);
}

/** Calls back with each ending of a flat list. @internal */
export function eachEnding(flat: readonly unknown[], ended: (ending: Ending) => void): void {
  for (let at = 0; at < flat.length;) {
    const id = flat[at] as number;
    const took = (flat[at + TOOK] as number) / 1000;
    const count = flat[at + COUNT] as number;
    at += COUNT + 1;
    if (count === THROWN) ended({ id, took, thrown: flat[at++] as ThrownParcel });
    for (let of = 0; of < count; of++) ended({ id: id + of, took, value: flat[at++] });
  }
}
