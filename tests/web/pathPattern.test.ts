/**
 * Patterns of paths: how they are read, what is refused, and what each type of parameter takes.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveType } from "../../src/web/parameters.ts";
import { parsePattern, type SegmentPart } from "../../src/web/pathPattern.ts";
import { segmentMatcher } from "../../src/web/segmentMatcher.ts";

/** A pattern in short: text as it is, `{name:type}`, `{*name}`. */
function shape(path: string): string[] {
  return parsePattern(path).segments.map((segment) => {
    if (segment.kind === "text") return segment.text;
    if (segment.kind === "rest") return `{*${segment.name}${segment.mayBeEmpty ? "?" : ""}}`;
    return segment.parts.map(shapeOf).join("");
  });
}

function shapeOf(part: SegmentPart): string {
  return typeof part === "string" ? part : `{${part.name}:${part.type.name ?? ""}}`;
}

test.each([
  ["/", []],
  ["", []],
  ["/a", ["a"]],
  ["/a/", ["a"]],
  ["/users/:id", ["users", "{id:}"]],
  ["/users/:id<int>/", ["users", "{id:int}"]],
  ["/:name.:ext<ext>", ["{name:}.{ext:ext}"]],
  ["/:from-:to<int>", ["{from:}-{to:int}"]],
  ["/v:major<int>.json", ["v{major:int}.json"]],
  ["/:code<re:[a-z/:*]+>/x", ["{code:re:[a-z/:*]+}", "x"]],
  ["/files/*", ["files", "{**?}"]],
  ["/files/*rest", ["files", "{*rest?}"]],
  ["/files/:rest<path>", ["files", "{*rest}"]],
  ["/a%3Ab/%2A/%3Cx", ["a:b", "*", "<x"]],
  ["/caf%C3%A9/café", ["café", "café"]],
])("%s is read as %j", (path, expected) => {
  expect(shape(path)).toEqual(expected);
});

test("the names of parameters are known from left to right", () => {
  expect(parsePattern("/:b/x-:a<int>/*c").names).toEqual(["b", "a", "c"]);
});

