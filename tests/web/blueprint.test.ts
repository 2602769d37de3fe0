/**
 * Blueprints and groups: how prefixes, hosts, versions, names, middlewares and handlers of exceptions add up on the way
 * to a route, tried through an application in memory, which needs the real world's promises.
 */
import { run } from "ambit";
import { Application, Blueprint, json, type ParameterType, Routes } from "ambit/web";
import { describe, expect, test } from "vitest";

interface Asked {
  readonly method?: string;
  readonly host?: string;
}

/** The status and the text of an answer. */
async function ask(app: Application, path: string, { method = "GET", host = "h" }: Asked = {}) {
  const response = await run(() => app.fetch(new Request(`http://${host}${path}`, { method })));
  return `${response.status} ${await response.text()}`;
}

/** What is written to `trail` by each middleware. */
function marked(name: string) {
  return async (request: { state: { trail?: string } }, next: (added: object) => Promise<never>) =>
    next({ trail: `${request.state.trail ?? ""}${name}` });
}

const trailOf = ({ state }: { state: object }) => (state as { trail?: string }).trail ?? "";

describe("where the routes of a blueprint are", () => {
  test("below its prefix, behind its version", async () => {
    const users = new Blueprint({ urlPrefix: "/users", version: 2 });
    users.get("/", () => "all").get("/:id<int>", ({ params }) => json(params.id + 1));
    const app = new Application().register(users);
    expect(await ask(app, "/v2/users")).toBe("200 all");
    expect(await ask(app, "/v2/users/7")).toBe("200 8");
    expect(await ask(app, "/users")).toContain("404");
  });

  test("prefixes add up, and the innermost version stands before them all", async () => {
    const leaf = new Blueprint({ urlPrefix: "/leaf" }).get("/x", () => "x");
    const old = new Blueprint({ urlPrefix: "/old", version: 1 }).get("/y", () => "y");
    const branch = new Blueprint({ urlPrefix: "/branch", version: 3, versionPrefix: "/api/v" });
    branch.register(leaf).register(old);
    const app = new Application().register(branch);
    expect(app.entries().map(({ path }) => path)).toEqual([
      "/api/v3/branch/leaf/x",
      "/api/v1/branch/old/y",
    ]);
    expect(await ask(app, "/api/v1/branch/old/y")).toBe("200 y");
  });

  test("a path may be empty, and slashes between prefixes don't double", () => {
    const routes = new Blueprint({ urlPrefix: "/a/" }).get("", () => "").get("/b", () => "");
    const bare = new Blueprint().get("", () => "").get("/", () => "");
    const paths = (blueprint: Blueprint<object, object, string>) =>
      new Application()
        .register(blueprint)
        .entries()
        .map(({ path }) => path);
    expect(paths(routes)).toEqual(["/a/", "/a/b"]);
    expect(paths(bare)).toEqual(["/", "/"]);
  });

  test("a prefix may hold parameters, of which the handlers know", async () => {
    const posts = new Blueprint({ urlPrefix: "/users/:user<int>/posts" });
    posts.get("/:post", ({ params }) => json([params.user + 1, params.post]));
    posts.group("/:post/notes", (notes) => {
      notes.get("/:note<int>", ({ params }) => json([params.user, params.post, params.note]));
    });
    const app = new Application().register(posts);
    expect(await ask(app, "/users/1/posts/b")).toBe('200 [2,"b"]');
    expect(await ask(app, "/users/1/posts/b/notes/3")).toBe('200 [1,"b",3]');
  });

  test("only for its host, or its hosts", async () => {
    const api = new Blueprint({ host: ["api.test", "*.api.test"] }).get("/", () => "api");
    const app = new Application().get("/", () => "site").register(api);
    expect(await ask(app, "/", { host: "api.test:81" })).toBe("200 api");
    expect(await ask(app, "/", { host: "eu.api.test" })).toBe("200 api");
    expect(await ask(app, "/", { host: "test" })).toBe("200 site");
  });

  test("strict slashes hold for what is inside, unless that says otherwise", () => {
    const strict = new Blueprint({ strictSlashes: true }).get("/a", () => "");
    strict.get("/b", { strictSlashes: false }, () => "");
    strict.register(new Blueprint({ strictSlashes: false }).get("/c", () => ""));
    strict.group("/d", (group) => group.get("/e", () => ""));
    expect(strict.entries().map(({ path, options }) => [path, options.strictSlashes])).toEqual([
      ["/a", true],
      ["/b", false],
      ["/c", false],
      ["/d/e", true],
    ]);
  });

  test("options of its routes hold for what is inside, unless that says otherwise", () => {
    const outer = new Blueprint({ routeOptions: { bodyLimit: 1, tags: ["outer"] } });
    outer.register(
      new Blueprint({ routeOptions: { bodyLimit: 2 } }).get("/", { timeout: 3 }, () => ""),
    );
    expect(outer.entries()[0]?.options).toEqual({ bodyLimit: 2, tags: ["outer"], timeout: 3 });
  });
});

