/*
 * What a response says of itself, and the forms its body may be had in: text in any encoding, JSON,
 * a buffer, a Blob, a form.
 *
 * Over real sockets, so in real time.
 */
import { inspect } from "node:util";
import { ClientSession, ContentTypeError, type ClientResponse } from "ambit/http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Origin, until } from "./origin.ts";

let served: { headers: Record<string, string | string[]>; body: string | Uint8Array };
let origin: Origin;
let session: ClientSession;

beforeAll(async () => {
  origin = await Origin.start((request, answer) => {
    if (request.url === "/old") answer.writeHead(302, { location: "/new" }).end();
    else answer.writeHead(200, served.headers).end(served.body);
  });
});
afterAll(() => origin[Symbol.asyncDispose]());
beforeEach(() => {
  session = new ClientSession({ baseUrl: `${origin.url}/` });
});
afterEach(async () => {
  await until(() => session.statistics().open === 0);
  await session.close();
});

function get(
  body: string | Uint8Array,
  headers: Record<string, string | string[]> = {},
): Promise<ClientResponse> {
  served = { headers, body };
  return session.get("");
}

const LATIN = Buffer.from([0x63, 0x61, 0x66, 0xe9]);
const MARKED = Buffer.from("\ufeffcafé", "utf16le");

describe("text", () => {
  test("is in the encoding that the head names, by any of its labels", async () => {
    const response = await get(LATIN, { "content-type": 'text/plain; charset="Latin1"' });
    expect([response.charset, await response.text()]).toEqual(["windows-1252", "café"]);
    const japanese = Buffer.from([0x93, 0xfa, 0x96, 0x7b]);
    expect(await (await get(japanese, { "content-type": "a/b;charset=sjis" })).text()).toBe("日本");
  });

  test("is in the encoding of its byte order mark before all", async () => {
    const response = await get(MARKED, { "content-type": "text/plain; charset=latin1" });
    expect(await response.text()).toBe("café");
  });

  test("is UTF-8 when nobody says otherwise, or says what nobody knows", async () => {
    expect((await get("café")).charset).toBeNull();
    expect(await (await get("café")).text()).toBe("café");
    const odd = await get("café", { "content-type": "text/plain; charset=klingon" });
    expect([odd.charset, await odd.text()]).toEqual([null, "café"]);
  });

  test("is in the encoding that the caller says, before the head", async () => {
    const response = await get(LATIN, { "content-type": "text/plain; charset=utf-8" });
    expect(await response.text({ encoding: "latin1" })).toBe("café");
    expect(await response.text()).toBe("caf\ufffd");
    await expect(response.text({ encoding: "klingon" })).rejects.toThrow(
      "Expected `options.encoding` to be an encoding that TextDecoder knows, got `klingon`",
    );
  });

  test("falls back on the session's encoding, or the request's", async () => {
    await using other = new ClientSession({ fallbackCharset: "ISO-8859-1" });
    served = { headers: {}, body: LATIN };
    expect(await (await other.get(origin.url)).text()).toBe("café");
    expect(await (await other.get(origin.url, { fallbackCharset: "utf-8" })).text()).toBe(
      "caf\ufffd",
    );
    expect(() => new ClientSession({ fallbackCharset: "klingon" })).toThrow(RangeError);
    expect(() => new ClientSession({ fallbackCharset: 1 as never })).toThrow(TypeError);
  });

  test("falls back on what a function makes of the body", async () => {
    const asked: unknown[] = [];
    await using other = new ClientSession({
      fallbackCharset: (body, contentType) => {
        asked.push([body.length, contentType?.type]);
        return body.length === 4 ? "latin1" : null;
      },
    });
    served = { headers: { "content-type": "text/html" }, body: LATIN };
    expect(await (await other.get(origin.url)).text()).toBe("café");
    served = { headers: {}, body: "naïve" };
    expect(await (await other.get(origin.url)).text()).toBe("naïve");
    expect(asked).toEqual([
      [4, "text/html"],
      [6, undefined],
    ]);
  });
});

describe("JSON", () => {
  test("is UTF-8 unless the head or a mark says otherwise, whatever text falls back on", async () => {
    await using other = new ClientSession({ fallbackCharset: "latin1" });
    served = { headers: { "content-type": "application/json" }, body: '"é"' };
    expect(await (await other.get(origin.url)).json()).toBe("é");
    const latin = await get(Buffer.from([34, 0xe9, 34]), { "content-type": "a/b; charset=latin1" });
    expect(await latin.json()).toBe("é");
    expect(await (await get(Buffer.from('\ufeff"é"', "utf16le"))).json()).toBe("é");
    expect(await (await get(Buffer.from([34, 0xe9, 34]))).json({ encoding: "latin1" })).toBe("é");
  });

  test("is of the type that the caller expects, or an error that has the status", async () => {
    const expected = { contentType: "application/json" };
    const json = { "content-type": "application/json;x=y" };
    expect(await (await get("1", json)).json(expected)).toBe(1);
    expect(await (await get("1", { "content-type": "application/ld+json" })).json(expected)).toBe(
      1,
    );
    const html = await get("<p>", { "content-type": "text/html" });
    const error: unknown = await html.json(expected).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ContentTypeError);
    expect(String(error)).toBe(
      `ContentTypeError: GET ${origin.url}/: \`text/html\` came, not \`application/json\``,
    );
    await expect((await get("1")).json({ contentType: "text/html" })).rejects.toThrow(
      "`` came, not `text/html`",
    );
  });
});

