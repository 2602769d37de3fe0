/*
 * Who imports whom, and what starting the program loads: the files that main.ts imports statically,
 * and theirs. Help and mistakes must not wait for an HTTP client or a server to be loaded.
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
    "engine.ts",
    "flagSize.ts",
    "help.ts",
    "node:fs",
    "node:util",
    "populous.ts",
    "selection.ts",
    "serverName.ts",
    "site.ts",
    "usageError.ts",
    "values.ts",
  ]);
});

test("a thread loads what it works with, and no server and no client of Ambit", () => {
  const loaded = [...loadedBy(join(source, "engines/flagWorker.ts"))];
  expect(loaded).toContain(join(source, "transfer/downloader.ts"));
  expect(loaded.filter((path) => /^(ambit|node:http)/.test(path)).sort()).toEqual([
    "ambit",
    "ambit/futures",
    "node:http",
  ]);
});

test("no imports go round in a circle, types included", () => {
  const edges = importEdges(source);
  expect(edges.length).toBeGreaterThan(100);
  expect(importCycles(edges)).toEqual([]);
});