describe("a blueprint in two places", () => {
  test("answers in both, and what is added later is in both", async () => {
    const notes = new Blueprint({ urlPrefix: "/notes" }).get("/", () => "notes");
    const app = new Application()
      .register(notes)
      .register(notes, { urlPrefix: "/remarks", version: 1 });
    expect(await ask(app, "/notes")).toBe("200 notes");
    expect(await ask(app, "/v1/remarks")).toBe("200 notes");
    const before = app.revision;
    notes.get("/late", () => "late");
    expect(app.revision).toBeGreaterThan(before);
    expect(await ask(app, "/notes/late")).toBe("200 late");
    expect(await ask(app, "/v1/remarks/late")).toBe("200 late");
  });

  test("wants two names for its named routes", () => {
    const notes = new Blueprint({ name: "notes", urlPrefix: "/n" }).get(
      "/:id",
      { name: "show" },
      () => "",
    );
    const app = new Application().register(notes).register(notes, { urlPrefix: "/m" });
    expect(() => app.urlFor("notes.show", { id: 1 })).toThrow(
      "two routes have the name notes.show: GET /n/:id and GET /m/:id",
    );
    const two = new Application()
      .register(notes)
      .register(notes, { urlPrefix: "/m", name: "more" });
    expect(two.urlFor("notes.show", { id: 1 })).toBe("/n/1");
    expect(two.urlFor("more.show", { id: 1 })).toBe("/m/1");
  });

  test("has its listeners called once", async () => {
    let calls = 0;
    const both = new Blueprint().beforeServerStart(() => calls++);
    const app = new Application()
      .register(both, { urlPrefix: "/a" })
      .register(both, { urlPrefix: "/b" });
    await run(async () => {
      await using _ = await app.startup();
    });
    expect(calls).toBe(1);
  });
});

test("what is added deep inside is seen above, and by an application that has answered", async () => {
  const inner = new Blueprint({ urlPrefix: "/inner" });
  const outer = new Blueprint({ urlPrefix: "/outer" }).register(inner);
  const app = new Application().register(outer);
  expect(await ask(app, "/outer/inner/x")).toContain("404");
  inner.get("/x", () => "x");
  expect(await ask(app, "/outer/inner/x")).toBe("200 x");
  inner.use(async (_request, next) => next());
  inner.exception(RangeError, () => "out of range");
  inner.get("/y", () => {
    throw new RangeError();
  });
  expect(await ask(app, "/outer/inner/y")).toBe("200 out of range");
});

test("names of blueprints stand before the names of routes", () => {
  const leaf = new Blueprint({ name: "leaf" }).get("/leaf", { name: "show" }, () => "");
  const group = new Blueprint({ urlPrefix: "/g" }).register(leaf);
  const app = new Application().register(new Blueprint({ name: "top" }).register(group));
  app.get("/", { name: "home" }, () => "");
  expect(app.urlFor("top.leaf.show", { page: 2 })).toBe("/g/leaf?page=2");
  expect(app.urlFor("home")).toBe("/");
});

