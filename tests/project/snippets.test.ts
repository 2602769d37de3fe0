/**
 * How code blocks become tests: what each form of claim turns into, and that a false claim fails.
 */
import { format } from "node:util";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";
import { snippetsIn, testOf } from "../../scripts/snippets.mjs";

const fence = (mark: string, code: string): string => `\`\`\`${mark}\n${code}\n\`\`\`\n`;

/**
 * Runs the test made of `code`, with vitest's functions replaced by what the block itself would
 * see.
 */
async function runSnippet(code: string): Promise<void> {
  const text = testOf("page.md:1", code).replaceAll(/^import .*$/gm, "");
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const collect = AsyncFunction("$expect", "$format", "$virtually", "$test", plainJs(text));
  let body = async (): Promise<void> => {};
  const test = (_: string, made: () => Promise<void>): unknown => (body = made);
  await collect(expect, format, runVirtual, test);
  await body();
}

/** The only type that the test's own frame writes. */
function plainJs(text: string): string {
  return text.replace("(body: () => Promise<void>)", "(body)");
}

test.each([
  ["a value", "1 + 1; // => 2", "1 + 1; // => 3"],
  [
    "an awaited value",
    "await Promise.resolve([1]); // => [1]",
    "await Promise.resolve(1); // => [1]",
  ],
  ["a declared name", "const a = 2; // => 2\na;", "const a = 2; // => 3\na;"],
  ["declared names", "const [a, b] = [1, 2]; // => [1, 2]", "const [a, b] = [1, 2]; // => [2, 1]"],
  ["printed text", 'console.log("a", 1); // => a 1', 'console.log("a", 1); // => a 2'],
  [
    "a call over several lines",
    "Math.max(\n  1,\n  2,\n); // => 2",
    "Math.max(\n  1,\n  2,\n); // => 1",
  ],
  [
    "an error by name",
    "await Promise.reject(new RangeError()); // throws RangeError",
    "await Promise.resolve(); // throws RangeError",
  ],
  ["another error", "null.x; // throws TypeError", "null.x; // throws RangeError"],
])("a claim of %s passes when it is true and fails when it is false", async (_, good, bad) => {
  await runSnippet(good);
  await expect(runSnippet(bad)).rejects.toThrow(/expected|instead of rejecting/);
});

test("a block is found with its line, also indented and in a list", () => {
  const page = `# Title\n\n${fence("ts", "one();")}\n- item\n\n  \`\`\`ts no-run\n  two();\n  \`\`\`\n`;
  expect(snippetsIn("page.md", page)).toEqual([
    { where: "page.md:3", code: "one();\n", run: true },
    { where: "page.md:9", code: "two();\n", run: false },
  ]);
});

test("blocks of other languages are left alone", () => {
  expect(snippetsIn("page.md", fence("sh", "npm test") + fence("", "text"))).toEqual([]);
});

test("a block that would escape the check is refused", () => {
  expect(() => snippetsIn("page.md", fence("js", "one();"))).toThrow(
    "page.md:1: a block marked js would not be checked; mark it ts",
  );
  expect(() => snippetsIn("page.md", fence("ts skip", "one();"))).toThrow(
    'page.md:1: "skip" is not known',
  );
});

test("imports stay at the top and exports are allowed inside", () => {
  const text = testOf(
    "page.md:1",
    'import {\n  run,\n} from "ambit";\n\nexport const two = 2;\ntwo; // => 2\n',
  );
  expect(text.indexOf('} from "ambit";')).toBeLessThan(text.indexOf("$test("));
  expect(text).toContain("\nconst two = 2;\n$expect(two).toEqual(2);\n");
});

test("a block runs in virtual time unless it reaches beyond ambit", () => {
  const runsVirtually = (code: string): boolean =>
    testOf("page.md:1", code).includes("() => $virtually(");
  expect(runsVirtually('import { sleep } from "ambit";\nawait sleep(3_600_000);')).toBe(true);
  expect(runsVirtually('import { ClientSession } from "ambit/http";')).toBe(false);
  expect(runsVirtually('import { run } from "ambit";\nimport { open } from "node:fs";')).toBe(
    false,
  );
});
