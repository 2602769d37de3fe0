import { expect, test } from "vitest";

import { hexOf } from "../../src/names/codePoint.ts";
import { hangulSyllables, syllableName, syllablesNamed } from "../../src/names/hangul.ts";
import { NamedRange, ruleOfLabel } from "../../src/names/namedRange.ts";

const cjk = new NamedRange({
  prefix: "CJK UNIFIED IDEOGRAPH-",
  kind: "hex",
  span: [0x4e00, 0x9fff],
});
const extension = new NamedRange({
  prefix: "CJK UNIFIED IDEOGRAPH-",
  kind: "hex",
  span: [0x20000, 0x2a6df],
});

test("each syllable is found by its name and no other is", () => {
  const [first, last] = hangulSyllables;
  const names = new Set<string>();
  for (let each = first; each <= last; each++) {
    const name = syllableName(each);
    names.add(name);
    expect(syllablesNamed(name, true)).toEqual([[each, each]]);
  }
  expect(names.size).toBe(11_172);
  expect(syllablesNamed("", true)).toEqual([]);
  expect(syllablesNamed("GAX", true)).toEqual([]);
});

test.each(["G", "GA", "GAG", "GG", "A", "S", "SSYEOBS", "HIH", "I", "ZZ", "YAEL"])(
  "the syllables that begin with %s are those whose names do, in order",
  (prefix) => {
    const found = syllablesNamed(prefix, false).flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, at) => from + at),
    );
    const [first, last] = hangulSyllables;
    const all = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    expect(found).toEqual(all.filter((each) => syllableName(each).startsWith(prefix)));
  },
);

test("the names of the standard's own examples are put together right", () => {
  expect(syllableName(0xac00)).toBe("GA");
  expect(syllableName(0xd4db)).toBe("PWILH"); // The Unicode Standard, section 3.12
  expect(syllableName(0xd7a3)).toBe("HIH");
});

test("a word of the prefix is in all names of a range, the code point in one", () => {
  expect(cjk.named("UNIFIED", true)).toEqual([[0x4e00, 0x9fff]]);
  expect(cjk.named("UNI", true)).toEqual([]);
  expect(cjk.named("UNI", false)).toEqual([[0x4e00, 0x9fff]]);
  expect(cjk.named("4E00", true)).toEqual([[0x4e00, 0x4e00]]);
  expect(cjk.named("3FFF", true)).toEqual([]);
  expect(cjk.named("04E00", true)).toEqual([]);
  expect(cjk.nameOf(0x4e8c)).toBe("CJK UNIFIED IDEOGRAPH-4E8C");
});

test.each(["4", "4E", "9FF", "2", "20", "2A6D", "0", "10", "F", "X", "20000"])(
  "the code points that are written with %s at the beginning are found as ranges",
  (prefix) => {
    for (const range of [cjk, extension]) {
      const [first, last] = range.span;
      const expected = new Set<number>();
      for (let each = first; each <= last; each++)
        if (hexOf(each).startsWith(prefix)) expected.add(each);
      const found = range.named(prefix, false);
      expect(found.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(expected.size);
      for (const [from, to] of found)
        for (const each of [from, to]) expect(expected).toContain(each);
    }
  },
);

test("labels of ranges without characters stand for no rule", () => {
  expect(ruleOfLabel("Private Use")).toBeUndefined();
  expect(ruleOfLabel("Non Private Use High Surrogate")).toBeUndefined();
  expect(ruleOfLabel("CJK Ideograph Extension J")?.prefix).toBe("CJK UNIFIED IDEOGRAPH-");
  expect(ruleOfLabel("Seal Character")?.prefix).toBe("SMALL SEAL CHARACTER-");
});