describe("what is around a route", () => {
  test("middlewares from outside to inside, whenever they were added", async () => {
    const inner = new Blueprint({ urlPrefix: "/inner" });
    const outer = new Blueprint().register(inner).get("/outer", trailOf);
    const app = new Application().get("/app", trailOf).register(outer);
    inner.get("/x", trailOf);
    inner.use(marked("4") as never).use(marked("5") as never);
    outer.use(marked("3") as never);
    app.use(marked("1") as never).use(marked("2") as never);
    app.group("/group", (group) => {
      group.get("/x", trailOf);
      group.use(marked("g") as never);
    });
    expect(await ask(app, "/inner/x")).toBe("200 12345");
    expect(await ask(app, "/outer")).toBe("200 123");
    expect(await ask(app, "/app")).toBe("200 12");
    expect(await ask(app, "/group/x")).toBe("200 12g");
  });

  test("handlers of exceptions from inside to outside", async () => {
    class Mine extends Error {}
    const inner = new Blueprint({ urlPrefix: "/inner" });
    const fail = () => {
      throw new Mine("it");
    };
    inner.get("/x", fail).exception(TypeError, () => "inner TypeError");
    const outer = new Blueprint()
      .register(inner)
      .exception(Mine, ({ message }) => `outer ${message}`);
    const app = new Application()
      .register(outer)
      .get("/y", fail)
      .exception(Error, () => "app");
    expect(await ask(app, "/inner/x")).toBe("200 outer it");
    expect(await ask(app, "/y")).toBe("200 app");
    inner.exception(Mine, () => "inner");
    expect(await ask(app, "/inner/x")).toBe("200 inner");
  });

  test("listeners and contexts of blueprints, in the order in which they were registered", async () => {
    const calls: string[] = [];
    const part = (name: string) =>
      new Blueprint()
        .beforeServerStart(() => calls.push(`start ${name}`))
        .afterServerStop(() => calls.push(`stop ${name}`))
        .cleanupContext(async function* () {
          calls.push(`open ${name}`);
          yield;
          calls.push(`close ${name}`);
        });
    const app = new Application().register(part("a").register(part("b")));
    await run(async () => {
      await using _ = await app.startup();
      calls.push("run");
    });
    expect(calls).toEqual([
      "open a",
      "open b",
      "start a",
      "start b",
      "run",
      "stop b",
      "stop a",
      "close b",
      "close a",
    ]);
  });
});

describe("methods", () => {
  test("a route may be for several, or for all", async () => {
    const app = new Application();
    app.route(["get", "PURGE"], "/several", ({ method }) => method);
    app.route("DELETE", "/one", { name: "one" }, () => "one");
    app.all("/all", ({ method }) => method).post("/all", () => "post");
    expect(await ask(app, "/several", { method: "PURGE" })).toBe("200 PURGE");
    expect(await ask(app, "/several")).toBe("200 GET");
    expect(await ask(app, "/several", { method: "POST" })).toContain("405");
    expect(await ask(app, "/one", { method: "DELETE" })).toBe("200 one");
    expect(await ask(app, "/all", { method: "PATCH" })).toBe("200 PATCH");
    expect(await ask(app, "/all", { method: "POST" })).toBe("200 post");
  });

  test("each has a word of its own", () => {
    const routes = new Routes();
    const handler = () => "";
    routes.get("/", handler).head("/", handler).post("/", handler).put("/", handler);
    routes.patch("/", handler).delete("/", handler).options("/", handler).all("/", handler);
    expect(routes.entries().map(({ method }) => method)).toEqual([
      "GET",
      "HEAD",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "*",
    ]);
  });
});

