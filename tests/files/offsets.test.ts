/**
 * Places where a number of 31 or 32 bits would no longer do. The files are sparse: they take no room.
 */
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { copyFile, open } from "ambit/files";
import { describe, expect, test } from "vitest";
import { CANNOT_MOUNT, withDisk } from "./disk.ts";
import { folders } from "./folder.ts";

const fresh = folders();

describe.each([
  ["2 GiB", 2 ** 31],
  ["4 GiB", 2 ** 32],
])("at %s", (_name, border) => {
  test("bytes are written and read across it", async () => {
    await using file = await open(fresh(), "wb+", { buffering: 16 });
    await file.seek(border - 5);
    await file.write(Buffer.from("0123456789"));
    await file.write(Buffer.from("larger than the buffer, and across nothing"));
    await file.seek(border - 5);
    expect(String(await file.read(10))).toBe("0123456789");
    expect(await file.seek(-5, 1)).toBe(border);
    expect(String(await file.read(5))).toBe("56789");
    const target = Buffer.alloc(6);
    await file.seek(border - 3);
    expect(await file.readinto(target)).toBe(6);
    expect(String(target)).toBe("234567");
  });

  test("a file is appended to, cut and made longer", async () => {
    const path = fresh();
    await (await open(path, "wb")).close();
    await using file = await open(path, "ab+");
    expect(await file.truncate(border - 1)).toBe(border - 1);
    await file.write(Buffer.from("appended"));
    expect(await file.tell()).toBe(border + 7);
    expect(await file.seek(-3, 2)).toBe(border + 4);
    expect(String(await file.read())).toBe("ded");
    expect(await file.truncate(border + 1)).toBe(border + 1);
    expect(await file.seek(0, 2)).toBe(border + 1);
    expect((await stat(path)).size).toBe(border + 1);
  });

  test("lines are cut across it, in text and in bytes", async () => {
    const path = fresh();
    const lines = Array.from({ length: 300 }, (_, index) => `${index} ${"ä".repeat(index)}\n`);
    const start = border - 20_000;
    {
      await using file = await open(path, "wb");
      await file.seek(start - 1);
      await file.write(Buffer.from(`\n${lines.join("")}`));
    }
    await using text = await open(path);
    await text.seek(start);
    const positions: number[] = [];
    const got: string[] = [];
    for await (const line of text) {
      got.push(line);
      positions.push(await text.tell());
    }
    expect(got).toEqual(lines);
    expect(positions.at(-1)).toBe((await stat(path)).size);
    // Each position leads back to its line.
    for (const index of [10, 150, 298]) {
      await text.seek(positions[index] as number);
      expect(await text.readline()).toBe(lines[index + 1]);
    }
    await using bytes = await open(path, "rb");
    await bytes.seek(start);
    const batches: Buffer[] = [];
    for await (const batch of bytes.batches()) batches.push(...batch);
    expect(batches.map(String)).toEqual(lines);
  });
});

// In memory, for a disk fills the page cache with what it has no blocks for.
test.skipIf(CANNOT_MOUNT)("a file of more than 4 GiB is copied", async () => {
  const folder = dirname(fresh());
  const [path, copy] = [join(folder, "sparse"), join(folder, "copy")];
  const border = 2 ** 32;
  const size = border + 5_000_000;
  const words = Buffer.from("across the border");
  await withDisk(folder, "size=16m", async () => {
    {
      await using file = await open(path, "wb");
      await file.write(Buffer.from("first"));
      await file.seek(border - 7);
      await file.write(words);
      await file.truncate(size);
    }
    let told = 0;
    await copyFile(path, copy, { reflink: false, progress: (copied) => void (told = copied) });
    expect([told, (await stat(copy)).size]).toEqual([size, size]);
    await using file = await open(copy, "rb");
    expect(String(await file.read(6))).toBe("first\0");
    // What lies at the border would lie here, if its place were cut to 32 bits.
    await file.seek(words.length - 7);
    expect((await file.read(1000)).every((byte) => byte === 0)).toBe(true);
    await file.seek(border - 8);
    expect(String(await file.read(words.length + 2))).toBe(`\0${String(words)}\0`);
  });
});

test("a path that is longer than the system takes is refused by its name", async () => {
  const path = fresh(`${"folder/".repeat(800)}file`);
  await expect(open(path, "w")).rejects.toMatchObject({
    operation: "open",
    path,
    code: "ENAMETOOLONG",
  });
});
