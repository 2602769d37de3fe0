/*
 * Matches: the code points that a query found, in order: single ones and whole ranges, which are not written out.
 *
 * A page from anywhere in the middle costs no more than the first one.
 */
import { type Span, spanSize } from "../names/span.ts";
import { placeOf } from "./numberList.ts";

/** A stretch of the result: of the list of single ones, or a range. */
interface Stretch {
  /** How many matches stand before it. */
  readonly before: number;
  readonly size: number;
  readonly codePointAt: (at: number) => number;
}

/** What was found. */
export class Matches {
  readonly count: number;
  readonly #stretches: Stretch[] = [];

  /**
   * @param singles code points in order, none of which is in a range
   * @param ranges in order
   */
  constructor(singles: Uint32Array, ranges: readonly Span[]) {
    let before = 0;
    const add = (size: number, codePointAt: Stretch["codePointAt"]) => {
      if (size > 0) this.#stretches.push({ before, size, codePointAt });
      before += size;
    };
    let at = 0;
    for (const range of [...ranges, [Infinity, Infinity] as const]) {
      const from = at;
      at = placeOf(singles, range[0], at);
      add(at - from, (place) => singles[from + place] as number);
      if (range[0] !== Infinity) add(spanSize(range), (place) => range[0] + place);
    }
    this.count = before;
  }

  /** The code points from place `start` on, `limit` of them at most. */
  page(start: number, limit: number): number[] {
    const end = Math.min(start + limit, this.count);
    const found: number[] = [];
    for (const { before, size, codePointAt } of this.#stretches) {
      if (before >= end) break;
      const from = Math.max(start - before, 0);
      const to = Math.min(end - before, size);
      for (let at = from; at < to; at++) found.push(codePointAt(at));
    }
    return found;
  }
}