describe("types of parameters of one's own", () => {
  const hex: ParameterType<number> = {
    parse: (text) => (/^[0-9a-f]+$/.test(text) ? Number.parseInt(text, 16) : undefined),
    format: (value) => value.toString(16),
  };

  test("are known here and below, also in what was written before", async () => {
    const blueprint = new Blueprint({ urlPrefix: "/b" });
    blueprint.get("/:n<hex>", { name: "n" }, ({ params }) => json(params));
    const app = new Application().register(blueprint);
    expect(() => app.urlFor("n", { n: 255 })).toThrow("the type hex, which is not known");
    app.parameterType("hex", hex).get("/:n<hex>", ({ params }) => json(params.n + 1));
    expect(await ask(app, "/b/ff")).toBe('200 {"n":255}');
    expect(await ask(app, "/ff")).toBe("200 256");
    expect(await ask(app, "/fg")).toContain("404");
    expect(app.urlFor("n", { n: 255 })).toBe("/b/ff");
  });

  test("may be other ones inside", async () => {
    const app = new Application().parameterType("t", { parse: () => "outer" });
    app.get("/:x<t>", ({ params }) => params.x);
    app.group("/in", (group) => {
      group.parameterType("t", { parse: (text) => `inner ${text}` });
      group.get("/:x<t>", ({ params }) => json(params));
    });
    expect(await ask(app, "/1")).toBe("200 outer");
    expect(await ask(app, "/in/1")).toBe('200 {"x":"inner 1"}');
  });

  test.each([
    ["int", hex, "the parameter type int is a built-in one"],
    ["a b", hex, "Expected `name` to be letters, digits and underscores"],
    ["x", {}, "Expected `type` to be an object with a function `parse`"],
    ["known", hex, "the parameter type known is there already"],
  ])("%j is refused where it can't be", (name, type, message) => {
    const routes = new Routes().parameterType("known", hex);
    expect(() => routes.parameterType(name, type as ParameterType)).toThrow(message);
  });
});

describe("what is refused where it is written", () => {
  const routes = () => new Routes();
  const handler = () => "";

  test.each([
    [
      "a path that is no pattern",
      () => routes().get("users", handler),
      "it has to start with a slash",
    ],
    ["a path that is no text", () => routes().get(7 as never, handler), "`path` to be a string"],
    [
      "a handler that is none",
      () => routes().get("/", "text" as never),
      "`handler` to be a function",
    ],
    [
      "a method with a space",
      () => routes().route("GET /", "/", handler),
      "`method` to be a method",
    ],
    ["a limit that is none", () => routes().get("/", { bodyLimit: -1 }, handler), "bodyLimit"],
    ["a middleware that is none", () => routes().use(7 as never), "`middleware` to be a function"],
    [
      "a class that is none",
      () => routes().exception("E" as never, handler),
      "`type` to be a function",
    ],
    [
      "a prefix that is none",
      () => new Blueprint({ urlPrefix: "x" }),
      "it has to start with a slash",
    ],
    [
      "a prefix without an end",
      () => new Blueprint({ urlPrefix: "/*" }),
      "behind which something can follow",
    ],
    [
      "a host with a port",
      () => new Blueprint({ host: "a:80" }),
      "`host` to be a host without a port",
    ],
    [
      "a version that is none",
      () => new Blueprint({ version: "a/b" }),
      "`version` to be a number or a word",
    ],
    [
      "a name that is empty",
      () => new Blueprint({ name: "" }),
      "`name` to be a text that is not empty",
    ],
    [
      "a version's prefix",
      () => new Blueprint({ versionPrefix: "v" }),
      "it has to start with a slash",
    ],
    ["a group's prefix", () => routes().group("x"), "it has to start with a slash"],
  ])("%s", (_what, write, message) => {
    expect(write).toThrow(message);
  });

  test("a blueprint within itself", () => {
    const inner = new Blueprint();
    const outer = new Blueprint().register(inner);
    expect(() => inner.register(outer)).toThrow("register of a blueprint within itself");
    expect(() => outer.register(outer)).toThrow("it would have no end");
  });
});
