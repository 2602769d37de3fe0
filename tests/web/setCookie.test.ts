/**
 * Cookies out: safe by default, and nothing that a browser would drop.
 */
import { describe, expect, test } from "vitest";
import { type CookieOptions, deleteCookie, HttpError, setCookie } from "ambit/web";
import { fakeRequest } from "./fakeExchange.ts";
import { through } from "./through.ts";

function lines(
  name: string,
  value: string,
  options: CookieOptions = {},
  secure = true,
): readonly string[] {
  const request = fakeRequest({ peer: { secure } });
  setCookie(request, name, value, options);
  return request.replyHeaders.getAll("set-cookie");
}

describe("setCookie", () => {
  test("is out of reach for scripts and other sites by default, and over https for https alone", () => {
    expect(lines("id", "7")).toEqual(["id=7; Path=/; HttpOnly; Secure; SameSite=Lax"]);
    expect(lines("id", "7", {}, false)).toEqual(["id=7; Path=/; HttpOnly; SameSite=Lax"]);
  });

  test("writes every attribute", () => {
    const options: CookieOptions = {
      path: "/shop",
      domain: "example.com",
      maxAge: 90_500,
      expires: new Date("2030-01-02T03:04:05Z"),
      httpOnly: false,
      sameSite: "none",
      partitioned: true,
    };
    expect(lines("a", "b", options)).toEqual([
      "a=b; Path=/shop; Domain=example.com; Max-Age=90; Expires=Wed, 02 Jan 2030 03:04:05 GMT; Secure; SameSite=None; Partitioned",
    ]);
    expect(lines("a", "b", { sameSite: "strict", secure: false })).toEqual([
      "a=b; Path=/; HttpOnly; SameSite=Strict",
    ]);
  });

  test("encodes what a value can't hold, so that nothing can be injected", () => {
    expect(lines("a", "x; Domain=evil.example\r\nX: y, é%")[0]).toBe(
      "a=x%3B%20Domain=evil.example%0D%0AX:%20y%2C%20%C3%A9%25; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
  });

  test("a second one of the same name, path and domain replaces the first", () => {
    const request = fakeRequest();
    setCookie(request, "a", "1");
    setCookie(request, "b", "2");
    setCookie(request, "a", "3", { path: "/x" });
    setCookie(request, "a", "4", { maxAge: 1000 });
    expect(request.replyHeaders.getAll("set-cookie").map((line) => line.split(";", 2))).toEqual([
      ["b=2", " Path=/"],
      ["a=3", " Path=/x"],
      ["a=4", " Path=/"],
    ]);
  });

  test("goes onto an error page too", async () => {
    const { status, header } = await through([], {}, (request) => {
      setCookie(request, "tries", "1");
      throw new HttpError(403);
    });
    expect([status, header("set-cookie")]).toEqual([
      403,
      "tries=1; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });

  test.each([
    ["", "x", {}, "Expected `name` to be the name of a cookie"],
    ["a b", "x", {}, "Expected `name`"],
    ["a;b", "x", {}, "Expected `name`"],
    ["a\r\n", "x", {}, "Expected `name`"],
    ["a", 7, {}, "Expected `cookie a` to be well-formed text, got `7`"],
    ["a", "\ud800", {}, "well-formed text"],
    ["a", "x", { path: "x" }, "Expected `options.path` to be a path that begins with /"],
    ["a", "x", { path: "/;Secure" }, "Expected `options.path`"],
    ["a", "x", { path: "/\r\nX: y" }, "Expected `options.path`"],
    ["a", "x", { domain: "a;b" }, "Expected `options.domain` to be the name of a host"],
    ["a", "x", { maxAge: -1 }, "Expected `options.maxAge` to be a number of milliseconds"],
    ["a", "x", { maxAge: Infinity }, "Expected `options.maxAge`"],
    ["a", "x", { expires: new Date(NaN) }, "Expected `options.expires` to be a date"],
    ["a", "x", { sameSite: "toString" }, "Expected `options.sameSite`"],
    ["a", "x".repeat(4096), {}, "Expected `cookie a` to be at most 4096 bytes, name included"],
    ["a", "é".repeat(700), {}, "got `4201`"],
  ])("%j=%j with %j is refused", (name, value, options, message) => {
    expect(() => lines(name, value as string, options as CookieOptions)).toThrow(message);
  });

  test("the largest that browsers keep passes", () => {
    expect(lines("a", "x".repeat(4095))).toHaveLength(1);
  });

  test.each([
    ["__Secure-a", { secure: false }, "the cookie __Secure-a must be `secure` for its name"],
    ["__host-a", { secure: false }, "must be `secure` for its name"],
    ["__Host-a", { path: "/x" }, "must be for the path / and for no domain, for its name"],
    ["__Host-a", { domain: "a.example" }, "must be for the path / and for no domain"],
    ["__Http-a", { httpOnly: false }, "must be `httpOnly` for its name"],
    ["__Host-Http-a", { httpOnly: false }, "must be `httpOnly` for its name"],
    ["__Host-Http-a", { path: "/x" }, "must be for the path /"],
    ["a", { sameSite: "none", secure: false }, 'must be `secure` for `sameSite: "none"`'],
    ["a", { partitioned: true, secure: false }, "must be `secure` for `partitioned`"],
  ] as const)("%s with %j, which browsers drop, is refused", (name, options, message) => {
    expect(() => lines(name, "x", options)).toThrow(message);
  });

  test.each(["__Secure-a", "__Host-a", "__Http-a", "__Host-Http-a"])(
    "%s passes over https as it is, and not over http",
    (name) => {
      expect(lines(name, "x")).toHaveLength(1);
      expect(() => lines(name, "x", {}, false)).toThrow("`secure` for its name");
    },
  );
});

describe("deleteCookie", () => {
  test("sends one that has expired, and takes back what was set before", () => {
    const request = fakeRequest({ peer: { secure: true } });
    setCookie(request, "__Host-id", "7");
    deleteCookie(request, "__Host-id");
    expect(request.replyHeaders.getAll("set-cookie")).toEqual([
      "__Host-id=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
    ]);
  });
});
