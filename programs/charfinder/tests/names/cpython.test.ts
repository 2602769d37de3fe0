/*
 * The names against those of CPython, whose data comes from the Unicode Consortium by another way. Real time: Python runs
 * in a process of its own.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { sharedIndex } from "../search/sharedIndex.ts";

test("every character that CPython knows has the name that it has there", async () => {
  const script = join(import.meta.dirname, "cpythonNames.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 2 ** 26 });
  const [version = "", ...lines] = stdout.split("\n");
  expect(Number.parseInt(version, 10)).toBeGreaterThanOrEqual(16);
  // All of Unicode 16 but the Tangut ideographs, which CPython 3.14 has no rule for.
  expect(lines.length).toBeGreaterThanOrEqual(154_998 - 6145);
  const index = await sharedIndex();
  const differences = lines.filter((line) => {
    const [hex = "", name] = line.split("\t");
    return index.nameOf(Number.parseInt(hex, 16)) !== name;
  });
  expect(differences).toEqual([]);
}, 120_000);
