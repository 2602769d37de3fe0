/**
 * Paths of named routes: what is filled in, what is refused, and that the router finds what was made.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Router } from "../../src/web/router.ts";

function routerOf(paths: Readonly<Record<string, string>>, strictSlashes = false) {
  return new Router(
    Object.entries(paths).map(([name, path]) => ({
      method: "GET",
      path,
      host: null,
      options: { name, strictSlashes },
    })),
  );
}

const urlOf = (path: string, params?: Record<string, unknown>) =>
  routerOf({ it: path }).urlFor("it", params);

describe("what is filled in", () => {
  test.each([
    ["/", {}, "/"],
    ["/a/b", {}, "/a/b"],
    ["/a/", {}, "/a/"],
    ["/users/:id<int>", { id: 7 }, "/users/7"],
    ["/users/:id/", { id: "ada" }, "/users/ada/"],
    ["/on/:day<date>", { day: new Date("2024-02-29T12:00:00Z") }, "/on/2024-02-29"],
    ["/on/:day<date>", { day: "2024-02-29" }, "/on/2024-02-29"],
    ["/:name.:ext<ext>", { name: "a b", ext: "gz" }, "/a%20b.gz"],
    ["/t/:tag", { tag: "c/d?e#f%g" }, "/t/c%2Fd%3Fe%23f%25g"],
    ["/t/:tag", { tag: "a:b@c,d;e=f&g$h+i!'()*~" }, "/t/a:b@c,d;e=f&g$h+i!'()*~"],
    ["/café/%3A", {}, "/caf%C3%A9/:"],
    ["/files/*rest", { rest: "a b/c" }, "/files/a%20b/c"],
    ["/files/*rest", {}, "/files/"],
    ["/files/*", { "*": "x" }, "/files/x"],
    ["/:constructor", { constructor: "mine" }, "/mine"],
    ["/t/:tag", { tag: "🌍" }, "/t/%F0%9F%8C%8D"],
    ["/files/:rest<path>", { rest: "a/b/" }, "/files/a/b/"],
  ])("%s with %j is %s", (path, params, url) => {
    expect(urlOf(path, params)).toBe(url);
  });

  test("what the path does not hold becomes the query", () => {
    expect(urlOf("/a/:b", { b: 1, c: "x y", d: [1, true], e: undefined, f: null, g: "" })).toBe(
      "/a/1?c=x+y&d=1&d=true&g=",
    );
    expect(urlOf("/a", { at: new Date(0) })).toBe("/a?at=1970-01-01T00%3A00%3A00.000Z");
  });

  test("what is no value of a query is refused by its name", () => {
    expect(() => urlOf("/a", { filter: { x: 1 } })).toThrow("Expected `params.filter` to be text");
  });
});

describe("what is refused", () => {
  test("parameters that are missing, all of them by name", () => {
    expect(() => urlOf("/:a/:b<int>/:c", { b: null, c: 1 })).toThrow(TypeError);
    expect(() => urlOf("/:a/:b<int>/:c", { b: null, c: 1 })).toThrow(
      "urlFor of the route it (/:a/:b<int>/:c) without a, b: give each parameter of the path",
    );
    expect(() => urlOf("/f/:rest<path>")).toThrow("without rest");
    expect(() => urlOf("/f/:constructor/:toString")).toThrow("without constructor, toString");
    expect(urlOf("/f/*valueOf")).toBe("/f/");
  });

  test.each([
    ["/:id<int>", { id: "x" }, "with id = 'x': what is no `int` can't stand in its path"],
    ["/:id<int>", { id: 1.5 }, "what is no `int`"],
    ["/:day<date>", { day: new Date(NaN) }, "Invalid time value"],
    ["/:a", { a: "" }, "with a = '': an empty segment"],
    ["/:a", { a: ".." }, "with a path = '..': a segment of dots"],
    [":a", {}, "it has to start with a slash"],
    ["/*rest", { rest: "a/../b" }, "with rest = 'a/../b': a segment of dots"],
    ["/:rest<path>", { rest: "" }, "with rest = '': an empty segment"],
    ["/:a", { a: "x\ud800" }, "half a character can't stand in its path"],
    ["/*rest", { rest: "a/\udc00" }, "half a character can't stand in its path"],
  ])("%s with %j", (path, params, message) => {
    expect(() => urlOf(path, params)).toThrow(message);
  });

  test("a name that no route has", () => {
    expect(() => urlOf("/a", {}) && routerOf({}).urlFor("users")).toThrow(
      "there is no route with the name users",
    );
  });
});

test("one name may stand for several methods of a path, not for two paths", () => {
  const route = (method: string, path: string) => ({
    method,
    path,
    host: null,
    options: { name: "x" },
  });
  expect(new Router([route("GET", "/a"), route("POST", "/a")]).urlFor("x")).toBe("/a");
  expect(() => new Router([route("GET", "/a"), route("POST", "/b")])).toThrow(
    "two routes have the name x: GET /a and POST /b",
  );
});

test("what was made is found again, with the same values", () => {
  const text = fc
    .string({ minLength: 1, unit: "grapheme" })
    .filter((text) => !/^\.{1,2}$/.test(text));
  const rest = fc.array(
    text.filter((text) => !text.includes("/")),
    { minLength: 1 },
  );
  const router = routerOf(
    { one: "/one/:a/:n<int>/:d<date>/*rest", two: "/two/x-:a.:n<number>/" },
    true,
  );
  const day = fc.date({ min: new Date(0), max: new Date("2999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(text, fc.maxSafeInteger(), day, rest, (a, n, date, words) => {
      const d = new Date(date.toISOString().slice(0, 10));
      const params = { a, n, d, rest: words.join("/") };
      const one = router.urlFor("one", params);
      expect(router.find("GET", one, "")).toMatchObject({
        entry: { options: { name: "one" } },
        params,
      });
      // A point of its own would be one at which the text may end.
      const pointless = { a: `${a.replaceAll(".", "")}_`.slice(0, 100), n };
      const two = router.urlFor("two", pointless);
      expect(router.find("GET", two, "")).toMatchObject({
        entry: { options: { name: "two" } },
        params: pointless,
      });
      expect(new URL(one, "http://h").pathname).toBe(one);
    }),
  );
});
