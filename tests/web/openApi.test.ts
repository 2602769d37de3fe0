/*
 * The OpenAPI document that is made from routes, and its page.
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import { toJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import {
  Application,
  Blueprint,
  type JsonSchema,
  openApi,
  type OpenApiDocument,
  type OpenApiOperation,
  type OpenApiOptions,
  serveOpenApi,
  type StandardSchema,
} from "ambit/web";
import { runVirtual } from "ambit/testing";
import { Script } from "node:vm";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const INFO = { title: "Shop", version: "1.2.0" };
const done = (): string => "done";

function told(
  define: (app: Application) => void,
  options: Partial<OpenApiOptions> = {},
): OpenApiDocument {
  const app = new Application();
  define(app);
  return openApi(app, { ...INFO, ...options });
}

function operation(document: OpenApiDocument, path: string, method = "get"): OpenApiOperation {
  const found = document.paths[path]?.[method];
  expect(found, `${method} ${path} of ${Object.keys(document.paths).join()}`).toBeDefined();
  return found as OpenApiOperation;
}

/** By the official schema of OpenAPI 3.1. */
async function expectValid(document: OpenApiDocument): Promise<void> {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document) as never);
  expect(result).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  expect(() => validator.resolveRefs()).not.toThrow();
}

describe("an OpenAPI document", () => {
  test("has the paths with the types of their parameters", async () => {
    const document = told((app) => {
      app.parameterType("hex", { parse: (text) => Number.parseInt(text, 16) });
      app.get("/", done);
      app.get("/a/:id<int>/", done);
      app.get("/:x<number>/:name.:ext<ext>", done);
      app.get("/t/:u<uuid>/:d<date>/:a<alpha>/:s<slug>/:h<hex>/:r<re:[a-z]{2}>", done);
      app.get("/files/*path", done);
      app.get("/rest/*", done);
      app.get("/caf%C3%A9/%3Ax", done);
    });
    await expectValid(document);
    expect(Object.keys(document.paths)).toEqual([
      "/",
      "/a/{id}/",
      "/{x}/{name}.{ext}",
      "/t/{u}/{d}/{a}/{s}/{h}/{r}",
      "/files/{path}",
      "/rest/{rest}",
      "/caf%C3%A9/:x",
    ]);
    expect(operation(document, "/a/{id}/").parameters).toEqual([
      { name: "id", in: "path", required: true, schema: { type: "integer" } },
    ]);
    const schemas = operation(document, "/t/{u}/{d}/{a}/{s}/{h}/{r}").parameters?.map(
      ({ schema }) => schema,
    );
    expect(schemas).toEqual([
      { type: "string", format: "uuid" },
      { type: "string", format: "date" },
      { type: "string", pattern: "^[A-Za-z]+$" },
      { type: "string", pattern: "^[a-z0-9]+(?:-[a-z0-9]+)*$" },
      { type: "string", format: "hex" },
      { type: "string", pattern: "^(?:[a-z]{2})$" },
    ]);
  });

  test("says what the routes say of themselves", async () => {
    const document = told(
      (app) => {
        const options = {
          name: "one",
          summary: "S",
          description: "D",
          tags: ["t", "u"],
          deprecated: true,
        };
        app.get("/a", options, done);
        app.put("/a", { tags: ["t"] }, done);
        app.post("/a-b/:c_d", done);
        app.post("/a/b/:c_d", done);
        app.post("/a.b/:c_d", done);
      },
      {
        description: "About",
        servers: ["https://a.example", { url: "/b", description: "B" }],
        security: { token: { type: "http", scheme: "bearer" } },
      },
    );
    await expectValid(document);
    expect(operation(document, "/a")).toEqual({
      operationId: "one",
      summary: "S",
      description: "D",
      tags: ["t", "u"],
      deprecated: true,
      responses: { 200: { description: "OK" } },
    });
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { ...INFO, description: "About" },
      servers: [{ url: "https://a.example" }, { url: "/b", description: "B" }],
      components: { securitySchemes: { token: { type: "http" } } },
      security: [{ token: [] }],
      tags: [{ name: "t" }, { name: "u" }],
    });
    const ids = Object.values(document.paths)
      .flatMap((item) => Object.values(item))
      .map(({ operationId }) => operationId);
    expect(ids).toEqual(["one", "putA", "postABCD", "postABCD2", "postABCD3"]);
  });

  test("a route may want another security scheme than the document's, or none", async () => {
    const schemes = {
      token: { type: "http", scheme: "bearer" },
      session: { type: "apiKey", in: "cookie", name: "session" },
    };
    const document = told(
      (app) => {
        app.get("/all", done);
        app.get("/own", { security: ["session"] }, done);
        app.post("/login", { security: [] }, done);
      },
      { security: schemes },
    );
    await expectValid(document);
    expect(document.security).toEqual([{ token: [] }, { session: [] }]);
    expect(operation(document, "/all")).not.toHaveProperty("security");
    expect(operation(document, "/own")).toMatchObject({ security: [{ session: [] }] });
    expect(operation(document, "/login", "post")).toMatchObject({ security: [] });
    expect(() =>
      told((app) => app.get("/x", { security: ["tokne"] }, done), { security: schemes }),
    ).toThrow(
      "route GET /x wants the security scheme 'tokne', which options.security does not have",
    );
  });

  test("leaves out what is hidden and what is no operation, and has what blueprints bring", async () => {
    const document = told((app) => {
      app.get("/hidden", { hidden: true }, done);
      app.head("/head", done);
      app.options("/options", done);
      app.all("/all", done);
      app.webSocket("/socket", async () => {});
      app.static("/files", "/nowhere");
      app.health();
      const users = new Blueprint({ urlPrefix: "/users", version: 1 });
      users.get("/:id<int>", done);
      users.get("/:name", done);
      app.register(users);
    });
    await expectValid(document);
    expect(document.paths).toEqual({
      "/v1/users/{id}": { get: expect.anything() },
      "/v1/users/{name}": { get: expect.anything() },
    });
    expect(told(() => {})).toEqual({ openapi: "3.1.0", info: INFO, paths: {} });
  });

  test("would be found to be wrong if it were", async () => {
    const document = told((app) => app.get("/a", done));
    const { info: _, ...broken } = document;
    expect(await new Validator().validate(broken as never)).toMatchObject({ valid: false });
  });

  test("wants a title and a version", () => {
    expect(() => openApi(new Application(), { title: "x" } as never)).toThrow(
      "Expected `options.version` to be text",
    );
  });
});

