/**
 * Names and paths that are longer than the system takes: who refuses them, by which name, and what is left.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  atomicWrite,
  copyFile,
  copyTree,
  fileLock,
  moveFile,
  namedTemporaryFile,
  open,
  readText,
  rmtree,
  scandir,
  tail,
  temporaryDirectory,
  walk,
  watch,
  writeText,
} from "ambit/files";
import { describe, expect, test } from "vitest";
import { failureOf } from "./failure.ts";
import { folders } from "./folder.ts";

const fresh = folders();
const LONG = "n".repeat(300);

describe("a name that is too long", () => {
  const operations: [operation: string, work: (path: string) => Promise<unknown>][] = [
    ["open", (path) => open(path, "w")],
    ["open", (path) => readText(path)],
    ["open", (path) => writeText(path, "text")],
    ["atomicWrite", (path) => atomicWrite(path, "text")],
    ["copyFile", (path) => copyFile(join(dirname(path), "file"), path)],
    ["copyFile", (path) => copyFile(path, join(dirname(path), "other"))],
    ["copyTree", (path) => copyTree(join(dirname(path), "folder"), path)],
    ["moveFile", (path) => moveFile(path, join(dirname(path), "other"))],
    ["rmtree", (path) => rmtree(path)],
    ["rmtree", (path) => rmtree(path, { missingOk: true })],
    ["scandir", (path) => scandir(path).next()],
    ["walk", (path) => walk(path).next()],
    ["tail", (path) => tail(path).next()],
    ["watch", (path) => watch(path)],
    ["fileLock", (path) => fileLock(path)],
  ];

  test.each(operations)("is refused by %s, which leaves all as it was", async (operation, work) => {
    const path = fresh(LONG);
    const folder = dirname(path);
    writeFileSync(join(folder, "file"), "content");
    mkdirSync(join(folder, "folder"));
    const error = await failureOf(work(path));
    expect(error).toMatchObject({ operation, path, code: "ENAMETOOLONG" });
    expect(readdirSync(folder).sort()).toEqual(["file", "folder"]);
  });

  test("is refused for what is moved, which stays", async () => {
    const path = fresh(LONG);
    const source = join(dirname(path), "file");
    writeFileSync(source, "content");
    const failure = { operation: "moveFile", code: "ENAMETOOLONG" };
    expect(await failureOf(moveFile(source, path))).toMatchObject(failure);
    expect(readdirSync(dirname(path))).toEqual(["file"]);
  });

  test("is refused of what is temporary, too", async () => {
    const dir = dirname(fresh());
    const options = { dir, prefix: LONG };
    expect((await failureOf(namedTemporaryFile(options))).code).toBe("ENAMETOOLONG");
    expect((await failureOf(temporaryDirectory(options))).code).toBe("ENAMETOOLONG");
    expect(readdirSync(dir)).toEqual([]);
  });
});

test("a name of the longest kind can be written, copied, locked and removed", async () => {
  const path = fresh("n".repeat(255));
  const other = join(dirname(path), "o".repeat(255));
  await atomicWrite(path, "text");
  await copyFile(path, other);
  expect(await readText(other)).toBe("text");
  await moveFile(other, path);
  const lock = await fileLock(join(dirname(path), "l".repeat(255)));
  await lock.release();
  await rmtree(dirname(path));
});
