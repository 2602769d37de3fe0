/*
 * Content-Type and the encoding of text.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeText, encodingOf, markedEncoding } from "../../src/http/charset.ts";
import { charsetLabelOf, contentTypeOf } from "../../src/http/contentType.ts";

describe("a content type", () => {
  test.each([
    ["text/html", "text/html", {}],
    [" Text/HTML ;Charset=UTF-8", "text/html", { charset: "UTF-8" }],
    ['text/plain; charset="x;\\"y"; a=b', "text/plain", { charset: 'x;"y', a: "b" }],
    ["application/ld+json;charset=a;charset=b", "application/ld+json", { charset: "a" }],
    ["text/plain;;=x;b ad=1;ok", "text/plain", { ok: "" }],
  ])("is taken apart: %j", (value, type, parameters) => {
    expect(contentTypeOf(value)).toEqual({ type, parameters });
  });

  test.each(["", "text", "text/", "/html", "te xt/html", "text/html/more", "*", ";charset=utf-8"])(
    "is none: %j",
    (value) => expect(contentTypeOf(value)).toBeNull(),
  );

  test("is the last that is one, when there are several; null without any", () => {
    expect(contentTypeOf(["text/html", "image/png", "nonsense"])?.type).toBe("image/png");
    expect(contentTypeOf([])).toBeNull();
    expect(contentTypeOf(undefined)).toBeNull();
  });

  test("that was written by the rules is read back", () => {
    const word = fc.stringMatching(/^[a-z0-9.+-]{1,8}$/);
    fc.assert(
      fc.property(word, word, word, fc.string(), (type, subtype, name, value) => {
        const header = `${type}/${subtype}; ${name}="${value.replace(/["\\]/g, "\\$&")}"`;
        expect(contentTypeOf(header)).toEqual({
          type: `${type}/${subtype}`,
          parameters: { [name]: value },
        });
      }),
    );
  });
});

test("the charset by the short way is that by the long way", () => {
  const part = fc.constantFrom(
    "text",
    "/",
    "html",
    ";",
    " ",
    "charset",
    "=",
    "utf-8",
    '"',
    "UTF-8",
    "x",
    ",",
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.array(part), fc.constant(["text/html; ", "charset=utf-8"])),
      (parts) => {
        const header = parts.join("");
        const label = contentTypeOf(header)?.parameters["charset"] ?? null;
        expect(charsetLabelOf(header)?.toLowerCase() ?? null).toBe(label?.toLowerCase() ?? null);
      },
    ),
    { numRuns: 300 },
  );
  expect([charsetLabelOf(undefined), charsetLabelOf(["a/b;charset=x"])]).toEqual([null, "x"]);
});

describe("the encoding", () => {
  test("of a byte order mark wins", () => {
    expect(markedEncoding(Buffer.from("\ufeffa"))).toBe("utf-8");
    expect(markedEncoding(Buffer.from([0xfe, 0xff]))).toBe("utf-16be");
    expect(markedEncoding(Buffer.from([0xff, 0xfe, 0, 0]))).toBe("utf-16le");
    for (const none of [[], [0xef], [0xef, 0xbb], [0xfe], [0xff], [0xff, 0xff], [0x61]]) {
      expect(markedEncoding(Uint8Array.from(none))).toBeNull();
    }
    expect(decodeText(Buffer.from("\ufeffé"), "windows-1252")).toBe("é");
    expect(decodeText(Buffer.from("\ufeffhi", "utf16le"), "utf-8")).toBe("hi");
    expect(decodeText(Buffer.from("\ufeffhi", "utf16le").swap16(), "utf-8")).toBe("hi");
  });

  test("has its name by any of its labels", () => {
    expect(["UTF8", " utf-8 ", "latin1", "sjis", "x-gbk"].map(encodingOf)).toEqual([
      "utf-8",
      "utf-8",
      "windows-1252",
      "shift_jis",
      "gbk",
    ]);
    expect([encodingOf(undefined), encodingOf("klingon"), encodingOf("")]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("is applied", () => {
    expect(decodeText(Buffer.from([0x93, 0xfa, 0x96, 0x7b]), "shift_jis")).toBe("日本");
    expect(decodeText(Buffer.from([0xe9]), "iso-8859-2")).toBe("é");
    expect(decodeText(Buffer.from([0x61, 0xff]), "utf-8")).toBe("a\ufffd");
  });
});
