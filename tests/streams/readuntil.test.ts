/**
 * Separators: where they are found, whatever the chunks, and what the limit does.
 */
import { createTask, sleep } from "ambit";
import { LimitOverrunError, StreamReader } from "ambit/streams";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

function filled(limit: number | undefined, ...chunks: readonly string[]): StreamReader {
  const reader = new StreamReader(limit === undefined ? {} : { limit });
  for (const chunk of chunks) reader.feedData(Buffer.from(chunk));
  return reader;
}

async function rest(reader: StreamReader): Promise<string> {
  return String(await reader.read(reader.bufferedBytes));
}

async function overrunOf(promise: Promise<unknown>): Promise<LimitOverrunError> {
  const error = await promise.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LimitOverrunError);
  return error as LimitOverrunError;
}

describe("one separator", () => {
  test("an empty one is refused (CPython: test_streams StreamTests.test_readuntil_separator)", async () => {
    const reader = new StreamReader();
    await expect(reader.readuntil("")).rejects.toThrow(
      "Expected `separator` to be at least one byte long, got `''` (string)",
    );
    await expect(reader.readuntil(new Uint8Array())).rejects.toThrow(RangeError);
    await expect(reader.readuntil([])).rejects.toThrow(RangeError);
    await expect(reader.readuntil(["a", ""])).rejects.toThrow(RangeError);
    await expect(reader.readuntil(7 as never)).rejects.toThrow(TypeError);
  });

  test("it is found in a chunk, and taken (CPython: test_streams StreamTests.test_readuntil_multi_chunks)", async () => {
    const reader = new StreamReader();
    for (const tail of ["", "", "xxx"]) {
      reader.feedData(Buffer.from(`lineAAA${tail}`));
      expect(String(await reader.readuntil("AAA"))).toBe("lineAAA");
      expect(reader.bufferedBytes).toBe(tail.length);
    }
    expect(await rest(reader)).toBe("xxx");
  });

  test("it is found across chunks (CPython: test_streams StreamTests.test_readuntil_multi_chunks_1)", async () => {
    const cases = [
      ["QWEaa", "XYaa", "a"],
      ["QWEaa", "XYa", "aa"],
      ["aaa"],
      ["Xaaa"],
      ["XXX", "a", "a", "a"],
    ];
    const reader = new StreamReader();
    for (const chunks of cases) {
      for (const chunk of chunks) reader.feedData(Buffer.from(chunk));
      expect(String(await reader.readuntil("aaa"))).toBe(chunks.join(""));
      expect(reader.bufferedBytes).toBe(0);
    }
  });

  test("past the limit nothing is taken, whether it is in sight or not (CPython: test_streams StreamTests.test_readuntil_limit_found_sep)", async () => {
    const reader = filled(3, "some dataAA");
    const unseen = await overrunOf(reader.readuntil("AAA"));
    expect(unseen.message).toBe(
      "more than 3 bytes, the limit of the stream: no separator is in sight",
    );
    expect(unseen.consumed).toBe(9);
    expect(reader.bufferedBytes).toBe(11);

    reader.feedData(Buffer.from("A"));
    const seen = await overrunOf(reader.readuntil("AAA"));
    expect(seen.message).toBe(
      "more than 3 bytes, the limit of the stream: the separator is behind it",
    );
    expect(seen.consumed).toBe(9);
    expect(await rest(reader)).toBe("some dataAAA");
  });

  test("the limit counts without the separator, strictly", async () => {
    const reader = filled(7, "1234567\r\n", "12345678\r\n");
    expect(String(await reader.readuntil("\r\n"))).toBe("1234567\r\n");
    expect((await overrunOf(reader.readuntil("\r\n"))).consumed).toBe(8);
  });

  test("bytes of any kind will do, and are not altered (CPython: test_streams StreamTests.test_readuntil_bytearray)", async () => {
    const reader = filled(undefined, "some data\r\n", "more\r\n");
    const separator = new Uint8Array([13, 10]);
    expect(String(await reader.readuntil(separator))).toBe("some data\r\n");
    expect(String(await reader.readuntil(Buffer.from("\r\n")))).toBe("more\r\n");
    expect([...separator]).toEqual([13, 10]);
    expect(reader.bufferedBytes).toBe(0);
  });

  test("text stands for its bytes in UTF-8", async () => {
    const reader = filled(undefined, "dog § cat");
    expect(String(await reader.readuntil("§"))).toBe("dog §");
    expect(await rest(reader)).toBe(" cat");
  });
});

