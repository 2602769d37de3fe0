/**
 * Files of text: characters, lines, positions, what is written. What CPython says of the same
 * programs is in oracle.test.ts.
 */
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { open, type TextOptions, UnsupportedOperationError } from "ambit/files";
import { describe, expect, test } from "vitest";
import { filesWith, folders } from "./folder.ts";

const fresh = folders();
const fileWith = filesWith(fresh);

async function linesOf(content: string | Uint8Array, options: TextOptions = {}): Promise<string[]> {
  await using file = await open(fileWith(content), "r", options);
  const lines: string[] = [];
  for await (const line of file) lines.push(line);
  return lines;
}

async function written(parts: readonly string[], options: TextOptions = {}): Promise<Buffer> {
  const path = fresh();
  await using file = await open(path, "w", options);
  await file.writelines(parts);
  await file.flush();
  return readFileSync(path);
}

describe("characters", () => {
  test("are counted, not units, and never cut", async () => {
    await using file = await open(fileWith("a😀b😀c"));
    expect(await file.read(2)).toBe("a😀");
    expect(await file.read(1)).toBe("b");
    expect(await file.read(100)).toBe("😀c");
    expect(await file.read(1)).toBe("");
  });

  test.each([1, 2, 3, 5, 64])("are put together across chunks of %i bytes", async (buffering) => {
    const text = "aä€😀\n".repeat(10);
    await using file = await open(fileWith(text), "r", {
      buffering: buffering === 1 ? 4 : buffering,
    });
    const parts: string[] = [];
    for (let part = await file.read(3); part !== ""; part = await file.read(3)) parts.push(part);
    expect(parts.join("")).toBe(text);
    expect(parts.every((part) => Array.from(part).length <= 3)).toBe(true);
  });

  test("of several encodings are read and written", async () => {
    const text = "Grüße\n";
    for (const encoding of ["utf-8", "UTF_8", "utf-16", "utf-16-be", "latin1", "iso-8859-1"]) {
      const path = fresh();
      {
        await using file = await open(path, "w", { encoding });
        expect(await file.write(text)).toBe(6);
      }
      await using file = await open(path, "r", { encoding });
      expect(await file.read()).toBe(text);
    }
  });

  test("of encodings that can only be read come from TextDecoder", async () => {
    const bytes = Buffer.from([0x93, 0xfa, 0x96, 0x7b, 0x0a, 0x8c, 0xea]);
    expect(await linesOf(bytes, { encoding: "shift_jis", buffering: 2 })).toEqual(["日本\n", "語"]);
    expect(await linesOf(Buffer.from([0x80, 0x31]), { encoding: "windows-1252" })).toEqual(["€1"]);
    expect(await written(["5 €"], { encoding: "cp1252" })).toEqual(Buffer.from([0x35, 0x20, 0x80]));
    expect(await written(["Да"], { encoding: "koi8-r" })).toEqual(Buffer.from([0xe4, 0xc1]));
    await expect(open(fresh(), "w", { encoding: "shift_jis" })).rejects.toThrow(
      "Expected `options.encoding` to be one that can be written: utf-8, utf-16, latin-1, got `'shift_jis'`",
    );
    await expect(open(fresh(), "w", { encoding: "klingon" })).rejects.toThrow("known here");
  });

  test("without a meaning are an error, a replacement, or nothing", async () => {
    const bytes = Buffer.concat([
      Buffer.from("good\nbad "),
      Buffer.from([0xff]),
      Buffer.from("!\n"),
    ]);
    await using file = await open(fileWith(bytes));
    expect(await file.readline()).toBe("good\n");
    const error = await file.readline().catch((caught: unknown) => caught);
    expect(String(error)).toBe(
      `UnicodeDecodeError: '${file.name}' is not utf-8: invalid start byte (ff) at byte 9`,
    );
    expect(error).toMatchObject({ encoding: "utf-8", position: 9, bytes: Buffer.from([0xff]) });
    // Nothing was taken.
    expect(await file.tell()).toBe(5);
    expect(await file.read(4)).toBe("bad ");
    expect(await linesOf(bytes, { errors: "replace" })).toEqual(["good\n", "bad \ufffd!\n"]);
    expect(await linesOf(bytes, { errors: "ignore" })).toEqual(["good\n", "bad !\n"]);
  });

  test("that stand for one without a meaning are read as they stand there", async () => {
    const path = fileWith("a\ufffdb\nä\ufffd\n");
    for (const errors of ["strict", "replace", "ignore"] as const) {
      await using file = await open(path, "r", { errors });
      expect(await file.readlines()).toEqual(["a\ufffdb\n", "ä\ufffd\n"]);
    }
  });

  test("that an encoding has not are an error, a question mark, or nothing", async () => {
    await using file = await open(fresh(), "w", { encoding: "latin-1" });
    const error = await file.write("5 €").catch((caught: unknown) => caught);
    expect(String(error)).toBe(
      "UnicodeEncodeError: U+20AC at index 2 of the text can't be written in latin-1",
    );
    expect(await file.tell()).toBe(0);
    expect(String(await written(["5 €"], { encoding: "ascii", errors: "replace" }))).toBe("5 ?");
    expect(String(await written(["5 €😀\ud800!"], { encoding: "ascii", errors: "ignore" }))).toBe(
      "5 !",
    );
    await expect(written(["\ud800"])).rejects.toThrow("U+D800 at index 0");
    expect(String(await written(["a\ud800b"], { errors: "replace" }))).toBe("a?b");
  });
});