const libraries: [string, StandardSchema, StandardSchema, OpenApiOptions["toJsonSchema"]][] = [
  [
    "zod",
    z.object({ page: z.coerce.number().int().min(1).default(1).describe("which"), q: z.string() }),
    z.object({ name: z.string().min(1) }),
    undefined,
  ],
  [
    "arktype",
    type({ q: "string", "page?": "number.integer >= 1" }),
    type({ name: "string >= 1" }),
    undefined,
  ],
  [
    "valibot",
    v.object({
      q: v.string(),
      page: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
    }),
    v.object({ name: v.pipe(v.string(), v.minLength(1)) }),
    (schema) => toJsonSchema(schema as never) as JsonSchema,
  ],
];

describe.each(libraries)("schemas of %s", (_, query, body, own) => {
  test("become parameters, bodies and answers", async () => {
    const options = own === undefined ? {} : { toJsonSchema: own };
    const document = told((app) => {
      app.get(
        "/a",
        { query, headers: body, cookies: body, responses: { 200: body, 404: "none" } },
        done,
      );
      app.post("/a", { body }, done);
    }, options);
    await expectValid(document);
    const { parameters = [], responses } = operation(document, "/a");
    const page = parameters.find(({ name }) => name === "page");
    expect(page).toMatchObject({
      in: "query",
      required: false,
      schema: { type: "integer", minimum: 1 },
    });
    expect(parameters.find(({ name }) => name === "q")).toMatchObject({
      required: true,
      schema: { type: "string" },
    });
    expect(parameters.filter(({ name }) => name === "name").map(({ in: place }) => place)).toEqual([
      "header",
      "cookie",
    ]);
    const json = {
      schema: {
        type: "object",
        properties: { name: { type: "string", minLength: 1 } },
        required: ["name"],
      },
    };
    expect(responses).toMatchObject({
      200: { description: "OK", content: { "application/json": json } },
      404: { description: "none" },
      422: {
        content: {
          "application/problem+json": {
            schema: { $ref: "#/components/schemas/ValidationProblem" },
          },
        },
      },
    });
    expect(operation(document, "/a", "post")).toMatchObject({
      requestBody: { required: true, content: { "application/json": json } },
      responses: { 200: { description: "OK" }, 415: { description: "Unsupported Media Type" } },
    });
  });
});

