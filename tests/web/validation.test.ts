/*
 * Schemas of routes: what handlers get of what was validated, and what clients are told of the rest.
 */
import { moveOnAfter, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { type } from "arktype";
import {
  BadRequest,
  errorReply,
  type RouteSchemas,
  type ServerRequest,
  type StandardSchema,
  UnsupportedMediaType,
  Upload,
  validate,
  ValidationError,
} from "ambit/web";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type FakeInit, fakeRequest } from "./fakeExchange.ts";

async function checked(
  schemas: RouteSchemas,
  init: FakeInit = {},
  params: object = {},
): Promise<ServerRequest> {
  const request = fakeRequest(init);
  request.params = params as Record<string, string>;
  await validate(request, schemas);
  return request;
}

async function issuesOf(
  schemas: RouteSchemas,
  init: FakeInit = {},
  params: object = {},
): Promise<readonly { path: string; message: string }[]> {
  const error: unknown = await checked(schemas, init, params).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ValidationError);
  return (error as ValidationError).issues;
}

function json(value: unknown): FakeInit {
  return { body: JSON.stringify(value), headers: { "content-type": "application/json" } };
}

/** A schema by hand: what it is asked, and what it says. */
function schema(say: (value: unknown) => unknown): StandardSchema {
  return {
    "~standard": { version: 1, vendor: "test", validate: (value) => say(value) as never },
  };
}

const libraries: [string, StandardSchema][] = [
  [
    "zod",
    z.object({ name: z.string(), tags: z.array(z.object({ id: z.number().min(1) })).default([]) }),
  ],
  [
    "valibot",
    v.object({
      name: v.string(),
      tags: v.optional(v.array(v.object({ id: v.pipe(v.number(), v.minValue(1)) })), []),
    }),
  ],
  [
    "arktype",
    type({
      name: "string",
      tags: type({ id: "number >= 1" })
        .array()
        .default(() => []),
    }),
  ],
];

describe.each(libraries)("a schema of %s", (_, body) => {
  test("gives its value to the handler, with what it made of it", () =>
    runVirtual(async () => {
      const request = await checked({ body }, json({ name: "a" }));
      expect(request.valid).toEqual({ body: { name: "a", tags: [] } });
    }));

  test("says what is wrong, and where", () =>
    runVirtual(async () => {
      const issues = await issuesOf({ body }, json({ name: 7, tags: [{ id: 1 }, { id: 0 }] }));
      expect(issues.map(({ path }) => path).sort()).toEqual(["body.name", "body.tags[1].id"]);
      for (const { message } of issues) expect(message).not.toBe("");
    }));
});

