/**
 * The router: which route a request is for, and which methods its path knows.
 */
import { BadRequest } from "ambit/web";
import { describe, expect, test } from "vitest";
import { Router } from "../../src/web/router.ts";

interface Options {
  readonly host?: string;
  readonly strictSlashes?: boolean;
  readonly name?: string;
}

/** Routes as `GET /a` or `/a`, in their order. */
function routerOf(routes: readonly (string | readonly [string, Options])[]) {
  return new Router(
    routes.map((route) => {
      const [text, { host, ...options }]: readonly [string, Options] =
        typeof route === "string" ? [route, {}] : route;
      const [method, path] = text.includes(" ") ? text.split(" ") : ["GET", text];
      return { method: method as string, path: path as string, host: host ?? null, options };
    }),
  );
}

type Some = ReturnType<typeof routerOf>;

/** The path of the route that was found and its parameters, or null. */
function found(router: Some, path: string, method = "GET", host = ""): unknown {
  const match = router.find(method, path, host);
  return match === null ? null : [match.entry.path, match.params];
}

function foundPath(router: Some, path: string, method = "GET", host = ""): string | null {
  const entry = router.find(method, path, host)?.entry;
  return entry === undefined ? null : `${entry.method} ${entry.path}`;
}

test("a path is found with its parameters", () => {
  const router = routerOf([
    "/",
    "/users",
    "/users/:id",
    "/users/:id/posts/:post<int>",
    "/files/*rest",
  ]);
  expect(found(router, "/")).toEqual(["/", {}]);
  expect(found(router, "/users")).toEqual(["/users", {}]);
  expect(found(router, "/users/ada")).toEqual(["/users/:id", { id: "ada" }]);
  expect(found(router, "/users/ada/posts/7")).toEqual([
    "/users/:id/posts/:post<int>",
    { id: "ada", post: 7 },
  ]);
  expect(found(router, "/files/a/b/")).toEqual(["/files/*rest", { rest: "a/b/" }]);
  expect(found(router, "/nowhere")).toBeNull();
  expect(found(router, "/users/ada/posts")).toBeNull();
});

test("a value that is not of its type is no match", () => {
  const router = routerOf(["/users/:id<int>", "/on/:day<date>"]);
  expect(found(router, "/users/7")).toEqual(["/users/:id<int>", { id: 7 }]);
  expect(found(router, "/users/ada")).toBeNull();
  expect(found(router, "/users/9007199254740993")).toBeNull();
  expect(found(router, "/on/2024-02-29")).toEqual([
    "/on/:day<date>",
    { day: new Date("2024-02-29") },
  ]);
  expect(found(router, "/on/2023-02-29")).toBeNull();
});

test("a parameter is never empty", () => {
  const router = routerOf(["/a/:b", "/c/:d/e"]);
  expect(found(router, "/a/")).toBeNull();
  expect(found(router, "/c//e")).toBeNull();
});

describe("which of several", () => {
  const routes = ["/a/*", "/a/:text", "/a/:number<int>", "/a/v:version", "/a/new", "/a/:x<re:n.*>"];

  test.each([
    ["/a/new", "/a/new"],
    ["/a/v1", "/a/v:version"],
    ["/a/7", "/a/:number<int>"],
    ["/a/news", "/a/:x<re:n.*>"],
    ["/a/other", "/a/:text"],
    ["/a/b/c", "/a/*"],
  ])("%s goes to %s, in whatever order they were written", (path, route) => {
    expect(foundPath(routerOf(routes), path)).toBe(`GET ${route}`);
    expect(foundPath(routerOf(routes.toReversed()), path)).toBe(`GET ${route}`);
  });

  test("what led nowhere is gone back from", () => {
    const router = routerOf(["/a/b/c", "/a/:x/d", "/:y<alpha>/b/e/f", "/*all"]);
    expect(found(router, "/a/b/d")).toEqual(["/a/:x/d", { x: "b" }]);
    expect(found(router, "/a/b/e/f")).toEqual(["/:y<alpha>/b/e/f", { y: "a" }]);
    expect(found(router, "/a/b/e")).toEqual(["/*all", { all: "a/b/e" }]);
  });

  test("parameters that are named differently share their place", () => {
    const router = routerOf(["/:a/x", "/:b/y"]);
    expect(found(router, "/1/x")).toEqual(["/:a/x", { a: "1" }]);
    expect(found(router, "/1/y")).toEqual(["/:b/y", { b: "1" }]);
  });

  test("segments of a text and a parameter are told apart, whichever comes first", () => {
    const routes = ["/v:id", "/:name.json", "/v:id/x", "/:name.json/y"];
    for (const order of [routes, routes.toReversed()]) {
      const router = routerOf(order);
      expect(found(router, "/v7")).toEqual(["/v:id", { id: "7" }]);
      expect(found(router, "/a.json")).toEqual(["/:name.json", { name: "a" }]);
      expect(found(router, "/v7/x")).toEqual(["/v:id/x", { id: "7" }]);
      expect(found(router, "/a.json/y")).toEqual(["/:name.json/y", { name: "a" }]);
    }
  });

  test("a rest that may not be empty goes before one that may", () => {
    const router = routerOf(["/f/*", "/f/:rest<path>"]);
    expect(foundPath(router, "/f/x/y")).toBe("GET /f/:rest<path>");
    expect(foundPath(router, "/f/")).toBe("GET /f/*");
  });
});

