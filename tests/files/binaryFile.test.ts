/**
 * Files of bytes: reading, writing, positions. Real files: they are what is tested.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { ClosedFileError, FileError, open, UnsupportedOperationError } from "ambit/files";
import { describe, expect, test } from "vitest";
import { filesWith, folders } from "./folder.ts";

const fresh = folders();
const fileWith = filesWith(fresh);

describe("reading", () => {
  test("gives what was asked for, and less only at the end", async () => {
    await using file = await open(fileWith("0123456789"), "rb");
    expect(String(await file.read(4))).toBe("0123");
    expect(String(await file.read(4))).toBe("4567");
    expect(String(await file.read(4))).toBe("89");
    expect(await file.read(4)).toHaveLength(0);
  });

  test("without a count reads to the end, from where it is", async () => {
    await using file = await open(fileWith("0123456789"), "rb");
    await file.read(3);
    expect(String(await file.read())).toBe("3456789");
    expect(await file.read()).toHaveLength(0);
  });

  test("sees what was appended after the end was reached", async () => {
    const path = fileWith("one");
    await using file = await open(path, "rb");
    expect(String(await file.read())).toBe("one");
    writeFileSync(path, "one more");
    expect(String(await file.read())).toBe(" more");
  });

  test("gives lines, across chunks and longer than a chunk", async () => {
    const lines = ["short\n", `${"x".repeat(1000)}\n`, "\n", "no newline"];
    await using file = await open(fileWith(lines.join("")), "rb", { buffering: 7 });
    const got: string[] = [];
    for await (const line of file) got.push(String(line));
    expect(got).toEqual(lines);
  });

  test("hands out bytes that later reads leave alone", async () => {
    await using file = await open(fileWith("abcdefgh"), "rb", { buffering: 4 });
    const first = await file.read(2);
    await file.read(5);
    await file.seek(0);
    await file.read(8);
    expect(String(first)).toBe("ab");
  });
});

describe("writing", () => {
  test("gathers until flush or close", async () => {
    const path = fresh();
    const file = await open(path, "wb");
    expect(await file.write(Buffer.from("one"))).toBe(3);
    expect(String(readFileSync(path))).toBe("");
    await file.flush();
    expect(String(readFileSync(path))).toBe("one");
    await file.write(Buffer.from(" two"));
    await file.close();
    expect(String(readFileSync(path))).toBe("one two");
  });

  test("keeps the order of small and large pieces", async () => {
    const path = fresh();
    const pieces = [1, 5, 100, 3, 64, 63, 1, 200].map((size, index) =>
      Buffer.alloc(size, String(index)),
    );
    {
      await using file = await open(path, "wb", { buffering: 64 });
      for (const piece of pieces) void file.write(piece);
    }
    expect(readFileSync(path)).toEqual(Buffer.concat(pieces));
  });

  test("without buffering goes out at once", async () => {
    const path = fresh();
    await using file = await open(path, "wb", { buffering: 0 });
    await file.write(Buffer.from("now"));
    expect(String(readFileSync(path))).toBe("now");
  });

  test("appends at the end, wherever the position was", async () => {
    const path = fileWith("start");
    await using file = await open(path, "ab+");
    expect(await file.tell()).toBe(5);
    await file.seek(0);
    expect(String(await file.read(2))).toBe("st");
    await file.write(Buffer.from("+end"));
    expect(await file.tell()).toBe(9);
    await file.seek(0);
    expect(String(await file.read())).toBe("start+end");
  });

  test("x creates, and refuses what is there", async () => {
    const path = fresh();
    await (await open(path, "xb")).close();
    const error = await open(path, "xb").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ code: "EEXIST", operation: "open", path });
  });
});

describe("positions", () => {
  test("reading and writing share one", async () => {
    const path = fileWith("0123456789");
    await using file = await open(path, "rb+");
    await file.read(2);
    await file.write(Buffer.from("AB"));
    expect(String(await file.read(2))).toBe("45");
    expect(await file.tell()).toBe(6);
    await file.seek(-1, 2);
    await file.write(Buffer.from("Z!"));
    await file.seek(-4, 1);
    expect(String(await file.read())).toBe("78Z!");
  });

  test("are refused before the start of the file", async () => {
    await using file = await open(fileWith("abc"), "rb");
    await expect(file.seek(-4, 2)).rejects.toThrow("Expected `offset` to be at least -3, got `-4`");
  });

  test("truncate cuts where the position is, and leaves it there", async () => {
    const path = fileWith("0123456789");
    await using file = await open(path, "rb+");
    await file.read(4);
    expect(await file.truncate()).toBe(4);
    expect(await file.tell()).toBe(4);
    expect(await file.truncate(6)).toBe(6);
    expect(await file.read()).toEqual(Buffer.alloc(2));
  });
});

describe("what a file can't do", () => {
  test("is refused by name", async () => {
    const path = fileWith("x");
    await using reader = await open(path, "rb");
    expect(() => reader.write(Buffer.from("y"))).toThrow(UnsupportedOperationError);
    await using writer = await open(path, "ab");
    expect(() => writer.read()).toThrow(
      `read on '${path}' (mode "ab"), which was not opened to be read`,
    );
  });

  test("after closing, everything", async () => {
    const file = await open(fileWith("x"), "rb");
    await file.close();
    await file.close();
    expect(() => file.read()).toThrow(ClosedFileError);
    expect(inspect(file)).toContain(" closed>");
  });

  test("a folder is no file", async () => {
    await expect(open(fresh("."), "rb")).rejects.toMatchObject({ code: "EISDIR" });
  });

  test("bad paths and modes are named", async () => {
    await expect(open("a\0b", "rb")).rejects.toThrow(
      "Expected `path` to be a path without a zero byte",
    );
    await expect(open(new URL("http://localhost/"), "rb")).rejects.toThrow("the URL of a file");
    await expect(open("x", "rw" as "rb")).rejects.toThrow("Expected `mode` to be r, w, a or x");
  });
});

test("a file is found by its URL", async () => {
  await using file = await open(pathToFileURL(fileWith("by URL")), "rb");
  expect(String(await file.read())).toBe("by URL");
});
