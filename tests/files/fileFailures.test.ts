/**
 * What the system refuses: each with operation, path and code, and nothing lost that could be kept.
 */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileError, open, readBytes, readText, writeBytes, writeText } from "ambit/files";
import { afterAll, describe, expect, test } from "vitest";
import { folders } from "./folder.ts";

const fresh = folders();

describe("opening", () => {
  test.each([
    ["ENOENT", () => fresh("missing/file"), "no such file or directory"],
    ["ENAMETOOLONG", () => fresh("x".repeat(300)), "name too long"],
    ["EISDIR", () => fresh("."), "it is a directory"],
  ])("fails with %s", async (code, pathOf, words) => {
    const path = pathOf();
    const error = await open(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ operation: "open", path, code });
    expect(String(error)).toBe(`FileError: open '${path}': ${words} (${code})`);
  });

  test("fails below a file, in a circle of links, and in a folder that is written", async () => {
    const path = fresh();
    writeFileSync(path, "");
    await expect(open(`${path}/below`)).rejects.toMatchObject({ code: "ENOTDIR" });
    const circle = fresh("circle");
    symlinkSync(circle, circle);
    await expect(open(circle)).rejects.toMatchObject({ code: "ELOOP" });
    await expect(open(fresh("."), "w")).rejects.toMatchObject({ code: "EISDIR" });
  });

  test("gives the permissions that were asked for, less the umask", async () => {
    const path = fresh();
    const umask = process.umask(0o027);
    try {
      await (await open(path, "w", { permissions: 0o777 })).close();
    } finally {
      process.umask(umask);
    }
    const shown = execFileSync("stat", ["-c", "%a", path], { encoding: "utf8" }).trim();
    expect(shown).toBe("750");
  });
});

test("a file that is removed while it is read is read to its end", async () => {
  const path = fresh();
  writeFileSync(path, "line\n".repeat(50_000));
  await using file = await open(path);
  await file.readline();
  unlinkSync(path);
  expect((await file.read()).length).toBe(5 * 49_999);
  await expect(open(path)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a file that became shorter ends where it ends now", async () => {
  const path = fresh();
  writeFileSync(path, "x".repeat(200_000));
  await using file = await open(path, "rb");
  await file.read(10);
  writeFileSync(path, "y".repeat(100));
  await file.seek(90);
  const rest = await file.read();
  expect(rest.length).toBeLessThanOrEqual(65_536);
  await file.seek(150_000);
  expect(await file.read()).toHaveLength(0);
});

describe.skipIf(process.platform !== "linux")("a full disk", () => {
  test("is told by flush and by close, and what was gathered is kept meanwhile", async () => {
    const file = await open("/dev/full", "w");
    await file.write("gathered");
    const error = { operation: "write", path: "/dev/full", code: "ENOSPC" };
    await expect(file.flush()).rejects.toMatchObject(error);
    await expect(file.flush()).rejects.toThrow(
      "write '/dev/full': no space left on device (ENOSPC)",
    );
    await expect(file.close()).rejects.toMatchObject(error);
    expect(file.closed).toBe(true);
    await file.close();
  });

  test("is told by writes in one call", async () => {
    await expect(writeText("/dev/full", "text")).rejects.toMatchObject({ code: "ENOSPC" });
    await expect(writeBytes("/dev/full", Buffer.alloc(100_000))).rejects.toMatchObject({
      code: "ENOSPC",
    });
  });
});

describe.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)("a small disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "ambit-small-"));
  let mounted = false;

  function mount(options: string): boolean {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", folder], { stdio: "ignore" });
      mounted = true;
    } catch {
      // A container may be forbidden to.
    }
    return mounted;
  }

  function unmount(): void {
    if (mounted) execFileSync("umount", [folder]);
    mounted = false;
  }

  afterAll(() => {
    unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  test("takes a part, tells how much, and the rest when there is room again", async ({ skip }) => {
    skip(!mount("size=1m"), "mount is not allowed");
    try {
      const hog = join(folder, "hog");
      writeFileSync(hog, Buffer.alloc(512 * 1024));
      const path = join(folder, "file");
      await using file = await open(path, "wb");
      const large = Buffer.alloc(700 * 1024, "x");
      await expect(file.write(large)).rejects.toMatchObject({ code: "ENOSPC" });
      const written = await file.tell();
      expect(written).toBe(readFileSync(path).length);
      expect(written).toBeGreaterThan(0);
      unlinkSync(hog);
      await file.write(large.subarray(written));
      await file.flush();
      expect(readFileSync(path).equals(large)).toBe(true);
    } finally {
      unmount();
    }
  });

  test("that can only be read refuses to be written", async ({ skip }) => {
    skip(!mount("size=1m,ro"), "mount is not allowed");
    try {
      await expect(open(join(folder, "file"), "w")).rejects.toMatchObject({ code: "EROFS" });
    } finally {
      unmount();
    }
  });
});

