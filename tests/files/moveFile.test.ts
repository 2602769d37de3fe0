/**
 * moveFile: on one file system and to another, and that nothing is ever lost on the way.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CancelledError } from "ambit";
import { moveFile } from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import { afterAll, describe, expect, test } from "vitest";
import { CANNOT_MOUNT } from "./disk.ts";
import { failureOf } from "./failure.ts";
import { filesWith, folders } from "./folder.ts";
import { listing, treesWith } from "./trees.ts";

const fresh = folders();
const fileWith = filesWith(fresh);
const tree = treesWith(fresh);

test("renames on one file system", async () => {
  const path = fileWith("new");
  writeFileSync(`${path}.old`, "old");
  const { ino } = statSync(path);
  await moveFile(path, `${path}.old`);
  expect(statSync(`${path}.old`).ino).toBe(ino);
  expect(listing(dirname(path))).toEqual(["file.old"]);
  const error = await failureOf(moveFile(path, `${path}.x`));
  expect(error).toMatchObject({ operation: "moveFile", path, code: "ENOENT" });
});

describe("when both paths are one file", () => {
  test("both stay", async () => {
    const path = fileWith("content");
    const second = `${path}.second`;
    linkSync(path, second);
    await moveFile(path, second);
    await moveFile(path, path);
    expect([readFileSync(path, "utf8"), readFileSync(second, "utf8")]).toEqual([
      "content",
      "content",
    ]);
    expect(statSync(path).nlink).toBe(2);
  });

  test("a link that leads to the target takes its place, as rename has it", async () => {
    const path = fileWith("content");
    symlinkSync("file", `${path}.link`);
    await moveFile(`${path}.link`, path);
    expect(readlinkSync(path)).toBe("file");
    expect(listing(dirname(path))).toEqual(["file"]);
  });

  test.skipIf(CANNOT_MOUNT)("it stays, though two mounts show it", async () => {
    const top = tree("file", "inner/file");
    symlinkSync("file", join(top, "link"));
    const other = dirname(fresh());
    execFileSync("mount", ["--bind", top, other]);
    try {
      for (const name of ["file", "link", "inner"])
        await moveFile(join(top, name), join(other, name));
      linkSync(join(top, "file"), join(top, "second"));
      await moveFile(join(top, "file"), join(other, "second"));
    } finally {
      execFileSync("umount", [other]);
    }
    expect(listing(top)).toEqual(["file", "inner", "inner/file", "link", "second"]);
    expect(readFileSync(join(top, "link"), "utf8")).toBe("file");
  });
});

const SHM = "/dev/shm";
const HAS_OTHER = existsSync(SHM) && statSync(SHM).dev !== statSync(dirname(fresh())).dev;

describe.skipIf(!HAS_OTHER)("to another file system", () => {
  const made: string[] = [];
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });

  function elsewhere(name: string): string {
    const folder = mkdtempSync(join(SHM, "ambit-files-"));
    made.push(folder);
    return join(folder, name);
  }

  test("moves to another file system: files, links, folders, with their times", async () => {
    const top = tree("a/b", "file");
    symlinkSync("file", join(top, "link"));
    utimesSync(join(top, "file"), 1000, 2000);
    const target = elsewhere("moved");
    await moveFile(join(top, "file"), target);
    expect([readFileSync(target, "utf8"), statSync(target).mtimeMs]).toEqual(["file", 2_000_000]);
    await moveFile(join(top, "link"), target);
    expect(readlinkSync(target)).toBe("file");
    const folder = elsewhere("folder");
    await moveFile(top, folder);
    expect(listing(folder)).toEqual(["a", "a/b"]);
    expect(existsSync(top)).toBe(false);
  });

  test("replaces a link there, and not what it leads to", async () => {
    const path = fileWith("new");
    const target = elsewhere("link");
    writeFileSync(`${target}.real`, "kept");
    symlinkSync("link.real", target);
    await moveFile(path, target);
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(readFileSync(`${target}.real`, "utf8")).toBe("kept");
  });

  test("leaves pipes where they are", async () => {
    const path = fresh();
    execFileSync("mkfifo", [path]);
    expect((await failureOf(moveFile(path, elsewhere("x")))).code).toBe("EXDEV");
    expect(existsSync(path)).toBe(true);
  });

  test("cancelled at any point, it is whole, here or there", async () => {
    const outcomes = new Set<string>();
    await cancelEverywhere(async () => {
      const path = tree("a/b", "c");
      const target = elsewhere("moved");
      const outcome = await moveFile(path, target).then(
        () => "moved",
        (error: unknown) => (error instanceof CancelledError ? "cancelled" : String(error)),
      );
      const [here, there] = [path, target].map((at) => (existsSync(at) ? listing(at).join() : ""));
      outcomes.add(`${outcome}: ${here} / ${there}`);
      expect(listing(dirname(target))[0] ?? "moved").toBe("moved");
    });
    expect([...outcomes].sort()).toEqual(["cancelled: a,a/b,c / ", "moved:  / a,a/b,c"]);
  });

  test("what is in the way stays, and so does the folder; the error names the move", async () => {
    const top = tree("inner/file", "link");
    const other = dirname(elsewhere("x"));
    writeFileSync(join(other, "file"), "kept");
    mkdirSync(join(other, "folder"));
    for (const name of ["file", "folder"]) {
      const moved = moveFile(top, join(other, name));
      await expect(moved).rejects.toMatchObject({ operation: "moveFile", code: "EEXIST" });
    }
    expect(readFileSync(join(other, "file"), "utf8")).toBe("kept");
    expect(readdirSync(join(other, "folder"))).toEqual([]);
    expect(readdirSync(top).sort()).toEqual(["inner", "link"]);
    expect(readdirSync(other).filter((name) => name.includes("tmp"))).toEqual([]);
  });
});
