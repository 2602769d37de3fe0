/*
 * Bodies that are in memory: how each kind goes out, and what is refused.
 *
 * Over real sockets, so in real time.
 */
import { inspect } from "node:util";
import {
  ClientSession,
  fileBody,
  type Middleware,
  type RequestBody,
  type RequestOptions,
} from "ambit/http";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parsedForm, type Received, Receiver } from "./receiver.ts";

let receiver: Receiver;
beforeAll(async () => {
  receiver = await Receiver.start();
});
afterAll(() => receiver[Symbol.asyncDispose]());

/** The three headers that say what a body is, and the body as text. */
async function seen(options: RequestOptions): Promise<unknown[]> {
  const { headers, body } = await receiver.post(options);
  return [
    headers["content-type"],
    headers["content-length"],
    headers["transfer-encoding"],
    String(body),
  ];
}

describe("a body", () => {
  test("of text goes out as UTF-8, and says so", async () => {
    expect(await seen({ body: "grüße" })).toEqual([
      "text/plain;charset=UTF-8",
      "7",
      undefined,
      "grüße",
    ]);
  });

  test("of bytes goes out as it is, whatever its type of array", async () => {
    const bytes = Uint8Array.of(0, 1, 104, 105, 2);
    const view = new DataView(bytes.buffer, 2, 2);
    const expected = [undefined, "2", undefined, "hi"];
    expect(await seen({ body: bytes.subarray(2, 4) })).toEqual(expected);
    expect(await seen({ body: view })).toEqual(expected);
    expect(await seen({ body: bytes.slice(2, 4).buffer })).toEqual(expected);
    expect(await seen({ body: Buffer.from("hi") })).toEqual(expected);
    expect(await seen({ body: Uint16Array.of(0x6968) })).toEqual(expected);
    expect(await seen({ body: "hi", headers: { "Content-Type": "text/x" } })).toEqual([
      "text/x",
      "2",
      undefined,
      "hi",
    ]);
  });

  test("that is empty has the length 0", async () => {
    for (const body of ["", new Uint8Array(0), null, undefined]) {
      const [, length, encoding, text] = await seen(body === undefined ? {} : { body });
      expect([length, encoding, text]).toEqual(["0", undefined, ""]);
    }
  });

  test("of a Blob has its length and type", async () => {
    expect(await seen({ body: new Blob(["one ", "two"], { type: "text/x" }) })).toEqual([
      "text/x",
      "7",
      undefined,
      "one two",
    ]);
    expect((await seen({ body: new Blob(["x"]) }))[0]).toBeUndefined();
  });

  test("of URLSearchParams is a form", async () => {
    expect(await seen({ body: new URLSearchParams("a=1&b=x+y") })).toEqual([
      "application/x-www-form-urlencoded;charset=UTF-8",
      "9",
      undefined,
      "a=1&b=x+y",
    ]);
  });

  test("may be made by the caller's own class", async () => {
    const body: RequestBody = {
      length: 2,
      contentType: "text/own",
      replayable: true,
      open: () => "ok",
    };
    expect(await seen({ body })).toEqual(["text/own", "2", undefined, "ok"]);
  });

  test("goes out with any method, also with GET and DELETE", async () => {
    await using session = new ClientSession();
    for (const method of ["GET", "DELETE", "PUT", "PATCH", "PROPFIND"]) {
      await (await session.request(method, receiver.url, { body: "x" })).text();
      expect(receiver.received.at(-1)).toMatchObject({ method, body: Buffer.from("x") });
    }
  });

  test("is sent again when a redirect asks for that", async () => {
    const before = receiver.received.length;
    await receiver.post({ body: "twice" }, "/again");
    const bodies = receiver.received.slice(before).map(({ body }) => String(body));
    expect(bodies).toEqual(["twice", "twice"]);
  });
});

