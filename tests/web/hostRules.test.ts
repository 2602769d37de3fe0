/*
 * The authority of a request: which are let in.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isAuthority } from "../../src/web/hostRules.ts";

describe("an authority", () => {
  test("is a name, an address, each with or without a port", () => {
    const valid = ["localhost", "a.example", "a_b.example", "127.0.0.1", "a:80", "a:", "a:65535"];
    for (const each of [...valid, "[::1]", "[::1]:8080", "[2001:db8::7]:", "xn--caf-dma.example"])
      expect([each, isAuthority(each)]).toEqual([each, true]);
  });

  test("is not empty, also where none was seen before", async () => {
    // A copy of this one module, which has seen nothing.
    const copy = "../../src/web/hostRules.ts?fresh";
    const fresh = (await import(copy)) as { isAuthority: typeof isAuthority };
    expect(fresh.isAuthority).not.toBe(isAuthority);
    expect(fresh.isAuthority("")).toBe(false);
  });

  test("is not empty, a port alone, or one with user information", () => {
    for (const each of ["", ":80", "user@a", "user:word@a", "@a"])
      expect([each, isAuthority(each)]).toEqual([each, false]);
  });

  test("has one port, of digits, up to 65535", () => {
    for (const each of ["a:80:80", "a:8x", "a:-1", "a:65536", "a:99999999999999999999", "a: 80"])
      expect([each, isAuthority(each)]).toEqual([each, false]);
  });

  test("has an IPv6 address in brackets, whole and without a zone", () => {
    const invalid = [
      "::1",
      "[::1",
      "[::1]x",
      "[::1]:x",
      "[]",
      "[1.2.3.4]",
      "[fe80::1%eth0]",
      "[v1.a]",
    ];
    for (const each of invalid) expect([each, isAuthority(each)]).toEqual([each, false]);
  });

  test("has no character that a name may not hold", () => {
    for (const each of [
      "a b",
      "a\tb",
      "a/b",
      "a?b",
      "a#b",
      "a\\b",
      "a%41",
      "a<b",
      'a"',
      "é",
      "a\0b",
      "a^b",
      "a,b",
      "a;b",
      "a=b",
      "(a)",
      "a'b",
      "a&b",
    ])
      expect([each, isAuthority(each)]).toEqual([each, false]);
  });

  test("is always one that a URL can have", () => {
    // The host parser of URLs has a rule that the grammar lacks: a last label that is a number makes an address.
    const unit = fc.constantFrom(..."abz-.:_[]%@/?#\\ ,é");
    const authority = fc.string({ unit, maxLength: 12 }).filter(isAuthority);
    fc.assert(
      fc.property(authority, (text) => {
        expect(new URL(`http://${text}/`).pathname).toBe("/");
      }),
    );
  });
});
