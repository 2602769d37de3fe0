/*
 * Who imports whom, and what starting the program loads: the files that main.ts imports statically, and theirs. Help and
 * mistakes must not wait for an index or a server to be loaded.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { expect, test } from "vitest";

import { importCycles, importEdges } from "../../../../tests/project/importGraph.ts";

const source = join(import.meta.dirname, "../../src");

/** Everything that `file` imports before it runs, packages and files; types cost nothing. */
function loadedBy(file: string, loaded = new Set<string>()): Set<string> {
  const imports = /^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gm;
  for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(imports)) {
    const path = specifier.startsWith(".") ? join(dirname(file), specifier) : specifier;
    if (loaded.has(path)) continue;
    loaded.add(path);
    if (existsSync(path)) loadedBy(path, loaded);
  }
  return loaded;
}

const names = (file: string) => [...loadedBy(join(source, file))].map((path) => basename(path));

test("help and mistakes load the reading of arguments, and nothing that works", () => {
  expect(names("main.ts").sort()).toEqual([
    "arguments.ts",
    "help.ts",
    "node:fs",
    "node:util",
    "usageError.ts",
  ]);
});

test("a query loads neither Ambit nor what makes an index", () => {
  const loaded = names("printMatches.ts");
  expect(loaded).toContain("characterIndex.ts");
  expect(loaded).not.toContain("ambit");
  expect(loaded).not.toContain("buildIndex.ts");
});

test("no imports go round in a circle, types included", () => {
  const edges = importEdges(source);
  expect(edges.length).toBeGreaterThan(80);
  expect(importCycles(edges)).toEqual([]);
});
