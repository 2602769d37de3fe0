/** Text for terminals: harmless, as wide as it looks, cut where it matters least. */
import { assert, integer, property, string } from "fast-check";
import { expect, test } from "vitest";
import { cutEnd, cutStart, harmless, padEnd, widthOf } from "../../src/cli/terminalText.ts";
import { bytesInWords, clock, counted, elapsedInWords, grouped } from "../../src/cli/quantities.ts";
import { nearest } from "../../src/cli/nearest.ts";

test.each([
  ["plain", "plain"],
  ["a\nb\tc", "a\\x0Ab\\x09c"],
  ["\u001B[2Jgone", "\\x1B[2Jgone"],
  ["\u009B31m", "\\x9B31m"],
  ["abc\u202Egnp.exe", "abc\\u202Egnp.exe"],
  ["\u2066x\uFEFF", "\\u2066x\\uFEFF"],
  ["half \uD83D", "half \uFFFD"],
  ["ü 漢 🚀", "ü 漢 🚀"],
])("%j is shown as %j", (text, shown) => {
  expect(harmless(text)).toBe(shown);
});

test.each([
  ["", 0],
  ["abc", 3],
  ["漢字", 4],
  ["ｗｉｄｅ", 8],
  ["한글", 4],
  ["e\u0301tude", 5],
  ["🚀", 2],
  ["ñandú", 5],
])("%j is %i columns wide", (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test("a text is cut at its end or at its beginning, never in the middle of a character", () => {
  expect(cutEnd("abcdef", 6)).toBe("abcdef");
  expect(cutEnd("abcdef", 5)).toBe("abcd…");
  expect(cutEnd("漢字漢字", 6)).toBe("漢字…");
  expect(cutEnd("abcdef", 5, "...")).toBe("ab...");
  expect(cutStart("folder/name.txt", 9)).toBe("…name.txt");
  expect(cutStart("漢字漢字", 6)).toBe("…漢字");
  expect(cutStart("aaae\u0301x", 2)).toBe("…x");
  expect(cutEnd("abc", 0)).toBe("");
  expect(padEnd("漢", 4)).toBe("漢  ");
});

test("whatever is cut is never wider than it may be", () => {
  const texts = string({ unit: "grapheme" }).map(harmless);
  assert(
    property(texts, integer({ min: 0, max: 20 }), (text, columns) => {
      expect(widthOf(cutEnd(text, columns))).toBeLessThanOrEqual(columns);
      expect(widthOf(cutStart(text, columns))).toBeLessThanOrEqual(columns);
    }),
  );
});

test("numbers are written for people", () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([counted(1, "file"), counted(1200, "file")]).toEqual(["1 file", "1,200 files"]);
  const bytes = [0, 999, 1000, 12_345, 999_949, 999_950, 5e9, 1e18];
  expect(bytes.map(bytesInWords)).toEqual(
    "0 B,999 B,1.0 kB,12.3 kB,999.9 kB,1.0 MB,5.0 GB,1000.0 PB".split(","),
  );
  const times = [0, 80.4, 999.4, 1000, 59_949, 59_950, 65_000, 7_200_000];
  expect(times.map(elapsedInWords)).toEqual(
    "0 ms,80 ms,999 ms,1.0 s,59.9 s,1:00,1:05,2:00:00".split(","),
  );
  expect([-5, 5000, 754_000, 3_600_000].map(clock)).toEqual(["0:00", "0:05", "12:34", "1:00:00"]);
});

test.each([
  ["jbos", "jobs"],
  ["jobss", "jobs"],
  ["verb", "verbose"],
  ["timeout", "timeout"],
  ["limitrate", "limit-rate"],
  ["xyzzy", undefined],
  ["j", undefined],
])("%j is taken for %j", (word, name) => {
  expect(nearest(word, ["jobs", "verbose", "timeout", "limit-rate"])).toBe(name);
});
