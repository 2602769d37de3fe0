/**
 * What is asked of the system about files, and done to them by name. Real files: they are what is tested.
 */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  access,
  chmod,
  diskUsage,
  exists,
  getSize,
  isDir,
  isFile,
  isLink,
  link,
  listdir,
  lstat,
  makedirs,
  mkdir,
  readlink,
  realpath,
  remove,
  removedirs,
  rename,
  replace,
  rmdir,
  sameFile,
  stat,
  symlink,
  truncate,
  unlink,
  utime,
} from "ambit/files";
import { describe, expect, test } from "vitest";
import { failureOf } from "./failure.ts";
import { filesWith, folders } from "./folder.ts";

const fresh = folders();
const fileWith = filesWith(fresh);

describe("asking", () => {
  test("stat follows links, lstat does not", async () => {
    const path = fileWith("12345");
    symlinkSync(path, `${path}.link`);
    expect((await stat(`${path}.link`)).size).toBe(5);
    expect((await lstat(`${path}.link`)).isSymbolicLink()).toBe(true);
    expect((await stat(path, { bigint: true })).size).toBe(5n);
    expect((await lstat(pathToFileURL(path))).size).toBe(5);
  });

  test("an error says what was asked of what, and why", async () => {
    const path = fresh("missing");
    const error = await failureOf(stat(path));
    expect(error).toMatchObject({ operation: "stat", path, code: "ENOENT" });
    expect(error.message).toBe(`stat '${path}': no such file or directory (ENOENT)`);
  });

  test("questions are answered yes or no, whatever is there", async () => {
    const path = fileWith("");
    const folder = dirname(path);
    symlinkSync("nowhere", join(folder, "dangling"));
    symlinkSync(folder, join(folder, "to the folder"));
    const paths = [path, folder, join(folder, "dangling"), join(folder, "to the folder")];
    const ask = (question: (path: string) => Promise<boolean>): Promise<boolean[]> =>
      Promise.all([...paths, join(path, "below a file")].map(question));
    expect(await ask(exists)).toEqual([true, true, false, true, false]);
    expect(await ask(isFile)).toEqual([true, false, false, false, false]);
    expect(await ask(isDir)).toEqual([false, true, false, true, false]);
    expect(await ask(isLink)).toEqual([false, false, true, true, false]);
  });

  test("sameFile sees through links and second names, and needs both files", async () => {
    const path = fileWith("");
    linkSync(path, `${path}.second`);
    symlinkSync(path, `${path}.link`);
    expect(await sameFile(path, `${path}.second`)).toBe(true);
    expect(await sameFile(`${path}.link`, path)).toBe(true);
    expect(await sameFile(path, fileWith(""))).toBe(false);
    expect((await failureOf(sameFile(path, `${path}.none`))).code).toBe("ENOENT");
  });

  test("access says what may be done", async () => {
    const path = fileWith("");
    chmodSync(path, 0o644);
    expect(await access(path)).toBe(true);
    expect(await access(path, "rw")).toBe(true);
    expect(await access(path, "x")).toBe(false);
    expect(await access(`${path}.none`, "r")).toBe(false);
    await expect(access(path, "rwz" as "r")).rejects.toThrow(
      "Expected `rights` to be letters out of \"rwx\", got `'rwz'`",
    );
  });

  test("getSize gives bytes", async () => {
    expect(await getSize(fileWith("äö"))).toBe(4);
  });

  test("diskUsage adds up as far as the system keeps none for the administrator", async () => {
    const { total, used, free } = await diskUsage(dirname(fresh()));
    expect(total).toBeGreaterThan(0);
    expect(used + free).toBeLessThanOrEqual(total);
  });
});

describe("what a file is", () => {
  test("chmod sets permissions", async () => {
    const path = fileWith("");
    await chmod(path, 0o600);
    expect(statSync(path).mode & 0o7777).toBe(0o600);
    expect(() => chmod(path, 0o100000)).toThrow("Expected `mode` to be permission bits");
  });

  test("utime sets both times, of a link itself where asked, and to now", async () => {
    const path = fileWith("");
    symlinkSync(path, `${path}.link`);
    await utime(path, { atime: 1000, mtime: new Date(5000) });
    await utime(`${path}.link`, { atime: 7000, mtime: 9000 }, { followSymlinks: false });
    expect(statSync(path)).toMatchObject({ atimeMs: 1000, mtimeMs: 5000 });
    expect(lstatSync(`${path}.link`).mtimeMs).toBe(9000);
    await utime(path);
    expect(statSync(path).mtimeMs).toBeGreaterThan(1_700_000_000_000);
    expect(() => utime(path, { atime: 0, mtime: NaN })).toThrow("Expected `times.mtime` to be");
  });

  test("truncate cuts, and fills up with zeros", async () => {
    const path = fileWith("12345");
    await truncate(path, 2);
    expect(readFileSync(path, "latin1")).toBe("12");
    await truncate(path, 4);
    expect(readFileSync(path, "latin1")).toBe("12\0\0");
    await truncate(path);
    expect(readFileSync(path)).toHaveLength(0);
  });
});

