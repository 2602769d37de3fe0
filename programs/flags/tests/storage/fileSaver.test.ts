import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { FileSaver } from "../../src/storage/fileSaver.ts";
import { StorageError } from "../../src/storage/storageError.ts";
import { temporaryFolder } from "./temporaryFolder.ts";

const bytes = (text: string) => Buffer.from(text);

function failure(action: () => void): StorageError {
  try {
    action();
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error("a StorageError was expected");
}

test("a saved file has its content, and there is nothing beside it", () => {
  const folder = temporaryFolder();
  new FileSaver(folder).save([{ name: "br.png", content: bytes("flag") }]);
  expect(readdirSync(folder)).toEqual(["br.png"]);
  expect(readFileSync(join(folder, "br.png"), "utf8")).toBe("flag");
});

test("a file of an earlier run is replaced", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "br.png"), "an older and longer flag");
  new FileSaver(folder).save([{ name: "br.png", content: bytes("flag") }]);
  expect(readFileSync(join(folder, "br.png"), "utf8")).toBe("flag");
});

test("a file that has its content already is not written again", () => {
  const folder = temporaryFolder();
  const saver = new FileSaver(folder);
  const file = () => statSync(join(folder, "br.png")).ino;
  saver.save([{ name: "br.png", content: bytes("flag") }]);
  const before = file();
  saver.save([{ name: "br.png", content: bytes("flag") }]);
  expect(file()).toBe(before);
  saver.save([{ name: "br.png", content: bytes("flap") }]);
  expect(file()).not.toBe(before);
});

test("a folder in the way is the trouble of that one file, and nothing is left of it", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "br.png"));
  const error = failure(() =>
    new FileSaver(folder).save([{ name: "br.png", content: bytes("flag") }]),
  );
  expect(error.message).toBe(
    `cannot save ${join(folder, "br.png")}: a folder of that name is in the way`,
  );
  expect(error.fatal).toBe(false);
  expect(readdirSync(folder)).toEqual(["br.png"]);
});

test("of files that are saved together none is left when one cannot be written", () => {
  const folder = temporaryFolder();
  const error = failure(() =>
    new FileSaver(folder).save([
      { name: "Brazil.png", content: bytes("flag") },
      { name: `${"x".repeat(300)}.json`, content: bytes("{}") },
    ]),
  );
  expect(error.message).toContain("the name is too long");
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that is gone is the trouble of every file", () => {
  const error = failure(() =>
    new FileSaver(join(temporaryFolder(), "gone")).save([{ name: "br.png", content: bytes("") }]),
  );
  expect(error.message).toContain("there is no such folder");
  expect(error.fatal).toBe(true);
});
