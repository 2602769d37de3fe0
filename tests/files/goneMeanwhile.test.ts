/**
 * What is removed or cut by others while it is copied or looked through: no half copy, and an error that says what is gone.
 */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyFile, copyTree, open, scandir } from "ambit/files";
import { expect, test } from "vitest";
import { failureOf } from "./failure.ts";
import { filesWith, folders } from "./folder.ts";
import { treesWith } from "./trees.ts";

const fresh = folders();
const fileWith = filesWith(fresh);
const tree = treesWith(fresh);
const MIB = 1024 * 1024;

test("a file that is removed while it is copied is copied in whole", async () => {
  const source = fileWith(Buffer.alloc(3 * MIB, "x"));
  const target = fresh("copy");
  await copyFile(source, target, {
    progress: () => {
      rmSync(source, { force: true });
    },
  });
  expect(statSync(target).size).toBe(3 * MIB);
});

test("a file that is cut while it is copied ends where it was cut, or later", async () => {
  const source = fileWith(Buffer.alloc(4 * MIB, "x"));
  const target = fresh("copy");
  const told: [copied: number, total: number][] = [];
  await copyFile(source, target, {
    reflink: false,
    progress: (copied, total) => {
      if (told.length === 0) truncateSync(source, MIB);
      told.push([copied, total]);
    },
  });
  const { size } = statSync(target);
  expect(size).toBeGreaterThanOrEqual(MIB);
  expect(size).toBeLessThanOrEqual(4 * MIB);
  expect(told.at(-1)?.[0]).toBe(size);
  expect(readFileSync(target).every((byte) => byte === 120)).toBe(true);
});

test("a tree from which a file goes while it is copied is not copied: the error names the file", async () => {
  const top = tree("a/one", "a/two", "a/three");
  const target = fresh("copy");
  const gone = new Set<string>();
  const copying = copyTree(top, target, {
    limit: 1,
    progress: () => {
      for (const name of readdirSync(join(top, "a"))) {
        unlinkSync(join(top, "a", name));
        gone.add(join(top, "a", name));
      }
    },
  });
  const error = await failureOf(copying);
  expect(error).toMatchObject({ operation: "copyTree", code: "ENOENT" });
  expect(gone).toContain(error.path);
  expect(readdirSync(dirname(target))).toEqual([]);
});

test("a large folder that is removed while it is looked through comes to its end, and tells no entry twice", async () => {
  const folder = tree(
    ...Array.from({ length: 600 }, (_, n) => `a file with a long name, number ${n}`),
  );
  const seen: string[] = [];
  for await (const { name } of scandir(folder)) {
    if (seen.length === 0) rmSync(folder, { recursive: true });
    seen.push(name);
  }
  expect(new Set(seen).size).toBe(seen.length);
  await expect(scandir(folder).next()).rejects.toMatchObject({ code: "ENOENT" });
});

test("what was read ahead of a file that is cut is given, and then its end", async () => {
  const text = "a line of some length, as they are\n".repeat(200_000);
  const path = fileWith(text);
  await using file = await open(path);
  let length = 0;
  for await (const line of file) {
    expect(text.startsWith(line, length)).toBe(true);
    if (length === 0) truncateSync(path, 0);
    length += line.length;
  }
  expect(length).toBeLessThan(text.length);
  expect(await file.readline()).toBe("");
});