test("a folder refuses to be written", async () => {
  await expect(open(tmpdir(), "a")).rejects.toMatchObject({ code: "EISDIR", operation: "open" });
});

describe("large offsets", () => {
  const FAR = 5 * 1024 ** 3;

  test("of bytes are reached, beyond 4 GiB", async () => {
    await using file = await open(fresh(), "wb+");
    await file.seek(FAR);
    await file.write(Buffer.from("far away"));
    expect(await file.tell()).toBe(FAR + 8);
    await file.seek(-4, 2);
    expect(String(await file.read())).toBe("away");
    await file.seek(FAR - 2);
    expect(await file.read(4)).toEqual(Buffer.from("\0\0fa"));
    expect(await file.truncate(FAR + 1)).toBe(FAR + 1);
    expect(await file.seek(0, 2)).toBe(FAR + 1);
  });

  test("of text are told and found again, beyond 4 GiB", async () => {
    await using file = await open(fresh(), "w+");
    await file.seek(FAR);
    await file.write("one\nzwölf\n");
    await file.seek(FAR);
    expect(await file.readline()).toBe("one\n");
    expect(await file.read(3)).toBe("zwö");
    const position = await file.tell();
    expect(position).toBe(FAR + 8);
    expect(await file.readline()).toBe("lf\n");
    await file.seek(position);
    expect(await file.read()).toBe("lf\n");
  });

  test("past the end are read as nothing, and written behind zeros", async () => {
    const path = fresh();
    await using file = await open(path, "wb+");
    await file.seek(3);
    expect(await file.read(5)).toHaveLength(0);
    await file.write(Buffer.from("x"));
    await file.flush();
    expect(readFileSync(path)).toEqual(Buffer.from("\0\0\0x"));
  });
});

test("whole files are read and written in one call", async () => {
  const path = fresh("folder/file");
  mkdirSync(join(path, ".."));
  expect(await writeBytes(path, Buffer.from([0xff, 0x0a]))).toBe(2);
  expect(await readBytes(path)).toEqual(Buffer.from([0xff, 0x0a]));
  await expect(readText(path)).rejects.toThrow("is not utf-8: invalid start byte (ff) at byte 0");
  expect(await readText(path, { errors: "replace" })).toBe("\ufffd\n");
  expect(await writeText(path, "ü\n", { encoding: "utf-16", newline: "\r\n" })).toBe(2);
  expect(await readText(path, { encoding: "utf-16", newline: "" })).toBe("ü\r\n");
  await expect(readBytes(fresh("none"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a text that is written in one call is what an open file writes, whatever the encoding", async () => {
  const texts = ["", "äöü\n\r\n", "x".repeat(70_000) + "\n"];
  for (const encoding of ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1"]) {
    for (const newline of [null, "", "\n", "\r", "\r\n"] as const) {
      for (const text of texts) {
        const [once, opened] = [fresh(), fresh()];
        expect(await writeText(once, text, { encoding, newline })).toBe(text.length);
        const file = await open(opened, "w", { encoding, newline });
        await file.write(text);
        await file.close();
        expect(readFileSync(once).equals(readFileSync(opened))).toBe(true);
      }
    }
  }
  expect(await writeText(fresh(), "\u{1f600}!")).toBe(2);
});

test("a text that can't be encoded leaves an empty file, and one that is replaced is written", async () => {
  const path = fresh();
  await writeText(path, "before");
  await expect(writeText(path, "ü", { encoding: "ascii" })).rejects.toThrow("ascii");
  expect(readFileSync(path)).toHaveLength(0);
  await writeText(path, "aü", { encoding: "ascii", errors: "replace" });
  expect(String(readFileSync(path))).toBe("a?");
});

test("what is no text is refused before the file is emptied", async () => {
  const path = fresh();
  await writeText(path, "kept");
  await expect(writeText(path, 5 as never)).rejects.toThrow("Expected `text`");
  expect(await readText(path)).toBe("kept");
});

test("what is no bytes is refused before the file is emptied", async () => {
  const path = fresh();
  await writeBytes(path, Buffer.from("kept"));
  await expect(writeBytes(path, "text" as never)).rejects.toThrow("Expected `data`");
  expect(String(await readBytes(path))).toBe("kept");
});