describe("the mark at the beginning", () => {
  test("of utf-16 is looked for and written", async () => {
    const big = Buffer.from([0xfe, 0xff, 0, 65, 0, 10]);
    expect(await linesOf(big, { encoding: "utf-16" })).toEqual(["A\n"]);
    expect(await linesOf(big.subarray(2), { encoding: "utf-16-be" })).toEqual(["A\n"]);
    expect(await written(["A", "B"], { encoding: "utf-16" })).toEqual(
      Buffer.from([0xff, 0xfe, 65, 0, 66, 0]),
    );
    await using file = await open(fileWith(big), "r+", { encoding: "utf-16" });
    await file.seek(0, 2);
    await file.write("B");
    await file.seek(0);
    expect(await file.read()).toBe("A\nB");
  });

  test("is no text to utf-8-sig, and is to utf-8", async () => {
    const bytes = Buffer.from("\ufeffone");
    expect(await linesOf(bytes, { encoding: "utf-8-sig" })).toEqual(["one"]);
    expect(await linesOf(bytes)).toEqual(["\ufeffone"]);
    expect(await written(["one"], { encoding: "utf-8-sig" })).toEqual(bytes);
  });

  test("is not written again in the middle of a file", async () => {
    const path = fresh();
    for (const word of ["one ", "two"]) {
      await using file = await open(path, "a", { encoding: "utf-8-sig" });
      await file.write(word);
    }
    expect(readFileSync(path)).toEqual(Buffer.from("\ufeffone two"));
  });

  test("is found after a jump into the middle, too", async () => {
    const big = Buffer.from([0xfe, 0xff, 0, 65, 0, 66]);
    await using file = await open(fileWith(big), "r", { encoding: "utf-16" });
    await file.seek(4);
    expect(await file.read()).toBe("B");
  });
});

