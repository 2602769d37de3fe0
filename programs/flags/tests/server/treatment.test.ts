import { expect, test } from "vitest";

import { FlagImages } from "../../src/catalogue/flagImages.ts";
import { selectCodes } from "../../src/selection.ts";
import { treatmentOf, type Treatment } from "../../src/server/treatment.ts";

const codes = new FlagImages().codes;
const error = (seed: number) => treatmentOf("ERROR", seed);

/** How many of all thinkable flags with 5 seeds are treated so. */
function share(has: (treatment: Treatment) => boolean): number {
  const every = selectCodes("every", () => []);
  const treatments = [1, 2, 3, 4, 5].flatMap((seed) =>
    every.map((code) => error(seed)("flag", code)),
  );
  return treatments.filter(has).length / treatments.length;
}

test("LOCAL answers at once, DELAY after a second, both without faults", () => {
  expect(treatmentOf("LOCAL", 1)("flag", "BR")).toEqual({ delay: 0 });
  expect(treatmentOf("DELAY", 1)("facts", "BR")).toEqual({ delay: 1000 });
});

test("the same seed treats the same request the same way, whatever was asked before", () => {
  const [one, other] = [error(7), error(7)];
  const there = codes.map((code) => one("flag", code));
  const back = codes.toReversed().map((code) => other("flag", code));
  expect(back.reverse()).toEqual(there);
});

test("another seed, and the other kind of request, have other faults", () => {
  const flags = codes.map((code) => error(7)("flag", code));
  expect(codes.map((code) => error(8)("flag", code))).not.toEqual(flags);
  expect(codes.map((code) => error(7)("facts", code))).not.toEqual(flags);
});

test("a quarter fails, in three ways alike, and a half is late", () => {
  expect(Math.abs(share(({ fault }) => fault !== undefined) - 1 / 4)).toBeLessThan(0.02);
  expect(Math.abs(share(({ delay }) => delay === 500) - 1 / 2)).toBeLessThan(0.02);
  for (const kind of ["unavailable", "reset", "cut"]) {
    expect(Math.abs(share(({ fault }) => fault === kind) - 1 / 12)).toBeLessThan(0.02);
  }
});