describe("json", () => {
  test("goes out as JSON, and says so", async () => {
    expect(await seen({ json: { name: "Åse", list: [1, null] } })).toEqual([
      "application/json",
      "31",
      undefined,
      '{"name":"Åse","list":[1,null]}',
    ]);
    expect((await seen({ json: null }))[3]).toBe("null");
    expect((await seen({ json: false }))[3]).toBe("false");
    expect((await seen({ json: undefined }))[3]).toBe("");
  });

  test("is written when the request is made", async () => {
    const value = { n: 1 };
    const sending = receiver.post({ json: value });
    value.n = 2;
    expect(String((await sending).body)).toBe('{"n":1}');
  });

  test("is written by the caller's function, if there is one", async () => {
    const jsonSerializer = (value: unknown): string =>
      JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item));
    expect((await seen({ json: { n: 1n }, jsonSerializer }))[3]).toBe('{"n":"1"}');
  });

  test("that JSON cannot hold is refused, with the place", async () => {
    const circle: Record<string, unknown> = { name: "c" };
    circle["self"] = [circle];
    const refused: [unknown, string][] = [
      [
        { users: [{ id: 1n }] },
        "Expected `options.json.users[0].id` to be a value that JSON has, got `1n` (bigint): send it as a string or a number",
      ],
      [
        { top: circle },
        "Expected `options.json.top.self[0]` to be a value that JSON has, got an object that contains itself",
      ],
      [
        () => 1,
        "Expected `options.json` to be a value that JSON has, got `[Function (anonymous)]`",
      ],
      [
        Symbol("s"),
        "Expected `options.json` to be a value that JSON has, got `Symbol(s)` (symbol)",
      ],
    ];
    for (const [json, words] of refused) {
      await expect(receiver.post({ json })).rejects.toThrow(TypeError);
      await expect(receiver.post({ json })).rejects.toThrow(words);
    }
    const failing = {
      toJSON: () => {
        throw new Error("no");
      },
    };
    await expect(receiver.post({ json: failing })).rejects.toThrow("no");
    const jsonSerializer = (() => 1) as unknown as () => string;
    await expect(receiver.post({ json: 1, jsonSerializer })).rejects.toThrow(
      "Expected `options.jsonSerializer` to be a function that returns a string, got `1` (number)",
    );
  });
});

describe("form", () => {
  test("takes objects, arrays in them, pairs and URLSearchParams, in their order", async () => {
    const text = async (form: NonNullable<RequestOptions["form"]>): Promise<unknown> =>
      (await seen({ form }))[3];
    expect(await text({ b: "x y", a: 1, c: [true, 2n], d: undefined })).toBe(
      "b=x+y&a=1&c=true&c=2",
    );
    expect(
      await text([
        ["a", 1],
        ["b", ""],
        ["a", "&"],
      ]),
    ).toBe("a=1&b=&a=%26");
    expect(await text(new URLSearchParams("a=1"))).toBe("a=1");
    expect(await text(new Map([["é", "ü"]]))).toBe("%C3%A9=%C3%BC");
    expect(await text({})).toBe("");
  });

  test("is read back as it was by WHATWG's own reader, whatever it holds", async () => {
    await using session = new ClientSession();
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    const forms = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(forms, async (form) => {
        await (await session.post(receiver.url, { form })).bytes();
        const received = receiver.received.at(-1) as Received;
        expect(String(received.body)).toBe(new URLSearchParams(form).toString());
        expect(await parsedForm(received)).toEqual(form);
      }),
      { numRuns: 60 },
    );
  });

  test("and params refuse what has no agreed way to be written", async () => {
    const refused: [unknown, string][] = [
      [
        { a: null },
        "`options.form.a` to be a string, a finite number or a boolean, got `null` (null)",
      ],
      [
        { a: [1, {}] },
        "`options.form.a[1]` to be a string, a finite number or a boolean, got `{}`",
      ],
      [
        { a: NaN },
        "`options.form.a` to be a string, a finite number or a boolean, got `NaN` (number)",
      ],
      [[["a"]], "`options.form` to be an iterable of pairs of a name and a value, got"],
      ["a=1", "`options.form` to be an object, pairs, or URLSearchParams, got `'a=1'` (string)"],
    ];
    for (const [form, words] of refused) {
      const options = { form } as RequestOptions;
      await expect(receiver.post(options)).rejects.toThrow(TypeError);
      await expect(receiver.post(options)).rejects.toThrow(words);
    }
    await expect(receiver.post({ params: { a: null as unknown as string } })).rejects.toThrow(
      "Expected `params.a` to be",
    );
  });
});