describe("decoding", () => {
  const router = routerOf(["/a/:b", "/a/:b/c", "/f/*", "/café", "/100%25", "/x%2Fy", "/:n<int>"]);

  test.each([
    ["/a/caf%C3%A9", ["/a/:b", { b: "café" }]],
    ["/a/x%2Fy", ["/a/:b", { b: "x/y" }]],
    ["/a/x%2fy/c", ["/a/:b/c", { b: "x/y" }]],
    ["/a/%2525", ["/a/:b", { b: "%25" }]],
    ["/a/%00", ["/a/:b", { b: "\0" }]],
    ["/a/+", ["/a/:b", { b: "+" }]],
    ["/f/x%2Fy/%20", ["/f/*", { "*": "x/y/ " }]],
    ["/caf%C3%A9", ["/café", {}]],
    ["/%63af%c3%a9", ["/café", {}]],
    ["/100%25", ["/100%25", {}]],
    ["/x%2Fy", ["/x%2Fy", {}]],
    ["/x/y", null],
    ["/%37", ["/:n<int>", { n: 7 }]],
  ])("%s", (path, expected) => {
    expect(found(router, path)).toEqual(expected);
  });

  test("a path with a stray percent sign is a BadRequest, also where a route has one there", () => {
    const router = routerOf(["/100%25", "/100%25/off"]);
    for (const path of ["/100%", "/100%/off"])
      expect(() => router.find("GET", path, "")).toThrow(BadRequest);
  });

  test.each(["/a/%", "/a/%zz", "/a/%C3", "/a/%C3%28", "/nowhere/%FF", "/a/%C3/%A9"])(
    "%s is a BadRequest, whatever routes there are",
    (path) => {
      expect(() => router.find("GET", path, "")).toThrow(BadRequest);
      expect(() => router.find("GET", path, "")).toThrow("the path has a malformed escape");
      expect(() => router.allowed(path, "")).toThrow(BadRequest);
    },
  );
});

describe("slashes at the end", () => {
  test("do not matter", () => {
    const router = routerOf(["/", "/a", "/b/", "/c/:d", "/e/*"]);
    expect(
      ["/a", "/a/", "/b", "/b/", "/c/1", "/c/1/", "/e", "/e/"].map((path) => found(router, path)),
    ).toEqual([
      ["/a", {}],
      ["/a", {}],
      ["/b/", {}],
      ["/b/", {}],
      ["/c/:d", { d: "1" }],
      ["/c/:d", { d: "1" }],
      ["/e/*", { "*": "" }],
      ["/e/*", { "*": "" }],
    ]);
    expect(["//", "/a//", "//a"].map((path) => found(router, path))).toEqual([null, null, null]);
  });

  test("matter where a route takes them strictly", () => {
    const strictSlashes = true;
    const router = routerOf([
      ["/a", { strictSlashes }],
      ["/b/", { strictSlashes }],
      ["/c/:d", { strictSlashes }],
      ["/e/*", { strictSlashes }],
    ]);
    expect(
      ["/a", "/a/", "/b", "/b/", "/c/1", "/c/1/", "/e", "/e/"].map((path) =>
        foundPath(router, path),
      ),
    ).toEqual(["GET /a", null, null, "GET /b/", "GET /c/:d", null, null, "GET /e/*"]);
  });

  test("a strict route goes before one that is not", () => {
    const routes = ["/a", ["/a/", { strictSlashes: true }]] as const;
    for (const order of [routes, routes.toReversed()]) {
      expect(foundPath(routerOf(order), "/a")).toBe("GET /a");
      expect(foundPath(routerOf(order), "/a/")).toBe("GET /a/");
    }
  });

  test("an empty rest behind text goes before a parameter, as text does", () => {
    expect(foundPath(routerOf(["/:a", "/files/*"]), "/files")).toBe("GET /files/*");
  });
});

