import * as fc from "fast-check";
import { expect, test } from "vitest";

import { commonSpans, type Span, spanAt } from "../../src/names/span.ts";

/** Spans in order without overlap, from the places where they begin and end. */
const spans = fc
  .uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 12 })
  .map((places) => places.sort((one, other) => one - other))
  .map((places) =>
    places.flatMap((each, at): Span[] =>
      at % 2 === 0 ? [[each, (places[at + 1] ?? 61) - 1]] : [],
    ),
  );

const membersOf = (some: readonly Span[]) =>
  Array.from({ length: 62 }, (_, each) => each).filter((each) =>
    some.some(([first, last]) => first <= each && each <= last),
  );

test("what two lists have in common is what is in both", () => {
  fc.assert(
    fc.property(spans, spans, (some, others) => {
      const both = membersOf(some).filter((each) => membersOf(others).includes(each));
      expect(membersOf(commonSpans(some, others))).toEqual(both);
    }),
  );
});

test("the span that holds a code point is found", () => {
  fc.assert(
    fc.property(spans, fc.integer({ min: 0, max: 61 }), (some, each) => {
      const found = some.findIndex(([first, last]) => first <= each && each <= last);
      expect(spanAt(some, each)).toBe(found);
    }),
  );
});
