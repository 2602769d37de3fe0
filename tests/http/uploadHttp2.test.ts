/*
 * Bodies over HTTP/2: what arrives, and that one which fails takes no other request with it.
 *
 * Over real sockets, so in real time.
 */
import { sleep } from "ambit";
import { ClientSession, fileBody, Multipart, RequestBodyError, streamBody } from "ambit/http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "./origin.ts";
import { SecureOrigin } from "./secureOrigin.ts";

let origin: SecureOrigin;
let session: ClientSession;
const received: string[] = [];
let cut = 0;

beforeEach(async () => {
  received.length = 0;
  cut = 0;
  origin = await SecureOrigin.start((request, answer) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("aborted", () => cut++);
    request.on("end", () => {
      if (request.aborted || request.stream.rstCode !== 0) return;
      received.push(String(Buffer.concat(chunks)));
      answer.end(`${request.httpVersion} ${request.headers["content-length"] ?? "unknown"}`);
    });
  });
  session = new ClientSession({
    connector: { http2: true, tls: { rejectUnauthorized: false } },
  });
});
afterEach(async () => {
  await session.close();
  await origin[Symbol.asyncDispose]();
});

async function* slowly(...chunks: string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await sleep(2, chunk);
}

describe("over HTTP/2", () => {
  test("every kind of body arrives, with its length where that is known", async () => {
    const send = async (options: object): Promise<string> =>
      (await session.post(origin.url, options)).text();
    expect(await send({ json: [1] })).toBe("2.0 3");
    expect(await send({ body: slowly("a", "b") })).toBe("2.0 unknown");
    expect(await send({ body: streamBody(slowly("a", "b"), { length: 2 }) })).toBe("2.0 2");
    expect(await send({ body: fileBody("package.json", { end: 2 }) })).toBe("2.0 2");
    const form = new Multipart({ boundary: "b" }).field("a", "1");
    expect(await send({ body: form })).toBe(`2.0 ${form.length}`);
    expect(received.slice(0, 3)).toEqual(["[1]", "ab", "ab"]);
    expect(origin.connections).toBe(1);
  });

  test.each([
    ["throws", () => failing(), "its body failed"],
    [
      "is too short",
      () => streamBody(slowly("ab"), { length: 9 }),
      "its body ended after 2 of 9 bytes",
    ],
    [
      "is too long",
      () => streamBody(slowly("ab", "c"), { length: 2 }),
      "its body is longer than the 2 bytes",
    ],
  ])("a body that %s resets its stream, and no other request is harmed", async (_, body, words) => {
    const other = session.post(origin.url, { body: slowly("x", "y", "z", "x", "y", "z") });
    const error: unknown = await session
      .post(origin.url, { body: body() })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestBodyError);
    expect(String(error)).toContain(words);
    expect(await (await other).text()).toBe("2.0 unknown");
    await until(() => cut === 1);
    expect(received).toEqual(["xyzxyz"]);
    expect(origin.connections).toBe(1);
    expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  });
});

async function* failing(): AsyncGenerator<string> {
  yield await sleep(2, "a");
  throw new RangeError("of its own");
}
