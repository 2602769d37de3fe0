/*
 * Content-Disposition: which name a server gives a file, as browsers read it. The headers are those
 * that servers were seen to send.
 */
import { basename } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentDispositionOf } from "../../src/http/contentDisposition.ts";

function filename(header: string): string | null | undefined {
  return contentDispositionOf(header)?.filename;
}

/** As undici hands a header over whose bytes are UTF-8. */
function bare(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

describe("the type", () => {
  test("is there without a name, in lower case", () => {
    expect(contentDispositionOf("INLINE")).toEqual({
      type: "inline",
      filename: null,
      parameters: {},
    });
    expect(contentDispositionOf(undefined)).toBeNull();
  });

  test("is an attachment when the header has only a name", () => {
    expect(contentDispositionOf("filename=a.txt")).toMatchObject({
      type: "attachment",
      filename: "a.txt",
    });
    expect(contentDispositionOf('"attachment"; filename="a.txt"')?.filename).toBe("a.txt");
  });

  test("may be one that nobody knows", () => {
    expect(contentDispositionOf("atachment; size=3; filename=x")).toMatchObject({
      type: "atachment",
      filename: "x",
      parameters: { size: "3", filename: "x" },
    });
  });
});

describe("the name", () => {
  test.each([
    ["attachment; filename=plain.txt", "plain.txt"],
    [
      'attachment; filename="with; semicolon, and \\"quotes\\".txt"',
      'with; semicolon, and "quotes".txt',
    ],
    ["attachment; filename=no quotes but spaces.txt ; size=1", "no quotes but spaces.txt"],
    ["attachment; filename=[a.b].c d.torrent", "[a.b].c d.torrent"],
    ['attachment; filename="not closed.txt', "not closed.txt"],
    ['attachment; filename="a.txt"rest; x=1', "a.txt"],
    ["attachment;filename = 'single'.txt", "'single'.txt"],
    ["attachment; FILENAME=up.txt", "up.txt"],
    ["attachment; filename=first.txt; filename=second.txt", "first.txt"],
    ["attachment;; filename=;filename*=UTF-8''x.txt;", "x.txt"],
    ['attachment; filename="100%41.txt"', "100%41.txt"],
  ])("of `%s` is %j", (header, name) => {
    expect(filename(header)).toBe(name);
  });

  test.each([
    ["attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"],
    ["attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates"],
    ["attachment; filename*=utf8''file.png; filename=file", "file.png"],
    ["attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates", "€ rates"],
    ["attachment; filename*=\"utf-8' '100MB.zip\"", "100MB.zip"],
    ["attachment; filename*=UTF-8''100%.txt", "100%.txt"],
  ])("in an extended value `%s` is %j (RFC 8187)", (header, name) => {
    expect(filename(header)).toBe(name);
  });

  test("in an extended value that is broken, or in no known encoding, gives way to the plain one", () => {
    expect(filename("a; filename*=UTF-8''%ff; filename=plain.txt")).toBe("plain.txt");
    expect(filename("a; filename*=klingon''a; filename=plain.txt")).toBe("plain.txt");
    expect(filename("a; filename*=nothing; filename=plain.txt")).toBe("plain.txt");
    expect(filename("a; filename*=UTF-8''..; filename=plain.txt")).toBe("plain.txt");
  });

  test("may come in pieces (RFC 2231)", () => {
    expect(filename("a; filename*0=one; filename*1=two.txt")).toBe("onetwo.txt");
    expect(filename("a; filename*0*=ISO-8859-1''caf%E9%20; filename*1=x; filename*2*=%E9")).toBe(
      "café xé",
    );
    expect(filename("a; filename*1=lost; filename=plain")).toBe("plain");
  });

  test("may be UTF-8 or Latin-1 as it is", () => {
    expect(filename(bare('attachment; filename="naïve €.txt"'))).toBe("naïve €.txt");
    expect(filename('attachment; filename="na\u00efve.txt"')).toBe("naïve.txt");
    expect(filename('attachment; filename="€.txt"')).toBe("€.txt");
  });

  test("may be in the encoded words of mail (RFC 2047)", () => {
    expect(filename('attachment; filename="=?UTF-8?B?5pel5pys6KqeLmNzdg==?="')).toBe("日本語.csv");
    expect(filename('a; filename="=?iso-8859-1?q?caf=E9_100%?= =?utf-8?Q?=2Ebar?="')).toBe(
      "café 100%.bar",
    );
    expect(filename('a; filename="=?klingon?B?AA==?="')).toBe("=?klingon?B?AA==?=");
  });
});

describe("a name is never a path", () => {
  test.each([
    ["../../etc/passwd", "passwd"],
    ["/etc/passwd", "passwd"],
    ["..\\\\..\\\\boot.ini", "boot.ini"],
    ["C:\\\\Users\\\\a.txt", "a.txt"],
    ["C:a.txt", "a.txt"],
    ["a\u0000.txt", "a.txt"],
    ["a\r\nb.txt", "ab.txt"],
    ["\u0085tail", "tail"],
    ["..", null],
    ["a/..", null],
    ["folder/", null],
    ["  ", null],
    ["", null],
  ])("%j gives %j", (path, name) => {
    expect(filename(`attachment; filename="${path}"`)).toBe(name);
    const encoded = encodeURIComponent(path.replaceAll("\\\\", "\\"));
    expect(filename(`attachment; filename*=UTF-8''${encoded}`)).toBe(name);
  });

  test("nor one that reads another way than it is", () => {
    expect(filename("a; filename*=UTF-8''%E2%80%AEfdp.exe")).toBe("fdp.exe");
  });

  test("whatever a server sends", () => {
    const part = fc.oneof(
      fc.constantFrom("..", "/", "\\", "%2F", "%2e%2e", "filename=", "filename*=UTF-8''", ";", '"'),
      fc.constantFrom("filename*0=", "filename*0*=''", "=?utf-8?q?", "=2F", "?=", "\0", "C:", "a"),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const name = filename(`attachment; filename=${parts.join("")}`);
        if (name === null || name === undefined) return;
        expect(name).toBe(basename(name));
        expect(name).not.toMatch(/[/\\\0]|^\.\.?$|^$/);
      }),
      { numRuns: 500 },
    );
  });
});

test("a name that was written by the rules is read back", () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((text) => !/[/\\\p{Cc}\p{Cf}:]/u.test(text) && text.trim() === text)
    .filter((text) => text !== "." && text !== "..");
  fc.assert(
    fc.property(name, fc.boolean(), (text, extended) => {
      const encoded = encodeURIComponent(text).replace(
        /['*]/g,
        (c) => `%${c.charCodeAt(0).toString(16)}`,
      );
      const quoted = `"${text.replace(/["\\]/g, "\\$&")}"`;
      const header = extended ? `filename*=UTF-8''${encoded}` : `filename=${quoted}`;
      fc.pre(extended || !text.includes("=?"));
      expect(filename(`attachment; ${bare(header)}; size=1`)).toBe(text);
    }),
  );
});