describe("the schemas of a document", () => {
  const User = z.object({ name: z.string() }).meta({ id: "User" });

  test("that have names are components, once each", async () => {
    const Other = z.object({ other: z.boolean() });
    const document = told((app) => {
      app.post("/a", { body: User, responses: { 200: z.array(User) } }, done);
      app.post("/b", { body: z.object({ user: User, "a/b~c": Other }) }, done);
    });
    await expectValid(document);
    const schemas = document.components?.schemas ?? {};
    // What goes in and what comes out differ: zod lets nothing more out.
    expect(Object.keys(schemas)).toEqual(["User", "User2", "ValidationProblem"]);
    const body = operation(document, "/b", "post").requestBody?.content["application/json"]?.schema;
    expect(body).toMatchObject({ properties: { user: { $ref: "#/components/schemas/User" } } });
  });

  test("that refer to themselves are components too", async () => {
    const Tree = z.object({
      value: z.number(),
      get children() {
        return z.array(Tree);
      },
    });
    const document = told((app) => app.post("/trees", { name: "plant", body: Tree }, done));
    await expectValid(document);
    const body = operation(document, "/trees", "post").requestBody?.content["application/json"]
      ?.schema;
    expect(body).toEqual({ $ref: "#/components/schemas/plantBody" });
    expect(document.components?.schemas?.["plantBody"]).toMatchObject({
      properties: { children: { items: { $ref: "#/components/schemas/plantBody" } } },
    });
  });

  test("that can't be told say so, and the rest is told", async () => {
    const document = told((app) => {
      app.post("/dates", { body: z.object({ at: z.date() }) }, done);
      app.post("/valibot", { body: v.string() }, done);
      app.get(
        "/query",
        { query: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]) },
        done,
      );
    });
    await expectValid(document);
    const schema = (path: string) =>
      operation(document, path, "post").requestBody?.content["application/json"]?.schema;
    expect(schema("/dates")).toEqual({
      description: "not told: Date cannot be represented in JSON Schema",
    });
    expect(schema("/valibot")).toEqual({
      description: "not told: a schema of valibot, which needs `toJsonSchema`",
    });
    expect(operation(document, "/query").parameters).toMatchObject([
      { name: "query", in: "query", required: false },
    ]);
  });

  test("may be told by the program, and by the schema where that has nothing to say", () => {
    const mine = z.string();
    const document = told(
      (app) => app.post("/", { body: z.object({ a: mine }), responses: { 200: mine } }, done),
      {
        toJsonSchema: (schema, side) => (schema === mine ? { title: `my ${side}` } : undefined),
      },
    );
    const { requestBody, responses } = operation(document, "/", "post");
    expect(responses["200"]?.content?.["application/json"]?.schema).toEqual({ title: "my output" });
    expect(requestBody?.content["application/json"]?.schema).toMatchObject({ type: "object" });
  });

  test("of a path say more of its parameters, and those of files make a form", async () => {
    const document = told((app) => {
      app.get(
        "/a/:id<int>/:x",
        { params: z.object({ id: z.number().max(9).describe("which") }) },
        done,
      );
      app.post("/up", { body: z.object({ file: z.file(), note: z.string() }) }, done);
      app.get("/h", { headers: z.object({ authorization: z.string(), "x-a": z.string() }) }, done);
    });
    await expectValid(document);
    expect(operation(document, "/a/{id}/{x}").parameters).toMatchObject([
      { name: "id", description: "which", schema: { type: "number", maximum: 9 } },
      { name: "x", schema: { type: "string" } },
    ]);
    expect(Object.keys(operation(document, "/up", "post").requestBody?.content ?? {})).toEqual([
      "multipart/form-data",
    ]);
    expect(operation(document, "/h").parameters?.map(({ name }) => name)).toEqual(["x-a"]);
  });
});

