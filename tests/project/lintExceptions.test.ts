/**
 * Each exception of the lint says why it is one, behind two dashes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
// Joined, for this file has no exception.
const WORD = ["oxlint", "disable"].join("-");
const REASON = / -- \S/;

/** The program text below a folder that is ours. */
function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") yield* filesBelow(path);
    else if (entry.isFile() && /\.(ts|mjs)$/.test(entry.name)) yield path;
  }
}

function linesWith(word: string): string[] {
  return ["src", "programs", "tests", "examples", "scripts"]
    .flatMap((folder) => [...filesBelow(join(ROOT, folder))])
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line.includes(word));
}

test("each exception of the lint says why", () => {
  const exceptions = linesWith(WORD);
  expect(exceptions.length).toBeGreaterThan(10);
  expect(exceptions.filter((line) => !REASON.test(line))).toEqual([]);
});
