import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";

import { hexOf } from "../../src/names/codePoint.ts";
import { readUnicodeData, type UnicodeData } from "../../src/names/unicodeData.ts";
import { wordsOf } from "../../src/names/words.ts";
import type { CharacterIndex } from "../../src/search/characterIndex.ts";
import { sharedIndex } from "./sharedIndex.ts";

let index: CharacterIndex;
let data: UnicodeData;
/** For each assigned character, the words of all its names: what the index is compared with. */
let wordsByCodePoint: Map<number, ReadonlySet<string>>;

beforeAll(async () => {
  [index, data] = await Promise.all([sharedIndex(), readUnicodeData()]);
  wordsByCodePoint = new Map(
    [...data.names]
      .filter(([, name]) => !/Surrogate|Private Use/.test(name))
      .map(([codePoint]) => {
        const aliases = (data.aliases.get(codePoint) ?? []).map(([, name]) => name);
        return [codePoint, new Set(wordsOf([index.nameOf(codePoint), ...aliases].join(" ")))];
      }),
  );
});

/** What a query finds, as `name` lines. */
function found(query: string, limit = 20): string[] {
  return index
    .find(query)
    .page(0, limit)
    .map((each) => index.character(each).name);
}

function append(lists: Map<string, number[]>, key: string, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function codePoints(query: string): number[] {
  const matches = index.find(query);
  return matches.page(0, matches.count);
}

test("there are as many characters as the data has assigned, each with a name", () => {
  const assigned = [...wordsByCodePoint.keys()];
  expect(index.version).toBe("18.0.0");
  expect(assigned).toHaveLength(172_873); // Unicode 18: 172,808 and 65 controls
  expect(index.assigned).toBe(assigned.length);
  const others = ["unassigned", "private use", "surrogate"].flatMap(
    (category) => data.categories.get(category) ?? [],
  );
  const sizes = others.map(([first, last]) => last - first + 1);
  expect(0x110000 - sizes.reduce((sum, size) => sum + size)).toBe(assigned.length);
  const names = new Set(assigned.map((each) => index.character(each).name));
  expect(names.size).toBe(assigned.length);
  const form = /^[A-Z0-9]+(?:[ -]+[A-Z0-9]+)*-?$/;
  expect([...names].filter((name) => !form.test(name))).toEqual([]);
});

test("names that the data writes down are given as they are", () => {
  const written = [...data.names].filter(([, name]) => !/[a-z]/.test(name));
  expect(written.length).toBeGreaterThan(40_000);
  expect(written.filter(([codePoint, name]) => index.nameOf(codePoint) !== name)).toEqual([]);
});

test.each([
  [0x4e00, "CJK UNIFIED IDEOGRAPH-4E00"],
  [0x33479, "CJK UNIFIED IDEOGRAPH-33479"],
  [0xfa0e, "CJK COMPATIBILITY IDEOGRAPH-FA0E"],
  [0xac01, "HANGUL SYLLABLE GAG"],
  [0x17000, "TANGUT IDEOGRAPH-17000"],
  [0x18d20, "TANGUT IDEOGRAPH-18D20"],
  [0x1b170, "NUSHU CHARACTER-1B170"],
  [0x18b00, "KHITAN SMALL SCRIPT CHARACTER-18B00"],
  [0x18e00, "JURCHEN CHARACTER-18E00"],
  [0x3d000, "SMALL SEAL CHARACTER-3D000"],
  [0x13460, "EGYPTIAN HIEROGLYPH-13460"],
  [0x0, "NULL"],
  [0x80, "PADDING CHARACTER"],
  [0xe000, "<private-use-E000>"],
  [0xd800, "<surrogate-D800>"],
  [0x378, "<reserved-0378>"],
  [0xfdd0, "<noncharacter-FDD0>"],
  [0x10ffff, "<noncharacter-10FFFF>"],
])("U+%x is %s", (codePoint, name) => {
  expect(index.character(codePoint).name).toBe(name);
  expect(codePoints(`U+${hexOf(codePoint)}`)).toEqual([codePoint]);
});

test("all words have to be in the name, in any order and case", () => {
  expect(found("face CAT").slice(0, 2)).toEqual([
    "CAT FACE",
    "GRINNING CAT FACE WITH SMILING EYES",
  ]);
  expect(index.find("cat face").count).toBe(10);
  expect(found("cat face nowhere")).toEqual([]);
  expect(found("")).toEqual([]);
  expect(found("  ")).toEqual([]);
});

test("words stand between spaces and hyphens, in queries too", () => {
  expect(found("hyphen minus")).toContain("HYPHEN-MINUS");
  expect(found("hyphen-minus")).toEqual(found("minus hyphen"));
  expect(found("U+002D")).toEqual(["HYPHEN-MINUS"]);
  expect(found("-")).toEqual(["HYPHEN-MINUS"]);
});

test("punctuation around words is no part of them", () => {
  expect(found('"cat", (face)!')).toEqual(found("cat face"));
});

test("a word with a star is the beginning of words", () => {
  const faces = codePoints("fac*");
  expect(faces).toEqual([...new Set([...codePoints("face"), ...faces])].sort((a, b) => a - b));
  expect(faces.length).toBeGreaterThan(index.find("face").count);
  expect(found("*")).toEqual(["ASTERISK"]);
});

test("characters stand for themselves, also in a text", () => {
  expect(found("🐈")).toEqual(["CAT"]);
  expect(found("¿Qué?")).toEqual([
    "QUESTION MARK",
    "LATIN CAPITAL LETTER Q",
    "LATIN SMALL LETTER U",
    "INVERTED QUESTION MARK",
    "LATIN SMALL LETTER E WITH ACUTE",
  ]);
  expect(found("4")).toContain("DIGIT FOUR");
  expect(found("4")).toContain("TAI LE LETTER TONE-4");
  expect(found("U+1F408 U+1F431")).toEqual(["CAT", "CAT FACE"]);
  expect(found("🐈 face")).toEqual([]);
  expect(found("🐱 face")).toEqual(["CAT FACE"]);
  expect(found("0x1F408")).toEqual(["CAT"]);
  expect(found("\\u{1f408}")).toEqual(["CAT"]);
  expect(found("U+110000")).toEqual([]);
});

test("other names count, too", () => {
  expect(found("nbsp")).toEqual(["NO-BREAK SPACE"]);
  expect(found("nul")).toEqual(["NULL", "HANGUL SYLLABLE NUL"]);
  expect(found("byte order mark")).toEqual(["ZERO WIDTH NO-BREAK SPACE"]);
  expect(found("latin gha small")).toContain("LATIN SMALL LETTER OI"); // a correction
});

test("ranges are found without being written out", () => {
  expect(found("cjk 4E00")).toEqual([
    "CJK UNIFIED IDEOGRAPH-4E00",
    "SQUARED CJK UNIFIED IDEOGRAPH-4E00",
  ]);
  expect(found("hangul syllable gag")).toEqual(["HANGUL SYLLABLE GAG"]);
  expect(index.find("cjk").count).toBeGreaterThan(103_000);
  expect(index.find("cjk").page(100_000, 1)).toHaveLength(1);
});

test("blocks are found by the words of their names", () => {
  const arrows = codePoints("block:supplemental-arrows-a");
  expect(arrows).toEqual(Array.from({ length: 16 }, (_, at) => 0x27f0 + at));
  expect(found("block:basic-latin nine")).toEqual(["DIGIT NINE"]);
  expect(found("block:nowhere")).toEqual([]);
  expect(index.character(0x1f408).block).toBe("Miscellaneous Symbols and Pictographs");
  expect(index.character(0x104).block).toBe("Latin Extended-A");
  expect(index.character(0x3400).block).toBe("CJK Unified Ideographs Extension A");
});

test("any query finds what looking at every name would find, in order", () => {
  const byWord = new Map<string, number[]>();
  for (const [codePoint, words] of wordsByCodePoint)
    for (const each of words) append(byWord, each, codePoint);
  const words = [...byWord.keys()];
  const word = fc.oneof(
    fc.nat({ max: words.length - 1 }).map((at) => words[at] as string),
    fc.constantFrom("TANGUT", "YI", "LETTER", "WITH", "SIGN", "CHARACTER", "A", "4E00"),
  );
  const term = fc.oneof(
    { weight: 3, arbitrary: word.filter((each) => each.length > 1) },
    fc
      .tuple(word, fc.integer({ min: 1, max: 3 }))
      .map(([each, length]) => `${each.slice(0, length)}*`),
  );
  const withTerm = (each: string) =>
    each.endsWith("*")
      ? words.filter((own) => own.startsWith(each.slice(0, -1))).flatMap((own) => byWord.get(own))
      : byWord.get(each);
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 3 }), (terms) => {
      const sets = terms.map((each) => new Set(withTerm(each)));
      const expected = [...wordsByCodePoint.keys()].filter((each) =>
        sets.every((set) => set.has(each)),
      );
      const inOrder = expected.sort((one, other) => one - other);
      expect(codePoints(terms.join(" ").toLowerCase())).toEqual(inOrder);
    }),
    { numRuns: 40 },
  );
});

test("a page is the part of the whole that was asked for", () => {
  for (const query of ["cjk 4e*", "letter", "cat face", "hangul ga*"]) {
    const all = codePoints(query);
    const matches = index.find(query);
    for (const [start, limit] of [
      [0, 5],
      [3, 4],
      [matches.count - 2, 10],
      [matches.count, 3],
    ] as const)
      expect(matches.page(start, limit)).toEqual(all.slice(start, start + limit));
  }
});

test("a query takes less than 2 ms", () => {
  const queries = [
    "cat face",
    "letter",
    "l*",
    "cjk 4E00",
    "hangul ga*",
    "a",
    "block:arrows",
    "* with",
  ];
  for (const query of queries) {
    for (let round = 0; round < 30; round++) index.find(query).page(0, 50);
    // Time on the processor, since a busy machine is not the index's fault.
    const before = process.cpuUsage();
    for (let round = 0; round < 20; round++) index.find(query).page(0, 50);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 20, query).toBeLessThan(2);
  }
});