describe("validation", () => {
  test("needs no promise where every schema answers at once", () => {
    const request = fakeRequest({ target: "/?page=2" });
    expect(validate(request, { query: z.object({ page: z.coerce.number() }) })).toBe(undefined);
    expect(request.valid).toEqual({ query: { page: 2 } });
    expect(validate(request, {})).toBe(undefined);
  });

  test("looks at parameters, headers, query and cookies, then at the body", () =>
    runVirtual(async () => {
      const seen: string[] = [];
      const spy = (name: string) =>
        schema((value) => {
          seen.push(name);
          return { value };
        });
      const request = await checked(
        {
          body: spy("body"),
          cookies: spy("cookies"),
          query: spy("query"),
          headers: spy("headers"),
          params: spy("params"),
        },
        {
          target: "/7?a=1&b=2&a=3&c",
          body: "{}",
          headers: {
            "Content-Type": "application/json",
            "X-A": ["1", "2"],
            cookie: "sid=x; theme=dark",
          },
        },
        { id: 7 },
      );
      expect(seen).toEqual(["params", "headers", "query", "cookies", "body"]);
      expect(request.valid).toEqual({
        params: { id: 7 },
        headers: {
          host: "test.example",
          "content-type": "application/json",
          "x-a": "1, 2",
          cookie: "sid=x; theme=dark",
        },
        query: { a: ["1", "3"], b: "2", c: "" },
        cookies: { sid: "x", theme: "dark" },
        body: {},
      });
    }));

  test("tells all that is wrong beside the body at once, and does not read the body then", () =>
    runVirtual(async () => {
      const schemas = {
        params: z.object({ id: z.number() }),
        query: z.object({ page: z.string() }),
        headers: z.object({ "x-token": z.string() }),
        body: z.object({}),
      };
      const request = fakeRequest({ ...json({}) });
      await expect((async () => validate(request, schemas))()).rejects.toThrow(
        /^params\.id: .+, and 2 more$/,
      );
      expect(request.body.used).toBe(false);
      const issues = await issuesOf(schemas, json({}));
      expect(issues.map(({ path }) => path)).toEqual([
        "params.id",
        'headers["x-token"]',
        "query.page",
      ]);
    }));

  test("waits for schemas that take their time, in their order, and can be cancelled", () =>
    runVirtual(async () => {
      const slow = schema(async (value) => {
        await sleep(100);
        return { value };
      });
      const request = await checked({ params: slow, query: slow, body: slow }, json([1]));
      expect(request.valid).toEqual({ params: {}, query: {}, body: [1] });
      const { cancelledCaught } = await moveOnAfter(50, () => checked({ query: slow }));
      expect(cancelledCaught).toBe(true);
      const failing = schema(async () => ({ issues: [{ message: "no" }] }));
      expect(await issuesOf({ query: failing })).toEqual([{ path: "query", message: "no" }]);
    }));

  test("writes paths as one would in a program", () =>
    runVirtual(async () => {
      const path = ["a", 0, { key: "b c" }, { key: 1 }, "d", "2", "__proto__"];
      const query = schema(() => ({ issues: [{ message: "no", path }, { message: "x" }] }));
      expect(await issuesOf({ query })).toEqual([
        { path: 'query.a[0]["b c"][1].d[2].__proto__', message: "no" },
        { path: "query", message: "x" },
      ]);
    }));

  test("passes on what a schema throws", () =>
    runVirtual(async () => {
      const query = schema(() => {
        throw new RangeError("broken");
      });
      await expect(checked({ query })).rejects.toThrow(RangeError);
    }));

  test("a 422 lists the issues in JSON", () => {
    const error = new ValidationError([{ path: "body.a", message: "no" }]);
    const request = fakeRequest({ headers: { accept: "application/json" } });
    const reply = errorReply(error, request);
    expect(reply.status).toBe(422);
    expect(JSON.parse(reply.body as string)).toEqual({
      title: "Unprocessable Entity",
      status: 422,
      detail: "body.a: no",
      issues: [{ path: "body.a", message: "no" }],
    });
  });
});

describe("the body that a schema sees", () => {
  const any = schema((value) => ({ value }));
  const seen = async (init: FakeInit): Promise<unknown> =>
    ((await checked({ body: any }, init)).valid as { body: unknown }).body;
  const typed = (type: string, body: string): FakeInit => ({
    body,
    headers: { "content-type": type },
  });

  test("is JSON, of any type that is JSON", () =>
    runVirtual(async () => {
      for (const type of [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/vnd.api+json",
      ])
        expect(await seen(typed(type, "[1]")), type).toEqual([1]);
      await expect(seen(typed("application/json", "{"))).rejects.toThrow(BadRequest);
    }));

  test("is a form, with lists for what comes more than once, and files", () =>
    runVirtual(async () => {
      expect(await seen(typed("application/x-www-form-urlencoded", "a=1&b=2&b=3"))).toEqual({
        a: "1",
        b: ["2", "3"],
      });
      const multipart =
        '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nhi\r\n--b--';
      const { f } = (await seen(typed("multipart/form-data; boundary=b", multipart))) as {
        f: Upload;
      };
      expect(f).toBeInstanceOf(Upload);
    }));

  test("is nothing where nothing was sent", () =>
    runVirtual(async () => {
      expect(await seen({})).toBe(undefined);
      expect(await seen({ body: "" })).toBe(undefined);
      expect((await issuesOf({ body: z.object({}) }))[0]?.path).toBe("body");
    }));

  test("is a 415 that says what would do, of any other type", () =>
    runVirtual(async () => {
      for (const type of [
        "text/plain",
        "application/jsonp",
        "application/xml",
        "multipart/mixed; boundary=b",
      ]) {
        const failing = seen(typed(type, "{}"));
        await expect(failing, type).rejects.toThrow(UnsupportedMediaType);
        await expect(failing).rejects.toMatchObject({
          headers: {
            accept: "application/json, application/x-www-form-urlencoded, multipart/form-data",
          },
        });
      }
      await expect(seen({ body: "{}" })).rejects.toThrow("but of no type");
    }));
});