test("only a slash that ends a path is one that trails", () => {
  const trailing = (path: string) => parsePattern(path).trailingSlash;
  expect([trailing("/"), trailing("/a"), trailing("/a/"), trailing("/a/*")]).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

test.each([
  ["users", "it has to start with a slash"],
  ["/a//b", "two slashes follow each other"],
  ["//", "two slashes follow each other"],
  ["/a/*/b", "only a name may follow a `*`, which has to be the last segment"],
  ["/a*", "`*` may not stand there as it is: percent-encode it"],
  ["/a?b", "`?` may not stand there as it is"],
  ["/a b", "` ` may not stand there as it is"],
  ["/:", "a name has to follow each colon; a colon itself is written `%3A`"],
  ["/:1a", "a name has to follow each colon"],
  ["/:a:b", "nothing tells where `a` ends and `b` begins"],
  ["/:a<int>:b", "nothing tells where `a` ends and `b` begins"],
  ["/:a<int", "`<` may not stand there as it is"],
  ["/:a/:a", "two parameters are called `a`"],
  ["/:__proto__", "`__proto__` is no name for a parameter"],
  ["/:a<path>/b", "`:a<path>` has to be the last segment, alone"],
  ["/x-:a<path>", "`:a<path>` has to be the last segment, alone"],
  ["/50%", "`50%` is not percent-encoded rightly"],
])("%s is no pattern: %s", (path, why) => {
  expect(() => parsePattern(path)).toThrow(SyntaxError);
  expect(() => parsePattern(path)).toThrow(`the path ${path} is no pattern: ${why}`);
});

test("an unknown type and a malformed regular expression are refused by name", () => {
  expect(() => parsePattern("/:a<whole>")).toThrow(
    "the path /:a<whole> has a parameter of the type whole, which is not known: see parameterType()",
  );
  expect(() => parsePattern("/:a<re:[a>")).toThrow(SyntaxError);
});

describe("types of parameters", () => {
  const parsed = (type: string, text: string) => resolveType(type, new Map())?.parse(text);

  test.each([
    ["int", "7", 7],
    ["int", "-7", -7],
    ["int", "007", 7],
    ["int", "-0", 0],
    ["int", "9007199254740991", Number.MAX_SAFE_INTEGER],
    ["number", "1.5", 1.5],
    ["number", "-.5", -0.5],
    ["number", "1.", 1],
    ["alpha", "aZ", "aZ"],
    ["ext", "mp3", "mp3"],
    ["slug", "a-b-2", "a-b-2"],
    ["uuid", "C232AB00-9414-11EC-B3C8-9F6BDECED846", "c232ab00-9414-11ec-b3c8-9f6bdeced846"],
    ["date", "2024-02-29", new Date(Date.UTC(2024, 1, 29))],
    ["re:[a-c]+", "abc", "abc"],
    ["re:a|b", "b", "b"],
  ])("%s takes %s", (type, text, value) => {
    expect(parsed(type, text)).toStrictEqual(value);
  });

  test.each([
    [
      "int",
      ["", "+1", "1.0", "1e3", "0x1", " 1", "1\n", "٣", "9007199254740992", "-9007199254740992"],
    ],
    ["number", ["", ".", "-", "1e3", "Infinity", "NaN", "1,5", "9".repeat(400)]],
    ["alpha", ["", "a1", "é", "a b"]],
    ["ext", ["", "tar.gz", "a-b"]],
    ["slug", ["", "A", "-a", "a-", "a--b", "a_b"]],
    ["uuid", ["c232ab00941411ecb3c89f6bdeced846", "{c232ab00-9414-11ec-b3c8-9f6bdeced846}"]],
    [
      "date",
      ["2023-02-29", "2023-2-01", "23-02-01", "2023-13-01", "2023-01-01T00:00", "0000-00-00"],
    ],
    ["re:[a-c]+", ["", "abcd", "xabc", "abc\n"]],
    ["re:a|b", ["ab", "xb", "ax"]],
  ])("%s does not take %j", (type, texts) => {
    expect(texts.map((text) => parsed(type, text))).toEqual(texts.map(() => undefined));
  });
});

describe("parameters side by side", () => {
  function split(path: string, segment: string): unknown[] | null {
    const [first] = parsePattern(path).segments;
    if (first?.kind !== "parts") throw new Error(`${path} is no segment of parameters`);
    const values: unknown[] = [];
    if (segmentMatcher(first.parts)(segment, values, 0)) return values;
    expect(values).toEqual([]);
    return null;
  }

  test.each([
    ["/:name.:ext", "a.tar.gz", ["a", "tar.gz"]],
    ["/:name.:ext<ext>", "a.tar.gz", ["a.tar", "gz"]],
    ["/:from-:to<int>", "a-b-5", ["a-b", 5]],
    ["/:from-:to<int>", "a-b-c", null],
    ["/:a--:b", "x---y", ["x", "-y"]],
    ["/:a-:b-:c", "1-2-3", ["1", "2", "3"]],
    ["/:a.:b", ".b", null],
    ["/:a.:b", "a.", null],
    ["/v:major<int>", "v12", [12]],
    ["/v:major<int>", "v", null],
    ["/v:major<int>", "12", null],
    ["/:file.json", "a.b.json", ["a.b"]],
    ["/:file.json", ".json", null],
    ["/x:a.y", "x.y", null],
  ])("%s takes %s apart as %j", (path, segment, expected) => {
    expect(split(path, segment)).toEqual(expected);
  });

  test("where the parameters of a segment end is found, if there is any way", () => {
    const piece = fc.stringMatching(/^[ab-]{1,5}$/);
    fc.assert(
      fc.property(piece, piece, fc.nat(999), (one, other, number) => {
        const values = split("/:one-:other.:number<int>", `${one}-${other}.${number}`);
        expect(values).not.toBeNull();
        const [first, second, third] = values as [string, string, number];
        expect(`${first}-${second}.${third}`).toBe(`${one}-${other}.${number}`);
      }),
    );
  });

  test("what repeats itself and does not fit in the end costs little", () => {
    const parts = "/:a-:b-:c-:d-:e-:f<int>";
    const began = performance.now();
    expect(split(parts, "-".repeat(255))).toBeNull();
    expect(performance.now() - began).toBeLessThan(500);
    expect(split("/:a-:b", `${"x".repeat(127)}-${"y".repeat(127)}`)).not.toBeNull();
    expect(split("/:a-:b", `${"x".repeat(128)}-${"y".repeat(127)}`)).toBeNull();
  });
});
