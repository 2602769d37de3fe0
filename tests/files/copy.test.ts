/**
 * copyFile and copyTree: what the copy is, and that there is never half of one.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CancelledError } from "ambit";
import { copyFile, copyTree, type FileError } from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { failureOf } from "./failure.ts";
import { filesWith, folders, WINDOWS } from "./folder.ts";
import { listing, treesWith } from "./trees.ts";

const fresh = folders();
const MIB = 1024 * 1024;

const fileWith = filesWith(fresh);
const tree = treesWith(fresh);

/** Bytes that tell where they are. */
function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

describe("copyFile", () => {
  test.each([
    ["an empty file", 0],
    ["a small file", 1000],
    ["a file of one piece", MIB + 1],
    ["a file of several pieces", 5 * MIB + 123],
  ])("copies %s, told to its end", async (_, size) => {
    const content = pattern(size);
    const path = fileWith(content);
    chmodSync(path, 0o640);
    const told: [number, number][] = [];
    const progress = (copied: number, total: number): void => void told.push([copied, total]);
    await copyFile(path, `${path}.copy`, { progress, reflink: false });
    expect(readFileSync(`${path}.copy`).equals(content)).toBe(true);
    expect(statSync(`${path}.copy`).mode & 0o777).toBe(0o640);
    expect(told.at(-1) ?? [0, 0]).toEqual([size, size]);
    expect(told.map(([copied]) => copied)).toEqual(
      told.map(([copied]) => copied).sort((a, b) => a - b),
    );
    expect(told.length).toBeGreaterThanOrEqual(size > 5 * MIB ? 6 : Math.min(size, 1));
    expect(listing(dirname(path))).toEqual(["file", "file.copy"]);
  });

  // The file systems of other systems may have no holes.
  test.skipIf(process.platform !== "linux")(
    "leaves the holes of a file holes, wherever they are, and loses none of its bytes",
    async () => {
      const size = 9 * MIB + 5;
      for (const [data, ...places] of [
        [pattern(MIB)],
        [pattern(MIB), 0, 3 * MIB + 100, 9 * MIB],
        [Buffer.alloc(MIB, "the same "), 2 * MIB],
        [Buffer.alloc(MIB, 1), 7 * MIB],
      ] as const) {
        const path = fileWith("");
        truncateSync(path, size);
        const file = openSync(path, "r+");
        for (const at of places) writeSync(file, data, 0, Math.min(MIB, size - at), at);
        closeSync(file);
        await copyFile(path, `${path}.copy`, { reflink: false });
        expect(readFileSync(`${path}.copy`).equals(readFileSync(path))).toBe(true);
        const { blocks, size: copied } = statSync(`${path}.copy`);
        expect(copied).toBe(size);
        expect(512 * blocks).toBeLessThanOrEqual(2.1 * places.length * MIB);
      }
    },
  );

  test("takes the place of a file, or refuses to", async () => {
    const path = fileWith("new");
    writeFileSync(`${path}.copy`, "old");
    const error = await failureOf(copyFile(path, `${path}.copy`, { overwrite: false }));
    expect(error).toMatchObject({ operation: "copyFile", path: `${path}.copy`, code: "EEXIST" });
    expect(readFileSync(`${path}.copy`, "utf8")).toBe("old");
    await copyFile(path, `${path}.copy`);
    expect(readFileSync(`${path}.copy`, "utf8")).toBe("new");
    await copyFile(path, `${path}.other`, { overwrite: false, fsync: true });
    expect(listing(dirname(path))).toEqual(["file", "file.copy", "file.other"]);
  });

  test("keeps the times where asked", async () => {
    const path = fileWith("text");
    utimesSync(path, 1000, 2000);
    await copyFile(path, `${path}.copy`, { preserve: true });
    expect(statSync(`${path}.copy`)).toMatchObject({ mtimeMs: 2_000_000 });
    await copyFile(path, `${path}.new`);
    expect(statSync(`${path}.new`).mtimeMs).toBeGreaterThan(2_000_000);
  });

  test("follows links at both ends", async () => {
    const path = fileWith("text");
    symlinkSync("file", `${path}.link`);
    symlinkSync("made", `${path}.to`);
    await copyFile(`${path}.link`, `${path}.to`);
    expect(readFileSync(join(dirname(path), "made"), "utf8")).toBe("text");
    expect(readlinkSync(`${path}.to`)).toBe("made");
  });

  test("refuses what is the file itself, a folder, or no file", async () => {
    const path = fileWith("text");
    symlinkSync("file", `${path}.link`);
    expect((await failureOf(copyFile(path, `${path}.link`))).message).toContain("the file itself");
    expect((await failureOf(copyFile(dirname(path), `${path}.x`))).message).toContain("copyTree()");
    expect((await failureOf(copyFile(path, dirname(path)))).code).toBe("EISDIR");
    expect((await failureOf(copyFile("/dev/zero", `${path}.x`))).code).toBe("EINVAL");
    expect((await failureOf(copyFile(`${path}.none`, `${path}.x`))).code).toBe("ENOENT");
    expect((await failureOf(copyFile(path, `${path}.no/x`))).code).toBe("ENOENT");
    expect(readFileSync(path, "utf8")).toBe("text");
    expect(listing(dirname(path))).toEqual(["file", "file.link"]);
  });

  test("refuses bad options", async () => {
    const reflink = "sometimes" as "always";
    await expect(copyFile("a", "b", { reflink })).rejects.toThrow("Expected `options.reflink`");
    const progress = 1 as unknown as () => void;
    await expect(copyFile("a", "b", { progress })).rejects.toThrow("Expected `options.progress`");
  });

  test("reflinks where the file system can, and says when it cannot", async () => {
    const path = fileWith(pattern(2 * MIB));
    const outcome = await copyFile(path, `${path}.copy`, { reflink: "always" }).then(
      () => "copied",
      ({ code }: FileError) => code,
    );
    expect(["copied", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOTTY"]).toContain(outcome);
    expect(existsSync(`${path}.copy`)).toBe(outcome === "copied");
  });

  test.skipIf(process.platform !== "linux")(
    "copies what the system makes up when it is read",
    async () => {
      const path = fresh();
      await copyFile("/proc/version", path);
      expect(readFileSync(path, "utf8")).toBe(readFileSync("/proc/version", "utf8"));
    },
  );

  test("what `progress` throws ends it, and leaves nothing", async () => {
    const path = fileWith(pattern(3 * MIB));
    const progress = (): void => {
      throw new RangeError("enough");
    };
    await expect(copyFile(path, `${path}.copy`, { progress, reflink: false })).rejects.toThrow(
      RangeError,
    );
    expect(listing(dirname(path))).toEqual(["file"]);
  });

  test("cancelled at any point, there is the whole copy or none", async () => {
    const path = fileWith(pattern(3 * MIB + 7));
    const outcomes = new Set<string>();
    const points = await cancelEverywhere(async () => {
      const target = fresh("copy");
      const outcome = await copyFile(path, target, { preserve: true, fsync: true }).then(
        () => "copied",
        (error: unknown) => (error instanceof CancelledError ? "cancelled" : String(error)),
      );
      outcomes.add(`${outcome} ${existsSync(target) ? statSync(target).size : "none"}`);
      expect(listing(dirname(target))).toEqual(outcome === "copied" ? ["copy"] : []);
    });
    expect(points).toBeGreaterThan(10);
    expect([...outcomes].sort()).toEqual(["cancelled none", `copied ${3 * MIB + 7}`]);
  });
});

describe("copyTree", () => {
  test("copies all: contents, permissions, links as links, odd names", async () => {
    const top = tree("a/b/c", "file", ".hidden", "日本語/naïve");
    symlinkSync("../file", join(top, "a/link"));
    symlinkSync("nowhere", join(top, "dangling"));
    chmodSync(join(top, "file"), 0o400);
    chmodSync(join(top, "a/b"), 0o500);
    const target = fresh("copy");
    await copyTree(top, target);
    chmodSync(join(top, "a/b"), 0o700);
    expect(listing(target)).toEqual(listing(top));
    expect(readFileSync(join(target, "a/b/c"), "utf8")).toBe("a/b/c");
    expect(readlinkSync(join(target, "a/link"))).toBe("../file");
    expect(statSync(join(target, "file")).mode & 0o777).toBe(0o400);
    expect(statSync(join(target, "a/b")).mode & 0o777).toBe(0o500);
    chmodSync(join(target, "a/b"), 0o700);
  });

  test.skipIf(process.platform !== "linux")("copies names that are no text", async () => {
    const top = tree();
    const odd = Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0x80])]);
    writeFileSync(odd, "odd");
    const target = fresh("copy");
    await copyTree(top, target);
    const [name] = readdirSync(target, { encoding: "buffer" });
    expect(name).toEqual(Buffer.from([0xff, 0x80]));
  });

  test("keeps times where asked, those of folders too", async () => {
    const top = tree("a/b");
    utimesSync(join(top, "a/b"), 1000, 2000);
    utimesSync(join(top, "a"), 3000, 4000);
    const target = fresh("copy");
    await copyTree(top, target, { preserve: true });
    expect(statSync(join(target, "a/b")).mtimeMs).toBe(2_000_000);
    expect(statSync(join(target, "a")).mtimeMs).toBe(4_000_000);
  });

  test("copies what links lead to where asked, and sees circles", async () => {
    const top = tree("a/file");
    symlinkSync("a", join(top, "link"));
    symlinkSync("a/file", join(top, "to the file"));
    const target = fresh("copy");
    await copyTree(top, target, { followSymlinks: true });
    expect(listing(target)).toEqual(["a", "a/file", "link", "link/file", "to the file"]);
    expect(lstatSync(join(target, "link")).isDirectory()).toBe(true);
    symlinkSync("..", join(top, "a/up"));
    const circle = await failureOf(copyTree(top, fresh("copy"), { followSymlinks: true }));
    expect(circle).toMatchObject({ operation: "copyTree", code: "ELOOP" });
  });

  test("leaves out what `filter` refuses, and counts the rest", async () => {
    const top = tree("node_modules/x", "src/a", "src/b");
    const target = fresh("copy");
    const told: number[][] = [];
    await copyTree(top, target, {
      filter: ({ name }) => name !== "node_modules",
      progress: ({ files, bytes }) => told.push([files, bytes]),
    });
    expect(listing(target)).toEqual(["src", "src/a", "src/b"]);
    expect(told).toEqual([
      [1, 5],
      [2, 10],
    ]);
  });

  test("refuses a place that is taken, or lies in the tree", async () => {
    const top = tree("a/b");
    expect((await failureOf(copyTree(top, tree("x")))).code).toBe("EEXIST");
    expect((await failureOf(copyTree(top, fileWith("x")))).code).toBe("EEXIST");
    for (const inside of ["a/copy", ".", "a/b"])
      expect((await failureOf(copyTree(top, join(top, inside)))).code).toBe("EINVAL");
    expect((await failureOf(copyTree(join(top, "a/b"), fresh("copy")))).code).toBe("ENOTDIR");
    expect((await failureOf(copyTree(top, fresh("no/copy")))).code).toBe("ENOENT");
    expect(listing(top)).toEqual(["a", "a/b"]);
  });

  test("is merged where asked: files are replaced, others stay", async () => {
    const top = tree("a/new", "both");
    symlinkSync("both", join(top, "link"));
    const target = tree("a/old", "link");
    writeFileSync(join(target, "both"), "old");
    await copyTree(top, target, { dirsExistOk: true });
    expect(listing(target)).toEqual(["a", "a/new", "a/old", "both", "link"]);
    expect(readFileSync(join(target, "both"), "utf8")).toBe("both");
    expect(readlinkSync(join(target, "link"))).toBe("both");
  });

  test.skipIf(WINDOWS)("refuses pipes, unless they are left out", async () => {
    const top = tree("a");
    execFileSync("mkfifo", [join(top, "pipe")]);
    const target = fresh("copy");
    expect((await failureOf(copyTree(top, target))).message).toContain("leave it out by `filter`");
    expect(listing(dirname(target))).toEqual([]);
    await copyTree(top, target, { filter: ({ kind }) => kind !== "other" });
    expect(listing(target)).toEqual(["a"]);
  });

  test.each([1, 4])("cancelled at any point, there is all or nothing (limit %i)", async (limit) => {
    const top = tree(...Array.from({ length: 9 }, (_, n) => `d${n % 3}/f${n}`));
    const all = listing(top);
    const outcomes = new Set<string>();
    const points = await cancelEverywhere(async () => {
      const target = fresh("copy");
      const outcome = await copyTree(top, target, { limit }).then(
        () => "copied",
        (error: unknown) => (error instanceof CancelledError ? "cancelled" : String(error)),
      );
      outcomes.add(outcome);
      expect(listing(dirname(target))).toEqual(
        outcome === "copied" ? ["copy", ...all.map((path) => join("copy", path))] : [],
      );
    });
    expect(points).toBeGreaterThan(20);
    expect([...outcomes].sort()).toEqual(["cancelled", "copied"]);
  });

  test("a merge that is cancelled leaves no half file", async () => {
    const top = tree("a/1", "a/2", "3");
    await cancelEverywhere(async () => {
      const target = tree("a/1");
      writeFileSync(join(target, "a/1"), "old");
      try {
        await copyTree(top, target, { dirsExistOk: true });
      } finally {
        const found = listing(target).filter((path) => basename(path).startsWith(".ambit"));
        expect(found).toEqual([]);
        expect(["old", "a/1"]).toContain(readFileSync(join(target, "a/1"), "utf8"));
      }
    });
  });
});