test("params take arrays, and keep their order behind the query of the URL", async () => {
  await using session = new ClientSession();
  const params = { z: ["2", 1], a: true };
  const response = await session.get(`${receiver.url}/?first=0`, { params });
  expect(response.url).toBe(`${receiver.url}/?first=0&z=2&z=1&a=true`);
  response.release();
});

describe("refused is", () => {
  const refused: [string, RequestOptions, string][] = [
    [
      "an object as a body",
      { body: { a: 1 } as unknown as string },
      "Expected `options.body` to be text, bytes, a Blob, a form, a stream or an async iterable, got `{ a: 1 }` (object): to send it as JSON or as a form, use the option `json` or `form`",
    ],
    [
      "a number as a body",
      { body: 5 as unknown as string },
      "Expected `options.body` to be text, bytes, a Blob, a form, a stream or an async iterable, got `5` (number)",
    ],
    [
      "a date as a body",
      { body: new Date(0) as unknown as string },
      "a stream or an async iterable, got `1970-01-01T00:00:00.000Z` (object)",
    ],
    [
      "more than one body",
      { json: 1, form: {} },
      "Expected one of `options.body`, `options.json` and `options.form`, got more",
    ],
    [
      "a wrong content-length",
      { body: "abc", headers: { "content-length": "4" } },
      "The headers say content-length 4, but the body has 3 bytes: leave out the header",
    ],
    [
      "a content-length without a body",
      { headers: { "content-length": "4" } },
      "The headers say content-length 4, but the body has 0 bytes: leave out the header",
    ],
    [
      "a content-length that is no number",
      { body: "abc", headers: { "content-length": "3 bytes" } },
      "Expected content-length to be a number of bytes, got `3 bytes`",
    ],
    [
      "a content-type that hides a multipart body",
      { body: new FormData(), headers: { "content-type": "multipart/form-data" } },
      "The headers say content-type multipart/form-data, but the body is multipart, and its boundary is not in there: leave out the header",
    ],
    [
      "compression of what the headers say is compressed",
      { body: "abc", compress: "gzip", headers: { "content-encoding": "gzip" } },
      "The headers have a content-encoding, and so has the body: leave out the header, or `compress`",
    ],
    [
      "an unknown compression",
      { body: "abc", compress: "lzma" as "gzip" },
      "Expected `options.compress` to be br, deflate, gzip",
    ],
    [
      "an onUpload that is no function",
      { body: "abc", onUpload: 1 as unknown as () => void },
      "Expected `options.onUpload` to be a function, got `1` (number)",
    ],
  ];
  test.each(refused)("%s", async (_, options, words) => {
    const before = receiver.received.length;
    await expect(receiver.post(options)).rejects.toThrow(words);
    expect(receiver.received.length).toBe(before);
  });

  test("never an own content-length that is right", async () => {
    expect((await seen({ body: "abc", headers: { "content-length": "3" } }))[1]).toBe("3");
    const body = fileBody(import.meta.filename ?? process.argv[1] ?? "", { end: 3 });
    expect((await seen({ body, headers: { "content-length": "3" } }))[1]).toBe("3");
  });
});

test("a body's secrets are in no error", async () => {
  const error: unknown = await receiver
    .post({ body: "my secret", headers: { "content-length": "4" } })
    .catch((thrown: unknown) => thrown);
  expect(inspect(error)).not.toContain("secret");
});

test("a body that a middleware puts in its place brings its headers", async () => {
  const middleware: Middleware = async (request, next) => {
    request.headers.delete("content-type");
    request.body = fileBody("package.json", { end: 3, contentType: "text/x" });
    return next(request);
  };
  const { headers } = await receiver.post({ body: "mine", middlewares: [middleware] });
  expect(headers).toMatchObject({ "content-type": "text/x", "content-length": "3" });
});