describe("several separators", () => {
  test("the one that ends first wins (CPython: test_streams StreamTests.test_readuntil_multi_separator)", async () => {
    const simple = filled(undefined, "line 1\nline 2\r");
    expect(String(await simple.readuntil(["\r", "\n"]))).toBe("line 1\n");
    expect(String(await simple.readuntil(["\r", "\n"]))).toBe("line 2\r");
    expect(simple.bufferedBytes).toBe(0);

    const overlapping = filled(undefined, "ABCD");
    expect(String(await overlapping.readuntil(["ABCD", "BC"]))).toBe("ABC");
    expect(await rest(overlapping)).toBe("D");
    expect(String(await filled(undefined, "xAB").readuntil(["AB", "A"]))).toBe("xA");
  });

  test("a long one that may yet come does not hide a short one (CPython: test_streams StreamTests.test_readuntil_multi_separator)", () =>
    runVirtual(async () => {
      const reader = filled(undefined, "some data\r");
      const reading = createTask(() => reader.readuntil(["\r\n\r\n", "\n"]));
      await sleep(0);
      expect(reading.done()).toBe(false);
      reader.feedData(Buffer.from("\n"));
      expect(String(await reading)).toBe("some data\r\n");
      expect(reader.bufferedBytes).toBe(0);
    }));

  test("the limit holds (CPython: test_streams StreamTests.test_readuntil_multi_separator_limit)", async () => {
    const reader = filled(3, "some dataA");
    const error = await overrunOf(reader.readuntil(["A", "ome dataA"]));
    expect(error.message).toMatch(/the separator is behind it$/);
    expect(await rest(reader)).toBe("some dataA");
  });

  test("a buffer that is shorter than the longest is searched from its start (CPython: test_streams StreamTests.test_readuntil_multi_separator_negative_offset)", () =>
    runVirtual(async () => {
      const reader = filled(undefined, "data");
      const reading = createTask(() => reader.readuntil(["A", "long sep"]));
      await sleep(0);
      reader.feedData(Buffer.from("ZAaaa"));
      expect(String(await reading)).toBe("dataZA");
      expect(await rest(reader)).toBe("aaa");
    }));
});

const bytes = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 });
const separator = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 3 });

/** The same, over one string. */
function splitAt(text: string, separators: readonly string[]): string[] {
  const parts: string[] = [];
  let left = text;
  for (;;) {
    const ends = separators
      .map((each) => left.indexOf(each) + each.length)
      .filter((end, index) => end >= (separators[index] as string).length);
    if (ends.length === 0) return [...parts, left];
    const end = Math.min(...ends);
    parts.push(left.slice(0, end));
    left = left.slice(end);
  }
}

test("whatever the chunks, the parts are those of the whole text", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(bytes, { maxLength: 8 }),
      fc.array(separator, { minLength: 1, maxLength: 3 }),
      async (chunks, separators) => {
        const reader = filled(undefined, ...chunks);
        reader.feedEof();
        const parts: string[] = [];
        for (const part of splitAt(chunks.join(""), separators).slice(0, -1)) {
          expect(String(await reader.readuntil(separators))).toBe(part);
          parts.push(part);
        }
        const last = await reader
          .readuntil(separators)
          .catch((error: { partial: Buffer }) => error.partial);
        expect(parts.join("") + String(last)).toBe(chunks.join(""));
      },
    ),
    { numRuns: 300 },
  ));

test("whatever the chunks and when they come, a waiting read finds the separator", () =>
  fc.assert(
    fc.asyncProperty(fc.array(bytes, { maxLength: 8 }), separator, (chunks, mark) =>
      runVirtual(async () => {
        const reader = new StreamReader();
        const reading = createTask(async () => {
          const parts: string[] = [];
          for (;;) {
            try {
              parts.push(String(await reader.readuntil(mark)));
            } catch (error) {
              return [...parts, String((error as { partial: Buffer }).partial)];
            }
          }
        });
        for (const chunk of chunks) {
          reader.feedData(Buffer.from(chunk));
          await sleep(0);
        }
        reader.feedEof();
        expect(await reading).toEqual(splitAt(chunks.join(""), [mark]));
      }),
    ),
    { numRuns: 60 },
  ));