describe("the body", () => {
  test("is had as a buffer of its own", async () => {
    const response = await get("hello");
    const buffer = await response.arrayBuffer();
    expect([buffer.byteLength, Buffer.from(buffer).toString()]).toEqual([5, "hello"]);
    expect(buffer).toBeInstanceOf(ArrayBuffer);
    expect(await response.arrayBuffer()).not.toBe(buffer);
  });

  test("is had as a Blob of its type", async () => {
    const blob = await (await get("hello", { "content-type": "text/plain" })).blob();
    expect([blob.type, await blob.text()]).toEqual(["text/plain", "hello"]);
  });

  test("is had as a form", async () => {
    const form = await (
      await get("a=1&b=%C3%A9", { "content-type": "application/x-www-form-urlencoded" })
    ).formData();
    expect([...form]).toEqual([
      ["a", "1"],
      ["b", "é"],
    ]);
    const parts =
      '--x\r\ncontent-disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhi\r\n--x--\r\n';
    const multipart = await get(parts, { "content-type": "multipart/form-data; boundary=x" });
    const file = (await multipart.formData()).get("f") as File;
    expect([file.name, await file.text()]).toEqual(["a.txt", "hi"]);
    await expect((await get("x", { "content-type": "text/plain" })).formData()).rejects.toThrow(
      TypeError,
    );
  });

  test("tells whether it was used", async () => {
    const whole = await get("x");
    expect(whole.bodyUsed).toBe(false);
    await whole.bytes();
    expect(whole.bodyUsed).toBe(true);
    const chunks = await get("x");
    expect([chunks.body, chunks.bodyUsed][1]).toBe(false);
    await chunks.body.next();
    expect(chunks.bodyUsed).toBe(true);
    const lines = await get("x");
    await lines.reader.readline();
    expect(lines.bodyUsed).toBe(true);
  });
});

describe("the head", () => {
  test("tells type, disposition and links", async () => {
    const response = await get("", {
      "content-type": "text/html; charset=UTF-8",
      "content-disposition": "attachment; filename*=UTF-8''na%C3%AFve.html",
      link: ["<?page=2>; rel=next", "</>; rel=first"],
    });
    expect(response.contentType).toEqual({ type: "text/html", parameters: { charset: "UTF-8" } });
    expect(response.contentDisposition?.filename).toBe("naïve.html");
    expect(response.links.get("next")?.url).toBe(`${origin.url}/?page=2`);
    expect(response.links.get("first")?.url).toBe(`${origin.url}/`);
    const bare = await get("");
    expect([bare.contentType, bare.contentDisposition, bare.links.size]).toEqual([null, null, 0]);
  });

  test("tells the cookies that it sets, and prints none", async () => {
    const response = await get("", {
      "set-cookie": ["a=secret; Path=/x; Secure", "b=2; domain=other.org"],
    });
    expect(response.cookies).toMatchObject([
      { name: "a", value: "secret", path: "/x", secure: true },
    ]);
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect(inspect(response.headers)).not.toContain("secret");
    expect(inspect(response.headers)).toContain("'set-cookie': '***'");
    expect((await get("")).cookies).toEqual([]);
  });

  test("has its headers as they came, too", async () => {
    const response = await get("x", { "X-One": "1", "x-TWO": ["2", "3"] });
    expect(response.rawHeaders.slice(0, 3)).toEqual([
      ["X-One", "1"],
      ["x-TWO", "2"],
      ["x-TWO", "3"],
    ]);
  });

  test("has what was sent, and prints no secrets of it", async () => {
    served = { headers: {}, body: "" };
    const headers = { authorization: "Bearer secret", "x-id": "7", cookie: "a=secret" };
    const { requestHeaders } = await session.get("", { headers });
    expect(requestHeaders.get("authorization")).toBe("Bearer secret");
    expect(requestHeaders.get("x-id")).toBe("7");
    expect(inspect(requestHeaders)).not.toContain("secret");
    expect(inspect({ requestHeaders })).toContain("'x-id': '7'");
  });

  test("tells of the redirects that led to it", async () => {
    served = { headers: {}, body: "here" };
    const response = await session.get("old");
    expect([response.redirected, response.url, await response.text()]).toEqual([
      true,
      `${origin.url}/new`,
      "here",
    ]);
    expect(response.history.map(({ status }) => status)).toEqual([302]);
    expect(response.requestHeaders.get("accept-encoding")).toContain("gzip");
    expect((await get("")).redirected).toBe(false);
  });

  test("tells the version of HTTP where it is known", async () => {
    const { httpVersion } = await get("");
    expect([null, "1.1"]).toContain(httpVersion);
  });
});
