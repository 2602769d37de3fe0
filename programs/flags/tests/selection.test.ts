import { expect, test } from "vitest";

import { mostPopulous } from "../src/catalogue/populous.ts";
import { expandCodes, selectCodes } from "../src/selection.ts";

const all = () => ["AD", "BR", "ZW"];

test("a first letter stands for all codes that begin with it", () => {
  const codes = expandCodes(["b"]);
  expect(codes).toHaveLength(26);
  expect(codes[0]).toBe("BA");
  expect(codes.at(-1)).toBe("BZ");
});

test("selected codes are sorted, and each is there once", () => {
  expect(selectCodes(expandCodes(["US", "br", "US", "CA"]), all)).toEqual(["BR", "CA", "US"]);
});

test("a limit keeps the first codes in alphabetical order", () => {
  expect(selectCodes(["US", "BR", "CA"], all, 2)).toEqual(["BR", "CA"]);
  expect(selectCodes("all", all, 1)).toEqual(["AD"]);
});

test("`every` is all pairs of letters, `all` is what there is", () => {
  const every = selectCodes("every", all);
  expect(every).toHaveLength(676);
  expect([every[0], every.at(-1)]).toEqual(["AA", "ZZ"]);
  expect(selectCodes("all", all)).toEqual(all());
});

test("the usual flags are those of the 20 most populous countries", () => {
  expect(new Set(mostPopulous).size).toBe(20);
  expect(selectCodes("populous", all)).toEqual([...mostPopulous].sort());
});
