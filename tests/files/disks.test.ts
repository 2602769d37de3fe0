/**
 * Disks that are full or read-only, and folders of others: the error says what, where and why, and nothing is left half done.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  copyFile,
  type CopyFileOptions,
  copyTree,
  fileLock,
  FileLockLostError,
  makedirs,
  mkdir,
  moveFile,
  namedTemporaryFile,
  remove,
  rename,
  rmtree,
  spooledTemporaryFile,
  symlink,
  temporaryDirectory,
  truncate,
  utime,
  writeText,
} from "ambit/files";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { CANNOT_MOUNT, fill, withDisk } from "./disk.ts";
import { failureOf } from "./failure.ts";
import { folders } from "./folder.ts";
import { listing, treesWith } from "./trees.ts";

const fresh = folders();
const tree = treesWith(fresh);
const MIB = 1024 * 1024;

describe.skipIf(CANNOT_MOUNT)("on a disk that is full", () => {
  test.each([{ shared: false }, { shared: true }])(
    "a lock is given back, and leaves nothing: %o",
    async (options) => {
      const path = fresh("lock");
      await withDisk(dirname(path), "size=512k", async () => {
        const lock = await fileLock(path, options);
        fill(join(dirname(path), "ballast"));
        expect(lock.held).toBe(true);
        await lock.release();
        expect(lock.held).toBe(false);
        expect(readdirSync(dirname(path))).toEqual(["ballast"]);
      });
    },
  );

  test("a lock that another place has broken and another has taken is not taken from him", async () => {
    const path = fresh("lock");
    await withDisk(dirname(path), "size=512k", async () => {
      const lock = await fileLock(path);
      const entry = join(path, "exclusive");
      unlinkSync(entry);
      symlinkSync("somebody else's", entry);
      fill(join(dirname(path), "ballast"));
      await expect(lock.release()).rejects.toThrow(FileLockLostError);
      expect(readlinkSync(entry)).toBe("somebody else's");
    });
  });

  test.each<[string, number, CopyFileOptions]>([
    ["a file of one call", MIB, {}],
    ["a file of several pieces", 3 * MIB, {}],
    ["with its times, on the disk", MIB, { preserve: true, fsync: true }],
    ["where nothing is replaced", MIB, { overwrite: false }],
  ])("there is no half copy: %s", async (_, size, options) => {
    const source = join(tree(), "large");
    writeFileSync(source, Buffer.alloc(size, "x"));
    const path = fresh("copy");
    await withDisk(dirname(path), "size=512k", async () => {
      const failure = { operation: "copyFile", path, code: "ENOSPC" };
      expect(await failureOf(copyFile(source, path, options))).toMatchObject(failure);
      expect(readdirSync(dirname(path))).toEqual([]);
      if (options.overwrite === false) return;
      writeFileSync(path, "old");
      expect(await failureOf(copyFile(source, path, options))).toMatchObject(failure);
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(readdirSync(dirname(path))).toEqual(["copy"]);
    });
  });

  test("there is no half tree; one that is merged keeps what was there", async () => {
    const top = tree("a/small", "b");
    writeFileSync(join(top, "a/large"), Buffer.alloc(3 * MIB));
    const path = fresh("copy");
    await withDisk(dirname(path), "size=2m", async () => {
      const failure = { operation: "copyTree", path: join(path, "a/large"), code: "ENOSPC" };
      expect(await failureOf(copyTree(top, path))).toMatchObject(failure);
      expect(readdirSync(dirname(path))).toEqual([]);
      mkdirSync(join(path, "a"), { recursive: true });
      writeFileSync(join(path, "a/large"), "old");
      const merged = copyTree(top, path, { dirsExistOk: true });
      expect(await failureOf(merged)).toMatchObject(failure);
      expect(readFileSync(join(path, "a/large"), "utf8")).toBe("old");
      expect(listing(path).filter((name) => name.includes(".ambit"))).toEqual([]);
    });
  });

  test("what was to be moved there stays where it was", async () => {
    const top = tree("a", "b");
    writeFileSync(join(top, "large"), Buffer.alloc(3 * MIB));
    const path = fresh("moved");
    await withDisk(dirname(path), "size=2m", async () => {
      const failure = { operation: "moveFile", code: "ENOSPC" };
      expect(await failureOf(moveFile(top, path))).toMatchObject({
        ...failure,
        path: join(path, "large"),
      });
      expect(await failureOf(moveFile(join(top, "large"), path))).toMatchObject({
        ...failure,
        path,
      });
      expect(readdirSync(dirname(path))).toEqual([]);
    });
    expect(listing(top)).toEqual(["a", "b", "large"]);
  });

  test("what grew in memory stays there", async () => {
    const folder = dirname(fresh());
    await withDisk(folder, "size=64k", async () => {
      await using file = spooledTemporaryFile({ dir: folder, maxSize: MIB });
      await file.write(Buffer.alloc(MIB, "x"));
      await file.flush();
      expect((await failureOf(file.rollover())).code).toBe("ENOSPC");
      expect([file.rolled, readdirSync(folder)]).toEqual([false, []]);
      await file.seek(-1, 2);
      expect(String(await file.read())).toBe("x");
    });
  });
});

const CALLS: readonly (readonly [string, (folder: string) => Promise<unknown>])[] = [
  ["open", (folder) => writeText(join(folder, "new"), "x")],
  ["mkdir", (folder) => mkdir(join(folder, "new"))],
  ["makedirs", (folder) => makedirs(join(folder, "new/inner"))],
  ["rename", (folder) => rename(join(folder, "file"), join(folder, "new"))],
  ["remove", (folder) => remove(join(folder, "file"))],
  ["symlink", (folder) => symlink("file", join(folder, "new"))],
  ["truncate", (folder) => truncate(join(folder, "file"), 0)],
  ["utime", (folder) => utime(join(folder, "file"), { atime: 1, mtime: 1 })],
  ["copyFile", (folder) => copyFile("package.json", join(folder, "new"))],
  ["copyTree", (folder) => copyTree(".changeset", join(folder, "new"))],
  ["moveFile", (folder) => moveFile(join(folder, "file"), join(folder, "new"))],
  ["rmtree", (folder) => rmtree(join(folder, "inner"))],
  ["fileLock", (folder) => fileLock(join(folder, "new"))],
  ["temporaryDirectory", (folder) => temporaryDirectory({ dir: folder })],
  ["open", (folder) => namedTemporaryFile({ dir: folder })],
];

test.skipIf(CANNOT_MOUNT)("on a disk that is read-only, all that writes says so", async () => {
  const folder = dirname(fresh());
  await withDisk(folder, "size=1m", async () => {
    writeFileSync(join(folder, "file"), "content");
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "inner/file"), "content");
    execFileSync("mount", ["-o", "remount,ro", folder]);
    for (const [operation, call] of CALLS) {
      const error = await failureOf(call(folder));
      expect(error).toMatchObject({ operation, code: "EROFS" });
      expect(error.path.startsWith(folder)).toBe(true);
      expect(error.message).not.toContain(".ambit");
    }
    expect(listing(folder)).toEqual(["file", "inner", "inner/file"]);
  });
});

test.skipIf(CANNOT_MOUNT)(
  "in a folder that another user may not write to, nothing is made",
  async () => {
    const folder = dirname(fresh());
    writeFileSync(join(folder, "file"), "content");
    mkdirSync(join(folder, "inner"));
    chmodSync(folder, 0o755);
    const program = `
      import { atomicWrite, copyFile, copyTree, fileLock, mkdir, open, remove } from "ambit/files";
      process.chdir(${JSON.stringify(folder)});
      process.seteuid(65534);
      const calls = [
        () => open("new", "w"), () => open("file", "a"), () => mkdir("new"), () => remove("file"),
        () => atomicWrite("file", "x"), () => copyFile("file", "new"), () => copyTree("inner", "new"),
        () => fileLock("new"),
      ];
      for (const call of calls)
        await call().catch(({ operation, code, path }) => console.log(operation, code, path));
    `;
    const path = (name: string): string => join(folder, name);
    const { out, err } = await runProgram(program);
    expect([out.split("\n"), err]).toEqual([
      [
        "open EACCES new",
        "open EACCES file",
        "mkdir EACCES new",
        "remove EACCES file",
        `atomicWrite EACCES ${path("file")}`,
        `copyFile EACCES ${path("new")}`,
        `copyTree EACCES ${path("new")}`,
        `fileLock EACCES ${path("new")}`,
        "",
      ],
      "",
    ]);
    expect(listing(folder)).toEqual(["file", "inner"]);
  },
);