describe("a served document", () => {
  async function get(app: Application, path: string): Promise<Response> {
    return app.fetch(new Request(`http://localhost${path}`));
  }

  test("is there as JSON and as a page, and follows the routes", () =>
    runVirtual(async () => {
      const app = new Application();
      expect(serveOpenApi(app, INFO)).toBe(app);
      app.get("/a", done);
      const first = await get(app, "/openapi.json");
      expect(first.headers.get("content-type")).toBe("application/json");
      expect(Object.keys(((await first.json()) as OpenApiDocument).paths)).toEqual(["/a"]);
      app.get("/b", done);
      const second = (await (await get(app, "/openapi.json")).json()) as OpenApiDocument;
      expect(Object.keys(second.paths)).toEqual(["/a", "/b"]);
      expect(await (await get(app, "/docs")).text()).toContain("<code>/b</code>");
    }));

  test("may be elsewhere, without a page, and below a prefix", () =>
    runVirtual(async () => {
      const app = new Application();
      serveOpenApi(app, { ...INFO, path: "/api/doc.json", docs: null });
      expect((await get(app, "/api/doc.json")).status).toBe(200);
      expect((await get(app, "/docs")).status).toBe(404);
      const part = new Blueprint({ urlPrefix: "/part" });
      serveOpenApi(part, { ...INFO, path: "/doc.json", docs: "/help/api" });
      app.register(part);
      const page = await (await get(app, "/part/help/api")).text();
      const base = "http://localhost/part/help/api";
      const links = [...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(
        ([, link]) => new URL(link as string, base).pathname,
      );
      expect(links).toEqual([
        "/part/help/api/style.css",
        "/part/help/api/script.js",
        "/part/doc.json",
      ]);
      for (const link of links) expect((await get(app, link)).status, link).toBe(200);
    }));

  test("is refused at once without a title", () => {
    expect(() => serveOpenApi(new Application(), {} as never)).toThrow(
      "Expected `options.title` to be text",
    );
  });

  test("has a page with everything in it, escaped, that brings nothing from elsewhere", () =>
    runVirtual(async () => {
      const evil = `"'><img src=x>`;
      const app = new Application();
      const Body = z.object({
        name: z.string().min(1).describe(evil),
        tags: z.array(z.object({ id: z.int() })).optional(),
      });
      app.post(
        "/users/:id<int>",
        {
          name: "save",
          summary: evil,
          description: evil,
          tags: [evil],
          deprecated: true,
          query: z.object({ [evil]: z.enum([evil]).optional() }),
          body: Body,
          responses: { 200: Body, 409: evil },
        },
        done,
      );
      app.post("/up", { body: z.object({ files: z.array(z.file()), note: z.string() }) }, done);
      serveOpenApi(app, {
        title: evil,
        version: evil,
        description: evil,
        servers: [{ url: "https://a.example/v1", description: evil }],
        security: { t: { type: "http", scheme: "bearer" } },
      });
      const response = await get(app, "/docs");
      const page = await response.text();
      expect(page).not.toContain("<img");
      expect(page).not.toMatch(/<[^>]*\s(style|on\w+)=/i);
      expect(page).not.toMatch(
        /<(style|base|iframe)\b|<script(?! src="docs\/script\.js" defer><\/script>)/,
      );
      expect(response.headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' https://a.example; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(page).toContain('<details class="operation" id="save"');
      expect(page).toContain("<em>deprecated</em>");
      expect(page).toContain(
        '<th scope="row"><code>tags[].id</code></th><td>integer</td><td>yes</td>',
      );
      expect(page).toMatch(/<td>string<\/td><td>yes<\/td><td>[^<]*min length 1<\/td>/);
      expect(page).toContain(
        '<form class="try" data-method="POST" data-path="/users/{id}" hidden>',
      );
      expect(page).toContain(
        '<input id="save-0" data-in="path" name="id" placeholder="0" required>',
      );
      expect(page).toContain('type="file" data-in="form" name="files" multiple');
      expect(page).toContain("&quot;name&quot;: &quot;text&quot;");
      // Each control has its label.
      const ids = [...page.matchAll(/<(?:input|textarea|select) id="([^"]*)"/g)].map(
        ([, id]) => id,
      );
      expect(ids.length).toBeGreaterThan(6);
      for (const id of ids) expect(page).toContain(`<label for="${id}">`);
    }));

  test("has a script that is one, and a style for light and dark", () =>
    runVirtual(async () => {
      const app = serveOpenApi(new Application(), INFO);
      const script = await (await get(app, "/docs/script.js")).text();
      expect(() => new Script(script)).not.toThrow();
      expect(script).not.toContain("innerHTML");
      const style = await (await get(app, "/docs/style.css")).text();
      expect(style).toContain("prefers-color-scheme:dark");
      expect(style).not.toMatch(/url\(|@import/);
    }));
});
