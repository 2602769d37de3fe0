/**
 * The compiler's verdict on the whole project: sources, tests, examples, programs, scripts and the
 * documentation's code blocks, and each file of type tests by its name. One run of tsc serves all.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const typeTests = readdirSync(join(ROOT, "tests/types"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test-d.ts"))
  .map((file) => `tests/types/${file}`);

let errors: string[];
let checked: string[];

beforeAll(() => {
  const args = ["-p", "tsconfig.json", "--pretty", "false", "--listFiles"];
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, ...args], { cwd: ROOT, encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line !== "");
  checked = lines
    .filter((line) => line.startsWith(ROOT))
    .map((line) => line.slice(ROOT.length + 1));
  errors = lines.filter((line) => !/^(\/|[A-Z]:)/.test(line));
}, 300_000);

test("everything compiles", () => {
  expect(errors).toEqual([]);
});

test("the compiler saw sources, tests, scripts and the documentation's code blocks", () => {
  expect(checked).toContain("src/index.ts");
  expect(checked).toContain("scripts/setup.mjs");
  expect(checked).toContain("tests/project/types.test.ts");
  expect(checked.some((file) => file.startsWith("generated/snippets/README.md"))).toBe(true);
});

test.each(typeTests)("the types hold that %s states", (file) => {
  expect(checked).toContain(file);
  expect(errors.filter((line) => line.startsWith(file))).toEqual([]);
});
