/*
 * Span: code points from a first to a last one, both included; and lists of them, in order and without overlap.
 */

/** The first and the last code point. */
export type Span = readonly [first: number, last: number];

/** How many code points that is. */
export function spanSize([first, last]: Span): number {
  return last - first + 1;
}

/** What two lists have in common; both in order, so is the result. */
export function commonSpans(some: readonly Span[], others: readonly Span[]): Span[] {
  const common: Span[] = [];
  let at = 0;
  for (const [first, last] of some) {
    while (at < others.length && (others[at] as Span)[1] < first) at++;
    for (let next = at; next < others.length; next++) {
      const [from, to] = others[next] as Span;
      if (from > last) break;
      common.push([Math.max(first, from), Math.min(last, to)]);
    }
  }
  return common;
}

/** The place of the span that holds a code point; -1 when none does. */
export function spanAt(
  spans: readonly (readonly [number, number, ...unknown[]])[],
  codePoint: number,
): number {
  let low = 0;
  let high = spans.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const [first, last] = spans[middle] as Span;
    if (codePoint < first) high = middle - 1;
    else if (codePoint > last) low = middle + 1;
    else return middle;
  }
  return -1;
}