describe("lines", () => {
  const mixed = "unix\nold mac\rdos\r\n\r\nlast";

  test("end at any of the three ends, and are read with a newline", async () => {
    expect(await linesOf(mixed)).toEqual(["unix\n", "old mac\n", "dos\n", "\n", "last"]);
  });

  test.each([
    ["", ["unix\n", "old mac\r", "dos\r\n", "\r\n", "last"]],
    ["\n", ["unix\n", "old mac\rdos\r\n", "\r\n", "last"]],
    ["\r", ["unix\nold mac\r", "dos\r", "\n\r", "\nlast"]],
    ["\r\n", ["unix\nold mac\rdos\r\n", "\r\n", "last"]],
  ] as const)("with newline %j are not translated", async (newline, lines) => {
    expect(await linesOf(mixed, { newline })).toEqual(lines);
    expect(await linesOf(mixed, { newline, buffering: 2 })).toEqual(lines);
    expect(
      await linesOf(Buffer.from(mixed, "utf16le"), { newline, encoding: "utf-16-le" }),
    ).toEqual(lines);
  });

  test("tell which ends they had", async () => {
    await using file = await open(fileWith(mixed));
    expect(file.newlines).toBeNull();
    await file.read();
    expect(file.newlines).toEqual(["\r", "\n", "\r\n"]);
    await using unix = await open(fileWith("one\ntwo\n"));
    await unix.read();
    expect(unix.newlines).toBe("\n");
  });

  test("may be longer than any buffer", async () => {
    const lines = [`${"x".repeat(200_000)}\n`, "short\n", "y".repeat(300_000)];
    expect(await linesOf(lines.join(""))).toEqual(lines);
    expect(await linesOf(lines.join("").replaceAll("\n", "\r"))).toEqual(lines);
  });

  test("are the same from a large file, read far ahead", async () => {
    const lines = Array.from(
      { length: 60_000 },
      (_, index) => `${index} ${"ä".repeat(index % 50)}\n`,
    );
    const path = fileWith(lines.join(""));
    await using file = await open(path);
    const got: string[] = [];
    for await (const line of file) got.push(line);
    expect(got.length).toBe(lines.length);
    expect(got.join("")).toBe(lines.join(""));
    await file.seek(0);
    const batched: string[] = [];
    for await (const batch of file.batches()) batched.push(...batch);
    expect(batched.join("")).toBe(lines.join(""));
    await using bytes = await open(path, "rb");
    const raw: Buffer[] = [];
    for await (const line of bytes) raw.push(line);
    expect(raw.length).toBe(lines.length);
    expect(Buffer.concat(raw).equals(readFileSync(path))).toBe(true);
  });

  test("can be left and gone on with", async () => {
    await using file = await open(fileWith("1\n2\n3\n4\n5\n"));
    for await (const line of file) if (line === "2\n") break;
    expect(await file.readline()).toBe("3\n");
    expect(await file.tell()).toBe(6);
    expect(await file.readlines()).toEqual(["4\n", "5\n"]);
    expect(await file.readlines()).toEqual([]);
  });

  test("are read as far as the hint says", async () => {
    await using file = await open(fileWith("12\n34\n56\n"));
    expect(await file.readlines(4)).toEqual(["12\n", "34\n"]);
    expect(await file.tell()).toBe(6);
  });

  test("are read in part, as far as the limit says", async () => {
    await using file = await open(fileWith("12345\n6"));
    expect(await file.readline(3)).toBe("123");
    expect(await file.readline(3)).toBe("45\n");
    expect(await file.readline(0)).toBe("");
    expect(await file.readline(3)).toBe("6");
  });

  test.each(["r", "rb"] as const)(
    "longer than maxLineLength are refused, mode %s",
    async (mode) => {
      const path = fileWith("1234\n12345\n1234");
      await using file = await (mode === "r"
        ? open(path, mode, { maxLineLength: 4 })
        : open(path, mode, { maxLineLength: 4 }));
      expect(String(await file.readline())).toBe("1234\n");
      const unit = mode === "r" ? "characters" : "bytes";
      await expect(file.readline()).rejects.toThrow(
        `the line at byte 5 of '${path}' is longer than maxLineLength, 4 ${unit}: read it in parts`,
      );
      await expect(file[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        name: "LimitOverrunError",
      });
      await file.read(6);
      expect(String(await file.readline())).toBe("1234");
    },
  );

  test("longer than maxLineLength don't fill the memory before they are refused", async () => {
    await using file = await open("/dev/zero", "r", { maxLineLength: 100_000 });
    await expect(file.readline()).rejects.toThrow("longer than maxLineLength, 100000 characters");
  });
});

