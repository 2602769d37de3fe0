import { expect, test } from "vitest";

import { countWords } from "../../src/screen/countWords.ts";

test("a count agrees with its noun, and has its thousands apart", () => {
  expect(countWords(0, "match")).toBe("0 matches");
  expect(countWords(1, "match")).toBe("1 match");
  expect(countWords(11_533, "match")).toBe("11,533 matches");
  expect(countWords(1, "client")).toBe("1 client");
  expect(countWords(172_873, "character")).toBe("172,873 characters");
});
