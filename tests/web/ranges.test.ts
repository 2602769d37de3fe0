/**
 * Ranges, over `file` and an exchange in memory: RFC 9110, section 14. The files are real, and so is the time.
 */
import * as fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "ambit";
import { file, RangeNotSatisfiable } from "ambit/web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseRanges } from "../../src/web/ranges.ts";
import { answered } from "./answered.ts";
import type { FakeInit } from "./fakeExchange.ts";

const SIZE = 1000;

let folder = "";
let path = "";
const bytes = Buffer.from(Array.from({ length: SIZE }, (_, at) => at % 251));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-ranges-"));
  path = join(folder, "data.bin");
  writeFileSync(path, bytes);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the grammar", () => {
  test.each<[string, [number, number][] | null]>([
    ["bytes=0-0", [[0, 1]]],
    ["bytes=0-499", [[0, 500]]],
    ["bytes=500-", [[500, 1000]]],
    ["bytes=-1", [[999, 1000]]],
    ["bytes=-5000", [[0, 1000]]],
    ["bytes=990-2000", [[990, 1000]]],
    ["BYTES=1-2", [[1, 3]]],
    [
      "bytes=1-2, 5-6",
      [
        [1, 3],
        [5, 7],
      ],
    ],
    [
      "bytes=5-6,1-2",
      [
        [5, 7],
        [1, 3],
      ],
    ],
    [
      "bytes=,1-2,,5-6,",
      [
        [1, 3],
        [5, 7],
      ],
    ],
    [
      "bytes= 1-2 ,\t5-6 ",
      [
        [1, 3],
        [5, 7],
      ],
    ],
    // One of several that is not there is left out.
    ["bytes=1-2,5000-6000", [[1, 3]]],
    // Those that overlap or touch are one.
    ["bytes=0-9,5-14", [[0, 15]]],
    ["bytes=0-9,10-14", [[0, 15]]],
    ["bytes=20-29,0-9,5-24", [[0, 30]]],
    // Nothing of that is there.
    ["bytes=1000-", []],
    ["bytes=5000-6000,7000-", []],
    ["bytes=-0", []],
    [`bytes=${"9".repeat(400)}-`, []],
    // No ranges of bytes: passed over.
    ["bytes=", null],
    ["bytes=,", null],
    ["bytes", null],
    ["lines=1-2", null],
    ["bytes=a-b", null],
    ["bytes=5-1", null],
    ["bytes=1-2,5-1", null],
    ["bytes=--1", null],
    ["bytes=1--2", null],
    ["bytes=+1-2", null],
    ["bytes=0x1-2", null],
    ["bytes=1.0-2", null],
    ["bytes=1-2;5-6", null],
    ["bytes=1 - 2", null],
    ["bytes=1-2 bytes=5-6", null],
  ])("%s", (header, expected) => {
    const ranges = parseRanges(header, SIZE);
    expect(ranges?.map(({ start, end }) => [start, end]) ?? null).toEqual(expected);
  });

  test("more pieces than anybody needs are the whole", () => {
    const many = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, at) => `${at * 10}-${at * 10 + 1}`).join()}`;
    expect(parseRanges(many(16), SIZE)).toHaveLength(16);
    expect(parseRanges(many(17), SIZE)).toBeNull();
  });

  test("more bytes than there are, in several ranges, are the whole", () => {
    expect(parseRanges("bytes=0-,0-", SIZE)).toBeNull();
    expect(parseRanges("bytes=0-999", SIZE)).toEqual([{ start: 0, end: SIZE }]);
  });

  test("of nothing there is no range, but its last bytes are nothing", () => {
    expect(parseRanges("bytes=0-", 0)).toEqual([]);
    expect(parseRanges("bytes=-0", 0)).toEqual([]);
    expect(parseRanges("bytes=-5", 0)).toBeNull();
  });

  test("whatever is asked for, what comes lies within, apart, and holds just what was asked", () => {
    const spec = fc.oneof(
      fc.tuple(fc.nat(120), fc.nat(120)).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.nat(120).map((a) => `${a}-`),
      fc.nat(120).map((a) => `-${a}`),
    );
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 8 }), fc.nat(100), (specs, size) => {
        const ranges = parseRanges(`bytes=${specs.join(",")}`, size);
        if (ranges === null) return;
        const wanted = new Set<number>();
        for (const one of specs) {
          const [first = "", last = ""] = one.split("-");
          const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
          const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
          for (let at = start; at < end; at++) wanted.add(at);
        }
        const got: number[] = [];
        for (const { start, end } of ranges) {
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(size);
          for (let at = start; at < end; at++) got.push(at);
        }
        expect(got.toSorted((a, b) => a - b)).toEqual([...wanted].toSorted((a, b) => a - b));
      }),
    );
  });

  test("no text at all makes it throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'bytes=0123456789-, \t;"x') }), (text) => {
        for (const header of [text, `bytes=${text}`])
          for (const { start, end } of parseRanges(header, 100) ?? [])
            expect(start).toBeLessThan(end);
      }),
    );
  });
});

describe("the answer", () => {
  test("one range is a 206 with its place", () =>
    run(async () => {
      const answer = await answered({ headers: { range: "bytes=10-19" } }, () => file(path));
      expect(answer.status).toBe(206);
      expect(answer.header("content-range")).toBe("bytes 10-19/1000");
      expect(answer.header("content-length")).toBe("10");
      expect(answer.header("accept-ranges")).toBe("bytes");
      expect(answer.bytes).toEqual(bytes.subarray(10, 20));
    }));

  test("several are parts of a multipart body, whose length is right", () =>
    run(async () => {
      const answer = await answered({ headers: { range: "bytes=0-1,-2" } }, () =>
        file(path, { type: "image/x-test" }),
      );
      expect(answer.status).toBe(206);
      expect(answer.header("content-range")).toBeNull();
      const [, boundary = ""] =
        /^multipart\/byteranges; boundary=([\w-]{10,70})$/.exec(
          answer.header("content-type") ?? "",
        ) ?? [];
      const part = (place: string, data: Buffer): string =>
        `--${boundary}\r\ncontent-type: image/x-test\r\ncontent-range: bytes ${place}/1000\r\n\r\n${data.toString("latin1")}\r\n`;
      expect(answer.bytes.toString("latin1")).toBe(
        `${part("0-1", bytes.subarray(0, 2))}${part("998-999", bytes.subarray(998))}--${boundary}--\r\n`,
      );
      expect(answer.header("content-length")).toBe(String(answer.bytes.length));
    }));

  test("a type that was set as a header goes into the parts", () =>
    run(async () => {
      const answer = await answered({ headers: { range: "bytes=0-1,-2" } }, () =>
        file(path, { headers: { "Content-Type": "a/b" } }),
      );
      expect(answer.header("content-type")).toMatch(/^multipart\/byteranges; boundary=[^,]*$/);
      expect(answer.text).toContain("content-type: a/b\r\n");
    }));

  test("bytes that are not there are a 416 that says how many are", () =>
    run(async () => {
      const answer = await answered({ headers: { range: "bytes=1000-" } }, () => file(path));
      expect(answer.thrown).toBeInstanceOf(RangeNotSatisfiable);
      expect((answer.thrown as RangeNotSatisfiable).headers).toEqual({
        "content-range": "bytes */1000",
      });
    }));

  test.each<[string, FakeInit]>([
    ["a HEAD", { method: "HEAD", headers: { range: "bytes=0-1" } }],
    ["what is no range", { headers: { range: "bytes=x" } }],
    ["two fields of the name", { headers: ["range", "bytes=0-1", "range", "bytes=3-4"] }],
  ])("%s gets the head of the whole", (_, init) =>
    run(async () => {
      const answer = await answered(init, () => file(path));
      expect([answer.status, answer.header("content-length")]).toEqual([200, "1000"]);
      expect(answer.bytes.length).toBe(init.method === "HEAD" ? 0 : 1000);
    }),
  );

  test("a POST and an answer of another status are whole", () =>
    run(async () => {
      const headers = { range: "bytes=0-1", "if-none-match": "*" };
      const post = await answered({ method: "POST", headers }, () => file(path));
      expect([post.status, post.bytes.length]).toEqual([200, 1000]);
      const missing = await answered({ headers }, () => file(path, { status: 404 }));
      expect([missing.status, missing.bytes.length]).toEqual([404, 1000]);
    }));

  test("none are offered where they are not wanted", () =>
    run(async () => {
      const answer = await answered({ headers: { range: "bytes=0-1" } }, () =>
        file(path, { ranges: false }),
      );
      expect([answer.status, answer.header("accept-ranges")]).toEqual([200, null]);
    }));
});

describe("If-Range", () => {
  const asked = async (condition: (etag: string, date: string) => string): Promise<number> => {
    const known = await answered({}, () => file(path));
    const value = condition(known.header("etag") ?? "", known.header("last-modified") ?? "");
    const headers = { range: "bytes=0-1", "if-range": value };
    return (await answered({ headers }, () => file(path))).status;
  };

  test("a strong tag that is the file's gives the part, any other one the whole", () =>
    run(async () => {
      expect(await asked((etag) => etag)).toBe(206);
      expect(await asked((etag) => `W/${etag}`)).toBe(200);
      expect(await asked(() => '"other"')).toBe(200);
      expect(await asked((etag) => `${etag}, "other"`)).toBe(200);
      expect(await asked(() => "*")).toBe(200);
    }));

  test("a date does when it is the very one, and a second old", async () => {
    const { utimesSync } = await import("node:fs");
    const date = new Date(Date.now() - 10_000);
    utimesSync(path, date, date);
    await run(async () => {
      expect(await asked((_, date) => date)).toBe(206);
      expect(await asked((_, date) => new Date(Date.parse(date) + 5000).toUTCString())).toBe(200);
      expect(await asked((_, date) => new Date(Date.parse(date) - 5000).toUTCString())).toBe(200);
      expect(await asked(() => "yesterday")).toBe(200);
    });
    const now = new Date();
    utimesSync(path, now, now);
    await run(async () => expect(await asked((_, date) => date)).toBe(200));
  });
});