describe("names", () => {
  test.each([
    ["rename", rename],
    ["replace", replace],
  ])("%s takes the place of a file", async (name, move) => {
    const path = fileWith("new");
    writeFileSync(`${path}.old`, "old");
    await move(path, pathToFileURL(`${path}.old`));
    expect(readFileSync(`${path}.old`, "latin1")).toBe("new");
    const error = await failureOf(move(path, `${path}.old`));
    expect(error).toMatchObject({ operation: name, path, code: "ENOENT" });
  });

  test.each([
    ["remove", remove],
    ["unlink", unlink],
  ])("%s removes a file, or a link and not what it leads to", async (name, take) => {
    const path = fileWith("");
    symlinkSync(path, `${path}.link`);
    await take(`${path}.link`);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    await take(path);
    expect(await failureOf(take(path))).toMatchObject({ operation: name, code: "ENOENT" });
    await take(path, { missingOk: true });
    expect(["EISDIR", "EPERM"]).toContain((await failureOf(take(dirname(path)))).code);
  });

  test("links are made, read and followed", async () => {
    const path = fileWith("text");
    await link(path, `${path}.second`);
    await symlink(basename(path), `${path}.link`);
    expect(statSync(path).nlink).toBe(2);
    expect(await readlink(`${path}.link`)).toBe(basename(path));
    expect(readlinkSync(`${path}.link`)).toBe(basename(path));
    expect(await realpath(`${path}.link`)).toBe(await realpath(path));
    expect((await failureOf(symlink("x", `${path}.link`))).code).toBe("EEXIST");
    expect((await failureOf(readlink(path))).code).toBe("EINVAL");
  });
});

describe("folders", () => {
  test("mkdir makes one, with its permissions", async () => {
    const path = fresh("made");
    await mkdir(path, { mode: 0o700 });
    expect(statSync(path).mode & 0o7777).toBe(0o700);
    expect((await failureOf(mkdir(path))).code).toBe("EEXIST");
    expect((await failureOf(mkdir(`${path}/a/b`))).code).toBe("ENOENT");
  });

  test("makedirs makes those above too, and only the last one gets the mode", async () => {
    const top = fresh("top");
    await makedirs(`${top}/a/b`, { mode: 0o700 });
    expect(statSync(`${top}/a/b`).mode & 0o777).toBe(0o700);
    expect(statSync(`${top}/a`).mode & 0o777).toBe(0o777 & ~process.umask());
    expect((await failureOf(makedirs(`${top}/a/b`))).code).toBe("EEXIST");
    await makedirs(`${top}/a/b`, { existOk: true });
    writeFileSync(`${top}/file`, "");
    expect((await failureOf(makedirs(`${top}/file`, { existOk: true }))).code).toBe("EEXIST");
    expect((await failureOf(makedirs(`${top}/file/x`))).code).toBe("ENOTDIR");
  });

  test("rmdir removes an empty one only", async () => {
    const path = fresh("made");
    mkdirSync(`${path}/inner`, { recursive: true });
    expect((await failureOf(rmdir(path))).code).toBe("ENOTEMPTY");
    await rmdir(`${path}/inner`);
    await rmdir(path);
    expect(await exists(path)).toBe(false);
  });

  test("removedirs goes up as far as folders are empty", async () => {
    const top = fresh("top");
    mkdirSync(`${top}/a/b/c`, { recursive: true });
    writeFileSync(`${top}/a/kept`, "");
    await removedirs(`${top}/a/b/c`);
    expect(readdirSync(`${top}/a`)).toEqual(["kept"]);
    expect((await failureOf(removedirs(`${top}/a`))).code).toBe("ENOTEMPTY");
  });

  test("listdir gives the names, whatever characters are in them", async () => {
    const folder = dirname(fresh());
    const names = ["naïve", "日本語", "👩‍👩‍👧", "with\nnewline", "a".repeat(255), " ", "-rf"];
    for (const name of names) writeFileSync(join(folder, name), "");
    expect((await listdir(folder)).sort()).toEqual([...names].sort());
    expect((await failureOf(listdir(join(folder, "-rf")))).code).toBe("ENOTDIR");
  });
});

test.each([
  ["an empty path", "", "Expected `path` to be a path that is not empty"],
  ["a path with a zero byte", "a\0b", "Expected `path` to be a path without a zero byte"],
  ["a URL of the web", new URL("http://x/y"), "Expected `path` to be a path or the URL of a file"],
  ["a number", 3 as unknown as string, "Expected `path` to be a path or the URL of a file"],
])("%s is refused", async (_, path, message) => {
  for (const work of [stat, lstat, remove, mkdir, rmdir, listdir, readlink, realpath, getSize]) {
    const call = async (): Promise<unknown> => work(path);
    await expect(call()).rejects.toThrow(message);
  }
});

test("a path that is too long is the system's error, with its name", async () => {
  const long = join(dirname(fresh()), "x".repeat(256));
  expect((await failureOf(stat(long))).code).toBe("ENAMETOOLONG");
  expect((await failureOf(mkdir("d/".repeat(2100)))).code).toBe("ENAMETOOLONG");
});
