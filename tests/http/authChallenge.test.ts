/*
 * What challenges and authentication infos say.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseAuthParams, parseChallenges, quotedString } from "../../src/http/authChallenge.ts";

function parsed(...headers: string[]): [scheme: string, params: Record<string, string>][] {
  return parseChallenges(headers).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
}

test("challenges are told apart, in one header and in several", () => {
  const first =
    'Digest realm="a, b=c", qop="auth,auth-int",algorithm = MD5 , Basic realm="x", NTLM';
  expect(parsed(first, "Negotiate abc==,Bearer")).toEqual([
    ["digest", { realm: "a, b=c", qop: "auth,auth-int", algorithm: "MD5" }],
    ["basic", { realm: "x" }],
    ["ntlm", {}],
    ["negotiate", { "": "abc==" }],
    ["bearer", {}],
  ]);
});

test.each([
  ["", []],
  [" , ,", []],
  ['Digest realm="open', [["digest", { realm: "open" }]]],
  ['Digest realm="a\\"b\\\\", nonce=', [["digest", { realm: 'a"b\\', nonce: "" }]]],
  ["Digest realm=a/b, nonce=n", [["digest", { realm: "a", nonce: "n" }]]],
  ['Digest realm="a" nonce="n"', [["digest", { realm: "a", nonce: "n" }]]],
  ["@@@, Digest nonce=n", [["digest", { nonce: "n" }]]],
  ["nonce=n", []],
  ["Digest nonce=1, nonce=2", [["digest", { nonce: "1" }]]],
])("what servers send wrong is read as far as it goes: %j", (header, expected) => {
  expect(parsed(header)).toEqual(expected);
});

test("an authentication info is parameters alone", () => {
  expect(Object.fromEntries(parseAuthParams('nextnonce="a,b", qop=auth, rspauth=""'))).toEqual({
    nextnonce: "a,b",
    qop: "auth",
    rspauth: "",
  });
});

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9a-z-]{1,8}$/);
const latin = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});

test("whatever challenges are written, they are read back", () => {
  const params = fc.uniqueArray(fc.tuple(token, latin, fc.boolean()), {
    selector: ([name]) => name,
  });
  const challenges = fc.array(fc.tuple(token, params), { maxLength: 4 });
  fc.assert(
    fc.property(challenges, fc.boolean(), (list, together) => {
      const headers = list.map(([scheme, pairs]) => {
        const written = pairs.map(([name, value, bare]) =>
          bare && /^[a-z0-9]+$/i.test(value)
            ? `${name}=${value}`
            : `${name} = ${quotedString(value)}`,
        );
        return `${scheme} ${written.join(", ")}`.trim();
      });
      const read = together ? parsed(headers.join(",")) : parsed(...headers);
      expect(read).toEqual(
        list.map(([scheme, pairs]) => [
          scheme,
          Object.fromEntries(pairs.map(([name, value]) => [name, value])),
        ]),
      );
    }),
  );
});

test("whatever comes, reading ends", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "=", '"', "\\", ",", " ", "/", "@") }),
      (header) => {
        expect(parsed(header).length).toBeLessThanOrEqual(header.length);
      },
    ),
  );
});