describe("writing", () => {
  test("translates newlines as it is told", async () => {
    const parts = ["a\nb", "\r\n"];
    expect(String(await written(parts, { newline: "" }))).toBe("a\nb\r\n");
    expect(String(await written(parts, { newline: "\r\n" }))).toBe("a\r\nb\r\r\n");
    expect(String(await written(parts, { newline: "\r" }))).toBe("a\rb\r\r");
  });

  test("with buffering 1 goes out with each line", async () => {
    const path = fresh();
    await using file = await open(path, "w", { buffering: 1 });
    await file.write("one");
    expect(String(readFileSync(path))).toBe("");
    await file.write(" line\ntwo");
    expect(String(readFileSync(path))).toBe("one line\ntwo");
  });

  test("keeps the order of many small pieces", async () => {
    const words = Array.from({ length: 30_000 }, (_, index) => `${index}ä `);
    expect(String(await written(words))).toBe(words.join(""));
  });

  test("takes lines from an asynchronous iterable", async () => {
    const path = fresh();
    await using source = await open(fileWith("1\n2\n"));
    await using file = await open(path, "w");
    await file.writelines(source);
    await file.flush();
    expect(String(readFileSync(path))).toBe("1\n2\n");
  });
});

describe("positions", () => {
  test("lead back to where they were taken, in every encoding and translation", async () => {
    const text = "aä€\r\n日本\rx\n";
    for (const [encoding, bytes] of [
      ["utf-8", Buffer.from(text)],
      ["utf-16-le", Buffer.from(text, "utf16le")],
      ["gb18030", Buffer.from("61 8130 8430 0d0a c8d5 b1be 0d 78 0a".replaceAll(" ", ""), "hex")],
      ["utf-8", Buffer.concat([Buffer.from([0xff]), Buffer.from(text), Buffer.from([0xe2, 0x82])])],
    ] as const) {
      await using file = await open(fileWith(bytes), "r", { encoding, errors: "replace" });
      const whole = await file.read();
      await file.seek(0);
      for (let before = ""; ;) {
        const position = await file.tell();
        const rest = await file.read();
        expect(before + rest).toBe(whole);
        await file.seek(position);
        const next = await file.read(1);
        if (next === "") break;
        before += next;
      }
    }
  });

  test("of reading and writing are the same", async () => {
    const path = fileWith("one\ntwo\nthree\n");
    await using file = await open(path, "r+");
    expect(await file.readline()).toBe("one\n");
    await file.write("TWO");
    expect(await file.read(1)).toBe("\n");
    expect(await file.readline()).toBe("three\n");
    await file.write("four\n");
    await file.flush();
    expect(String(readFileSync(path))).toBe("one\nTWO\nthree\nfour\n");
  });

  test("truncate cuts where the text is, not where was read ahead", async () => {
    const path = fileWith("one\ntwo\nthree\n");
    await using file = await open(path, "r+");
    await file.readline();
    expect(await file.truncate()).toBe(4);
    expect(String(readFileSync(path))).toBe("one\n");
    expect(await file.read()).toBe("");
  });

  test("can only be reached from the start", async () => {
    await using file = await open(fileWith("abc"));
    expect(() => file.seek(1, 1)).toThrow(UnsupportedOperationError);
    await file.read(1);
    expect(await file.seek(0, 1)).toBe(1);
    expect(await file.seek(0, 2)).toBe(3);
  });
});

test("a file tells how it was opened", async () => {
  await using file = await open(fileWith("x"), "r+", { encoding: "Latin1", errors: "replace" });
  expect(file).toMatchObject({ mode: "r+", encoding: "latin-1", errors: "replace", closed: false });
  expect([file.readable(), file.writable(), file.seekable(), file.isatty()]).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(file.fileno()).toBeGreaterThan(2);
  expect(inspect(file)).toBe(`<TextFile name='${file.path}' mode='r+'>`);
});

test("options that are none are named", async () => {
  const path = fresh();
  await expect(open(path, "r", { errors: "raise" as "strict" })).rejects.toThrow(
    "`options.errors`",
  );
  await expect(open(path, "r", { newline: "x" as "\n" })).rejects.toThrow("`options.newline`");
  await expect(open(path, "r", { buffering: 0 })).rejects.toThrow("at least 1 for text");
  await expect(open(path, "rb", { encoding: "utf-8" } as TextOptions)).rejects.toThrow(
    'Expected `options.encoding` to be left out for bytes (mode "rb")',
  );
});
