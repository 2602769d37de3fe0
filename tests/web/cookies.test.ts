/**
 * Cookies in: what a header is taken apart into.
 */
import { inspect } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RequestCookies, setCookie } from "ambit/web";
import { fakeRequest } from "./fakeExchange.ts";

test("a request has its cookies, from all lines", () => {
  const { cookies } = fakeRequest({ headers: { cookie: ["a=1; b=2", "c=3"] } });
  expect([...cookies]).toEqual([
    ["a", "1"],
    ["b", "2"],
    ["c", "3"],
  ]);
  expect([cookies.size, cookies.get("b"), cookies.has("d"), cookies.get("d")]).toEqual([
    3,
    "2",
    false,
    undefined,
  ]);
});

test("a request without cookies has none", () => {
  expect([...fakeRequest().cookies]).toEqual([]);
});

test("reads as a map does, each way", () => {
  const cookies = new RequestCookies("a=1; b=2");
  const seen: string[] = [];
  cookies.forEach((value, name) => seen.push(`${name}${value}`));
  expect(seen).toEqual(["a1", "b2"]);
  expect([...cookies.keys(), ...cookies.values()]).toEqual(["a", "b", "1", "2"]);
  expect([...cookies.entries()]).toEqual([...cookies]);
});

test("of two with one name the first counts", () => {
  expect(new RequestCookies("id=inner; id=outer").get("id")).toBe("inner");
});

test.each([
  ["a=b=c", "a", "b=c"],
  ['a="b c"', "a", "b c"],
  ["a=%20x", "a", " x"],
  ["a=100%", "a", "100%"],
  ["a=%ff", "a", "%ff"],
  [" a = b ;c", "a", "b"],
  ["__proto__=x", "__proto__", "x"],
  ["a=", "a", ""],
])("%s holds %s: %s", (header, name, value) => {
  expect([...new RequestCookies(header)]).toEqual([[name, value]]);
});

test.each(["", ";;", "=", "=x", "novalue", "  "])("%j holds nothing", (header) => {
  expect(new RequestCookies(header).size).toBe(0);
});

test("prints names, and no values", () => {
  expect(inspect(new RequestCookies("id=secret; b=2"))).toBe("RequestCookies { id, b }");
});

test("whatever is set comes back as it was", () => {
  const name = fc.stringMatching(/^[\w!#$&.^`|~-]{1,10}$/);
  const pair = fc.tuple(name, fc.string({ unit: "grapheme" }));
  fc.assert(
    fc.property(fc.uniqueArray(pair, { selector: ([each]) => each, maxLength: 5 }), (pairs) => {
      const request = fakeRequest({ peer: { secure: true } });
      for (const [each, value] of pairs) setCookie(request, each, value, { path: "/" });
      const lines = request.replyHeaders.getAll("set-cookie");
      const header = lines.map((line) => line.split(";", 1)[0]).join("; ");
      expect([...new RequestCookies(header)]).toEqual(pairs);
    }),
  );
});

test("any text at all is taken apart without an error, and no name or value has a semicolon", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab=; "%2\t,'), maxLength: 30 }), (text) => {
      for (const [name, value] of new RequestCookies(text))
        expect(name !== "" && !name.includes(";") && !value.includes(";")).toBe(true);
    }),
  );
});
