/**
 * Odd paths and odd times.
 */
import {
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { atomicWrite, copyFile, copyTree, utime } from "ambit/files";
import { describe, expect, test } from "vitest";
import { folders, WINDOWS } from "./folder.ts";

const fresh = folders();

describe("a path that ends with a separator", () => {
  test("means a folder, and never becomes a file", async () => {
    const path = fresh();
    writeFileSync(path, "old");
    for (const target of [`${path}/`, `${path}.new/`]) {
      await expect(atomicWrite(target, "new")).rejects.toMatchObject({ code: "ENOTDIR" });
      await expect(copyFile(path, target)).rejects.toMatchObject({ code: "ENOTDIR" });
    }
    await expect(atomicWrite(`${dirname(path)}/`, "new")).rejects.toMatchObject({ code: "EISDIR" });
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
    expect(readFileSync(path, "utf8")).toBe("old");
  });
});

describe.skipIf(WINDOWS)("times", () => {
  const EARLY = Date.UTC(1960, 0, 1);

  test("before 1970 are times, and not now", async () => {
    const path = fresh();
    writeFileSync(path, "");
    await utime(path, { atime: EARLY, mtime: new Date(EARLY + 1500) });
    expect(statSync(path).mtimeMs).toBe(EARLY + 1500);
    await copyFile(path, `${path}.copy`, { preserve: true });
    expect(statSync(`${path}.copy`).mtimeMs).toBe(EARLY + 1500);
    expect(statSync(`${path}.copy`).atimeMs).toBe(EARLY);
  });

  test("are kept to the microsecond", async () => {
    const path = fresh();
    writeFileSync(path, "");
    utimesSync(path, 1_614_834_367.123456, 1_614_834_367.123456);
    await copyFile(path, `${path}.copy`, { preserve: true });
    const micros = (file: string): bigint => statSync(file, { bigint: true }).mtimeNs / 1000n;
    expect(micros(`${path}.copy`)).toBe(micros(path));
  });

  test("of links and folders in a tree are kept, as copystat keeps them", async () => {
    const top = fresh("top");
    mkdirSync(join(top, "inner"), { recursive: true });
    symlinkSync("nowhere", join(top, "inner/link"));
    lutimesSync(join(top, "inner/link"), 1e9, 1e9);
    utimesSync(join(top, "inner"), "-2e8", "-2e8");
    await copyTree(top, `${top}.copy`, { preserve: true });
    expect(lstatSync(join(`${top}.copy`, "inner/link")).mtimeMs).toBe(1e12);
    expect(statSync(join(`${top}.copy`, "inner")).mtimeMs).toBe(-2e11);
    await copyTree(top, `${top}.new`);
    expect(lstatSync(join(`${top}.new`, "inner/link")).mtimeMs).toBeGreaterThan(1e12);
  });
});
