/**
 * Places where a number of 31 or 32 bits would no longer do. The files are sparse: they take no room.
 */
import { stat } from "node:fs/promises";
import { open } from "ambit/files";
import { describe, expect, test } from "vitest";
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

test("a path that is longer than the system takes is refused by its name", async () => {
  const path = fresh(`${"folder/".repeat(800)}file`);
  await expect(open(path, "w")).rejects.toMatchObject({
    operation: "open",
    path,
    code: "ENAMETOOLONG",
  });
});
