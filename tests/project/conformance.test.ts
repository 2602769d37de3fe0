/*
 * docs/conformance.md: what is read in titles, and what is complained about.
 */
import { describe, expect, test } from "vitest";
import { compare } from "../../scripts/conformance.mjs";
import { conformancePage } from "../../scripts/conformancePage.mjs";

const CATALOGUE = {
  test_a: [
    { name: "T.test_one", verdict: "yes" as const },
    { name: "T.test_two", verdict: "adapted" as const, reason: "other words" },
    { name: "T.test_three", verdict: "no" as const, reason: "internals" },
    { name: "T.test_four", verdict: "yes" as const, overruled: "no such thing here" },
  ],
  "b.c": [
    { name: "U.test_five", verdict: "yes" as const, differs: "on purpose" },
    { name: "U.test_six", verdict: "yes" as const, later: "ambit/futures" },
  ],
};

const file = "tests/x.test.ts";
const passed = (...titles: string[]) => titles.map((title) => ({ file, within: "", title }));

const ALL = passed(
  "does it (CPython: test_a T.test_one, T.test_two)",
  "does it its own way (CPython, differs: b.c U.test_five)",
);

describe("conformance", () => {
  test("every row that counts is pinned by a title that names it", () => {
    const { modules, problems } = compare(ALL, CATALOGUE);
    expect(problems).toEqual([]);
    const page = conformancePage(modules);
    expect(page).toContain("| all | 3 | 3 | 1 | 1 | 2 |");
    expect(page).toContain("| `T.test_two` | does it ([x](../tests/x.test.ts)) |");
    expect(page).toContain(
      "does it its own way ([x](../tests/x.test.ts))<br>*Differs:* on purpose",
    );
    expect(page).toContain("- internals: `T.test_three`\n- no such thing here: `T.test_four`");
    expect(page).toContain("- waits for `ambit/futures`: `U.test_six`");
  });

  test("one title may name tests of several modules, and one test may be pinned twice", () => {
    const titles = passed(
      "both (CPython: test_a T.test_one; b.c U.test_six)",
      "again (CPython: test_a T.test_one)",
    );
    const { modules } = compare([...ALL, ...titles], CATALOGUE);
    expect(modules[0]?.entries[0]?.pins.map((pin) => pin.title)).toEqual([
      "again",
      "both",
      "does it",
    ]);
    expect(modules[1]?.entries[1]?.wanted).toBe(true);
  });

  test("a test is named with the block that it is in, unless it runs in several of a kind", () => {
    const title = "does it (CPython: test_a T.test_one)";
    const pinned = (...blocks: string[]): string[] => {
      const tests = blocks.map((within) => ({ file, within, title }));
      const [first] = compare(tests, CATALOGUE).modules;
      return (first?.entries[0]?.pins ?? []).map((pin) => pin.title);
    };
    expect(pinned("sleep")).toEqual(["sleep: does it"]);
    expect(pinned("on the virtual loop", "on the real loop")).toEqual(["does it"]);
  });

  test("a row without a test, an unknown name and one that cannot be read are complained about", () => {
    const titles = passed("x (CPython: test_a T.test_nine)", "y (CPython test_a T.test_one)");
    expect(compare([...ALL.slice(1), ...titles], CATALOGUE).problems).toEqual([
      `${file}: CPython has no test "test_a T.test_nine", named in "x (CPython: test_a T.test_nine)"`,
      `${file}: cannot read the names in "y (CPython test_a T.test_one)"`,
      "no test pins test_a T.test_one",
      "no test pins test_a T.test_two",
    ]);
  });

  test("a difference needs its reason in the catalogue, and a reason its test", () => {
    const titles = passed(
      "all (CPython, differs: test_a T.test_one) (CPython: test_a T.test_two; b.c U.test_five)",
    );
    expect(compare(titles, CATALOGUE).problems).toEqual([
      "test_a T.test_one is said to differ: the catalogue must say why (`differs`)",
      "the catalogue says that b.c U.test_five differs, but no title does",
    ]);
  });
});