describe("methods", () => {
  const router = routerOf([
    "GET /a",
    "POST /a",
    "* /b",
    "GET /b",
    "HEAD /h",
    "GET /h",
    "PURGE /p",
    "DELETE /a/:id",
    "GET /a/:name",
  ]);

  test("HEAD is answered by GET where it has no route", () => {
    expect(foundPath(router, "/a", "HEAD")).toBe("GET /a");
    expect(foundPath(router, "/h", "HEAD")).toBe("HEAD /h");
    expect(foundPath(router, "/b", "HEAD")).toBe("GET /b");
  });

  test("a route for every method is asked when the path has none of its own", () => {
    expect(foundPath(router, "/b")).toBe("GET /b");
    expect(foundPath(router, "/b", "POST")).toBe("* /b");
    expect(foundPath(router, "/b", "BREW")).toBe("* /b");
    expect(foundPath(router, "/a", "BREW")).toBeNull();
    const any = routerOf(["GET /a", "* /any"]);
    expect(["GET", "HEAD"].map((method) => foundPath(any, "/any", method))).toEqual([
      "* /any",
      "* /any",
    ]);
  });

  test("what is closer to the path goes before what is closer to the method", () => {
    const both = routerOf(["GET /x/:any", "* /x/new", "HEAD /x/:any<alpha>", "GET /x/head"]);
    expect(foundPath(both, "/x/new")).toBe("* /x/new");
    expect(foundPath(both, "/x/head", "HEAD")).toBe("GET /x/head");
    expect(foundPath(both, "/x/other", "HEAD")).toBe("HEAD /x/:any<alpha>");
  });

  test("the methods that a path knows are listed", () => {
    expect(router.allowed("/a", "")).toEqual(["GET", "HEAD", "POST"]);
    expect(router.allowed("/h", "")).toEqual(["GET", "HEAD"]);
    expect(router.allowed("/p", "")).toEqual(["PURGE"]);
    expect(router.allowed("/a/7", "")).toEqual(["GET", "HEAD", "DELETE"]);
    expect(router.allowed("/nowhere", "")).toEqual([]);
    expect(router.allowed("/b", "")).toEqual([
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "PURGE",
    ]);
  });
});

describe("hosts", () => {
  const router = routerOf([
    ["/x", { name: "everywhere" }],
    ["/x", { host: "api.example.com" }],
    ["/x", { host: "*.example.com" }],
    ["/x", { host: "*.eu.example.com" }],
    ["/only", { host: "API.example.com" }],
    ["/:any", { host: "*.example.com" }],
    ["POST /any", {}],
    ["/v6", { host: "[::1]" }],
  ]);
  const hostOf = (path: string, host: string) => router.find("GET", path, host)?.entry.host;

  test.each([
    ["api.example.com", "api.example.com"],
    ["API.Example.COM:8080", "api.example.com"],
    ["api.example.com.", "api.example.com"],
    ["api.example.com.:80", "api.example.com"],
    ["www.example.com", "*.example.com"],
    ["a.b.example.com", "*.example.com"],
    ["a.eu.example.com", "*.eu.example.com"],
    ["example.com", null],
    [".example.com", null],
    ["badexample.com", null],
    ["", null],
  ])("%s is %s", (host, expected) => {
    expect(hostOf("/x", host)).toBe(expected);
  });

  test("what a host does not have is looked for where more hosts are meant", () => {
    expect(hostOf("/only", "api.example.com")).toBe("API.example.com");
    expect(hostOf("/other", "api.example.com")).toBe("*.example.com");
    expect(hostOf("/other", "elsewhere")).toBeUndefined();
    expect(router.allowed("/any", "www.example.com")).toEqual(["GET", "HEAD", "POST"]);
    expect(router.allowed("/any", "elsewhere")).toEqual(["POST"]);
  });

  test("an address of six has colons of its own", () => {
    expect(hostOf("/v6", "[::1]:8080")).toBe("[::1]");
    expect(hostOf("/v6", "[::1]")).toBe("[::1]");
  });

  test.each(["a:80", "a.*.b", "*", "", "http://a", "a/b"])(
    "%j is no host to be written for",
    (host) => {
      expect(() => routerOf([["/", { host }]])).toThrow(
        "Expected `host` to be a host without a port: `api.example.com`, `*.example.com`, got",
      );
    },
  );
});

describe("two routes for the same requests", () => {
  test.each([
    [["/a", "/a"], "two routes are for the same requests: GET /a and GET /a"],
    [["/a", "/a/"], "two routes are for the same requests: GET /a and GET /a/"],
    [["/a/:x", "/a/:y"], "two routes are for the same requests: GET /a/:x and GET /a/:y"],
    [["POST /:x<int>", "POST /:y<int>"], "POST /:x<int> and POST /:y<int>"],
    [["/:a<re:x+>", "/:b<re:x+>"], "GET /:a<re:x+> and GET /:b<re:x+>"],
    [["/a/*", "/a/*rest"], "GET /a/* and GET /a/*rest"],
    [["* /a", "* /a"], "* /a and * /a"],
    [["/caf%C3%A9", "/café"], "GET /caf%C3%A9 and GET /café"],
  ])("%j are refused", (routes, message) => {
    expect(() => routerOf(routes)).toThrow(TypeError);
    expect(() => routerOf(routes)).toThrow(message);
  });

  test("a host is named too", () => {
    const host = "a.example";
    const routes = [["/a", { host }] as const, ["/a", { host: "A.example" }] as const];
    expect(() => routerOf(routes)).toThrow("GET a.example/a and GET A.example/a");
  });

  test.each([
    [["/:x<int>", "/:x<alpha>", "/:x", "/*x"]],
    [["GET /a", "HEAD /a", "* /a"]],
    [["/:a-:b", "/:a.:b", "/:a"]],
  ])("%j are not the same", (routes) => {
    expect(() => routerOf(routes)).not.toThrow();
  });
});
