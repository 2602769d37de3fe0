/*
 * The `cookie` header: written, taken apart, and laid over another.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cookieHeaderOf, overlaidCookies, parseCookieHeader } from "../../src/http/cookies.ts";

test("a cookie header is taken apart leniently", () => {
  expect(parseCookieHeader(' a=1;b = "x=y" ;;c=; d')).toEqual([
    ["a", "1"],
    ["b", '"x=y"'],
    ["c", ""],
    ["", "d"],
  ]);
  expect(parseCookieHeader("")).toEqual([]);
});

test("cookies of a request replace those of their name, and nothing else", () => {
  expect(overlaidCookies("a=1; b=2; a=3", [])).toBe("a=1; b=2; a=3");
  expect(
    overlaidCookies("a=1; b=2; a=3", [
      ["a", "4"],
      ["c", "5"],
    ]),
  ).toBe("b=2; a=4; c=5");
  expect(overlaidCookies("", [["a", "4"]])).toBe("a=4");
});

test("whatever the cookies are, their header gives them back", () => {
  const name = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,10}$/);
  const value = fc.stringMatching(
    /^([\x21-\x3a\x3c-\x7e]([\x20-\x3a\x3c-\x7e]{0,10}[\x21-\x3a\x3c-\x7e])?)?$/,
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
      expect(parseCookieHeader(cookieHeaderOf(pairs))).toEqual(pairs);
    }),
  );
});
