/*
 * What a client accepts, and which of several offers it gets (RFC 9110, section 12.5).
 */
import { accepts, acceptsLanguage } from "ambit/web";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fakeRequest } from "./fakeExchange.ts";

function type(accept: string | null, ...types: string[]): string | null {
  return accepts(fakeRequest({ headers: accept === null ? {} : { accept } }), types);
}

function language(header: string | null, ...tags: string[]): string | null {
  const headers = header === null ? {} : { "accept-language": header };
  return acceptsLanguage(fakeRequest({ headers }), tags);
}

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

describe("accepts", () => {
  test("gives the first type when the client has no wish", () => {
    expect(type(null, "a/b", "c/d")).toBe("a/b");
    expect(type("", "a/b", "c/d")).toBe("a/b");
    expect(type("*/*", "a/b", "c/d")).toBe("a/b");
  });

  test("gives null when the client accepts none", () => {
    expect(type("text/html", "application/json")).toBe(null);
    expect(type("text/html, application/json;q=0", "application/json")).toBe(null);
    expect(type("*/*;q=0", "application/json")).toBe(null);
    expect(type("text/html")).toBe(null);
  });

  test("goes by weight", () => {
    expect(type("a/b;q=0.5, c/d;q=0.8", "a/b", "c/d")).toBe("c/d");
    expect(type("a/b;q=0.001, c/d;q=0.002", "a/b", "c/d")).toBe("c/d");
    expect(type("a/b; Q = 0.5, c/d;q=0.8", "a/b", "c/d")).toBe("c/d");
    expect(type(BROWSER, "application/json", "text/html")).toBe("text/html");
  });

  test("takes the weight of the most specific range (RFC 9110, section 12.5.1)", () => {
    const header =
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5";
    expect(type(header, "text/html", "image/jpeg")).toBe("image/jpeg");
    expect(type(header, "text/plain", "image/jpeg")).toBe("text/plain");
    expect(type(header, "text/plain", "text/plain;format=flowed")).toBe("text/plain;format=flowed");
    expect(type(header, "text/plain;format=fixed", "image/jpeg")).toBe("image/jpeg");
    expect(type("text/*, text/plain;q=0", "text/plain")).toBe(null);
    expect(type("text/*, text/plain;q=0", "text/plain", "text/html")).toBe("text/html");
  });

  test("of one weight, takes what was named more closely, then what the server has first", () => {
    expect(type("text/html, */*", "application/json", "text/html")).toBe("text/html");
    expect(type("c/d, a/b", "a/b", "c/d")).toBe("a/b");
    expect(type("text/*", "text/b", "text/a")).toBe("text/b");
  });

  test("compares types without their case, and parameters with their quotes taken off", () => {
    expect(type("TEXT/Html", "text/html")).toBe("text/html");
    expect(type('a/b;x="Y,;\\"z"', 'a/b; x="y,;\\"Z"')).not.toBe(null);
    expect(type('a/b;x="Y"', "a/b;x=y")).toBe("a/b;x=y");
    expect(type("a/b;x=1", "a/b")).toBe(null);
  });

  test("passes over what is no range", () => {
    expect(type("rubbish here, a/b;q=2, c/d;q=x, e/f;q=0.1234, g/h", "a/b", "c/d", "g/h")).toBe(
      "g/h",
    );
    expect(type(",,;q=1,", "a/b")).toBe("a/b");
    expect(type('a/b;x="unclosed, c/d', "c/d")).toBe(null);
  });

  test("looks at no more than 64 ranges", () => {
    expect(type(`${"x/y,".repeat(63)}a/b`, "a/b")).toBe("a/b");
    expect(type(`${"x/y,".repeat(64)}a/b`, "a/b")).toBe(null);
  });

  test("refuses an offer that is no media type", () => {
    for (const offer of ["html", "text/*", "*/*", "", "text/html;q=x", 7])
      expect(() => type(null, offer as string)).toThrow("Expected `types` to be media types");
  });

  test("takes a WHATWG request too", () => {
    const request = new Request("http://h/", { headers: { accept: "c/d" } });
    expect(accepts(request, ["a/b", "c/d"])).toBe("c/d");
  });

  test("never throws, and gives one of the types or null", () => {
    const piece = fc.constantFrom(
      "a/b",
      "c/*",
      "*/*",
      ";q=0",
      ";q=0.5",
      ",",
      ";",
      '"',
      "\\",
      " ",
      "x=",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(["a/b", "c/d", null]).toContain(type(pieces.join(""), "a/b", "c/d"));
      }),
    );
  });
});

describe("acceptsLanguage", () => {
  test("gives the first tag when the client has no wish, null when it wants none", () => {
    expect(language(null, "en", "de")).toBe("en");
    expect(language("fr", "en", "de")).toBe(null);
    expect(language("*, en;q=0", "en", "de")).toBe("de");
  });

  test("a range is for what is below it (RFC 4647, section 3.3.1), then for what is above it (3.4)", () => {
    expect(language("de", "en", "de-CH")).toBe("de-CH");
    expect(language("de-CH", "en", "de")).toBe("de");
    expect(language("de-CH, en;q=0.9", "en", "de")).toBe("de");
    expect(language("de", "dev")).toBe(null);
    expect(language("de-CH, de;q=0.1", "en", "de")).toBe("de");
    expect(language("de-CH;q=0.2, *;q=0.5", "fr", "de")).toBe("fr");
    expect(language("de;q=0, *", "de-CH", "fr")).toBe("fr");
  });

  test("goes by weight, without the case", () => {
    expect(language("da, en-GB;q=0.8, en;q=0.7", "en", "DA")).toBe("DA");
    expect(language("en-GB;q=0.8, EN;q=0.7", "en-US", "en-gb")).toBe("en-gb");
  });

  test("refuses what is no tag", () => {
    expect(() => language(null, "de_CH")).toThrow("Expected `tags` to be language tags");
  });
});
