import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { temporarySuffix } from "../../src/storage/fileSaver.ts";
import { OutputFolder } from "../../src/storage/outputFolder.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

test("a missing folder is made, and taken away again when it stays empty", () => {
  const top = temporaryFolder();
  const folder = new OutputFolder(join(top, "a", "b"));
  expect(existsSync(folder.path)).toBe(true);
  expect(readdirSync(folder.path)).toEqual([]);
  folder.close();
  expect(readdirSync(top)).toEqual([]);
});

test("a folder with a file in it stays", () => {
  const folder = new OutputFolder(join(temporaryFolder(), "a"));
  writeFileSync(join(folder.path, "br.png"), "flag");
  folder.close();
  expect(readdirSync(folder.path)).toEqual(["br.png"]);
});

test("a folder that was there before stays, even when it is empty", () => {
  const top = temporaryFolder();
  new OutputFolder(top).close();
  expect(existsSync(top)).toBe(true);
});

test("temporary files of this process are removed, those of others are not touched", () => {
  const folder = new OutputFolder(temporaryFolder());
  writeFileSync(join(folder.path, `.br.png${temporarySuffix(3)}`), "fl");
  writeFileSync(join(folder.path, ".br.png.3.1.part"), "fl");
  folder.close();
  expect(readdirSync(folder.path)).toEqual([".br.png.3.1.part"]);
});

test("a file in place of the folder, or above it, is told", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => new OutputFolder(file)).toThrow(
    `cannot use ${file} as the output folder: it is a file, not a folder`,
  );
  expect(() => new OutputFolder(join(file, "below"))).toThrow(
    "a part of the path is a file, not a folder",
  );
});

test("nothing is left of a path that can be made only in part", () => {
  const top = temporaryFolder();
  expect(() => new OutputFolder(join(top, "a", "x".repeat(300)))).toThrow("the name is too long");
  expect(readdirSync(top)).toEqual([]);
});

test("the process forgets about a closed folder", () => {
  const before = process.listenerCount("exit");
  const folder = new OutputFolder(temporaryFolder());
  expect(process.listenerCount("exit")).toBe(before + 1);
  folder.close();
  expect(process.listenerCount("exit")).toBe(before);
});
