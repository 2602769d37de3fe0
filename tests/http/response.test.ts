/*
 * ClientResponse: the head, the ways to read the body, back-pressure, and who gives the connection
 * back.
 *
 * Over real sockets, so in real time.
 */
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createTask, sleep } from "ambit";
import { ClientResponseError, ClientSession } from "ambit/http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hangs, Origin, until } from "./origin.ts";

const MB = 1024 * 1024;

/** A body in which every byte tells its place. */
function pattern(length: number): Buffer {
  const body = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) body.writeUInt32LE(i, i);
  return body;
}

let written = 0;
let origin: Origin;
let session: ClientSession;

beforeAll(async () => {
  origin = await Origin.start((request, answer) => {
    const [, what = "", size = "0"] = request.url?.split(/[/?]/) ?? [];
    if (what === "bytes") answer.end(pattern(Number(size)));
    else if (what === "chunks") void sendChunks(answer, Number(size));
    else if (what === "flood") flood(answer, Number(size));
    else if (what === "text") answer.end(Buffer.from(decodeURIComponent(size)));
    else if (what === "bom") answer.end(Buffer.from("\ufeffmarked"));
    else if (what === "empty") answer.writeHead(204).end();
    else if (what === "odd")
      answer
        .writeHead(
          299,
          "Odd",
          [
            ["X-A", "1"],
            ["x-a", "2"],
            ["Set-Cookie", "a=1"],
            ["Set-Cookie", "b=2"],
          ].flat(),
        )
        .end();
    else hangs(request, answer);
  });
});
afterAll(() => origin[Symbol.asyncDispose]());
beforeEach(() => {
  session = new ClientSession({ baseUrl: `${origin.url}/`, limit: 1 });
});
afterEach(() => session.close());

async function sendChunks(
  answer: import("node:http").ServerResponse,
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    answer.write(`chunk ${i};`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  answer.end();
}

/** Writes as fast as the client takes it. */
function flood(answer: import("node:http").ServerResponse, size: number): void {
  const chunk = pattern(64 * 1024);
  written = 0;
  const more = (): void => {
    while (written < size && !answer.destroyed) {
      written += chunk.length;
      if (!answer.write(chunk)) return;
    }
    if (written >= size) answer.end();
  };
  answer.on("drain", more);
  more();
}

/**
 * One connection is all that the session may have: a second request shows that it was given back.
 */
async function expectConnectionFree(): Promise<void> {
  expect(session.statistics()).toMatchObject({ open: 0, queued: 0 });
  expect(await (await session.get("text/free")).text()).toBe("free");
}

describe("the head", () => {
  test("is there as WHATWG has it", async () => {
    const response = await session.get("odd?token=1");
    expect(response).toMatchObject({ status: 299, statusText: "Odd", ok: true, method: "GET" });
    expect(response.url).toBe(`${origin.url}/odd?token=1`);
    expect(response.headers).toBeInstanceOf(Headers);
    expect(response.headers.get("x-a")).toBe("1, 2");
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers).toBe(response.headers);
    expect(inspect(response)).toBe(`<ClientResponse GET ${origin.url}/odd?token=*** 299 Odd>`);
  });

  test("is ok from 200 to 299", async () => {
    expect((await session.get("empty")).ok).toBe(true);
    await using strange = await Origin.start((_, answer) => answer.writeHead(304).end());
    expect((await session.get(strange.url)).ok).toBe(false);
  });

  test("of an informational answer is passed over", async () => {
    await using early = await Origin.start((_, answer) => {
      answer.writeEarlyHints({ link: "</style.css>; rel=preload" });
      answer.end("final");
    });
    const response = await session.get(early.url);
    expect([response.status, await response.text()]).toEqual([200, "final"]);
  });
});

describe("the body", () => {
  test("comes as bytes, text and JSON, again and again", async () => {
    const response = await session.get("text/%7B%22a%22:%5B1,%22%C3%A9%22%5D%7D");
    expect(await response.json()).toEqual({ a: [1, "é"] });
    expect(await response.text()).toBe('{"a":[1,"é"]}');
    expect(await response.bytes()).toEqual(new Uint8Array(Buffer.from('{"a":[1,"é"]}')));
    expect(await response.bytes()).toBe(await response.bytes());
  });

  test("of one chunk is not copied, and is a plain Uint8Array", async () => {
    const bytes = await (await session.get("bytes/1000")).bytes();
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes).toHaveLength(1000);
    // A copy would have a buffer of its own size; this is a view of what the socket read, the head
    // included.
    expect(bytes.byteOffset).toBeGreaterThan(0);
  });

  test.each([0, 1, 65_536, 3 * MB])("of %i bytes comes whole", async (size) => {
    const bytes = await (await session.get(`bytes/${size}`)).bytes();
    expect(Buffer.compare(bytes, pattern(size))).toBe(0);
    await expectConnectionFree();
  });

  test("of no length comes whole", async () => {
    expect(await (await session.get("chunks/3")).text()).toBe("chunk 0;chunk 1;chunk 2;");
    await expectConnectionFree();
  });

  test("that there is none of is empty", async () => {
    const response = await session.get("empty");
    expect([response.status, await response.text()]).toEqual([204, ""]);
    const head = await session.request("HEAD", "odd");
    expect([head.status, (await head.bytes()).length]).toEqual([299, 0]);
    for await (const chunk of (await session.get("empty")).body) expect(chunk).toBe("none");
  });

  test("as text loses its byte order mark, and what is no UTF-8 is replaced", async () => {
    expect(await (await session.get("bom")).text()).toBe("marked");
    await using odd = await Origin.start((_, answer) => answer.end(Buffer.from([0x61, 0xff])));
    expect(await (await session.get(odd.url)).text()).toBe("a\ufffd");
  });

  test("that is no JSON says whose it was", async () => {
    const work = session.get("text/oops?key=1").then((response) => response.json());
    await expect(work).rejects.toThrow(SyntaxError);
    await expect(work).rejects.toThrow(
      `json on <ClientResponse GET ${origin.url}/text/oops?key=*** 200 OK>: `,
    );
  });

  test("comes chunk by chunk as the server sends it", async () => {
    const response = await session.get("chunks/4");
    const chunks: string[] = [];
    for await (const chunk of response.body) {
      expect(chunk.constructor).toBe(Uint8Array);
      chunks.push(Buffer.from(chunk).toString());
    }
    expect(chunks).toEqual(["chunk 0;", "chunk 1;", "chunk 2;", "chunk 3;"]);
    await expectConnectionFree();
  });

  test("that was read one way cannot be read another way", async () => {
    const streamed = await session.get("chunks/2");
    for await (const _ of streamed.body);
    await expect(streamed.bytes()).rejects.toThrow(
      `read on <http GET ${origin.url}/chunks/2 200>: the body was read in another way`,
    );
    const whole = await session.get("chunks/2");
    await whole.bytes();
    await expect(whole.body.next()).rejects.toThrow("the body was read in another way");
  });

  test("has one reader at a time", async () => {
    const response = await session.get("chunks/2");
    const text = response.text();
    await expect(response.bytes()).rejects.toThrow("somebody else is reading the body");
    expect(await text).toBe("chunk 0;chunk 1;");
  });

  test("that is not read holds the server up", async () => {
    const response = await session.get(`flood/${64 * MB}`);
    let before = -1;
    // What the two kernels buffer is taken at first; then nothing more is.
    while (written > before) {
      before = written;
      await sleep(25);
    }
    expect(written).toBeLessThan(32 * MB);
    response.release();
    await until(() => origin.open === 0);
  });

  test("that is read slowly comes whole and in order", async () => {
    const response = await session.get(`flood/${2 * MB}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) {
      if (chunks.push(chunk) % 8 === 0) await sleep(1);
    }
    const expected = Buffer.concat(Array.from({ length: 32 }, () => pattern(64 * 1024)));
    expect(Buffer.compare(Buffer.concat(chunks), expected)).toBe(0);
    await expectConnectionFree();
  });

  test("that was held up comes whole when it is asked for", async () => {
    const response = await session.get(`flood/${4 * MB}`);
    await sleep(10);
    expect((await response.bytes()).length).toBe(4 * MB);
    await expectConnectionFree();
  });
});

describe("the connection is given back", () => {
  test("by a small body that nobody reads", async () => {
    const response = await session.get("bytes/5000");
    await until(() => session.statistics().open === 0);
    const { connections } = origin;
    await expectConnectionFree();
    expect(origin.connections).toBe(connections);
    expect((await response.bytes()).length).toBe(5000);
  });

  test("by release, which drops a body that has not come", async () => {
    const response = await session.get("half");
    expect(session.statistics().open).toBe(1);
    response.release();
    response.release();
    await expectConnectionFree();
    await expect(response.bytes()).rejects.toThrow(
      `read on <http GET ${origin.url}/half 200>: the response was released`,
    );
    await expect(response.body.next()).rejects.toThrow("the response was released");
  });

  test("by release, which leaves a body that was read", async () => {
    const response = await session.get("text/kept");
    await response.text();
    response.release();
    expect(await response.text()).toBe("kept");
  });

  test("at the end of the block that uses the response", async () => {
    {
      using response = await session.get("half");
      expect(response.status).toBe(200);
    }
    await expectConnectionFree();
    {
      await using response = await session.get("half");
      expect(response.status).toBe(200);
    }
    await expectConnectionFree();
  });

  test("by leaving a loop over the body early", async () => {
    for await (const _ of (await session.get("half")).body) break;
    await expectConnectionFree();
    {
      await using body = (await session.get("half")).body;
      await body.next();
    }
    await expectConnectionFree();
    const { body } = await session.get("half");
    expect(await body.return()).toEqual({ done: true, value: undefined });
    await expectConnectionFree();
  });

  test("by raiseForStatus", async () => {
    await using bad = await Origin.start((_, answer) => void answer.writeHead(503).write("x"));
    const response = await session.get(bad.url);
    expect(session.statistics().open).toBe(1);
    expect(() => response.raiseForStatus()).toThrow(ClientResponseError);
    await expectConnectionFree();
    const good = await session.get("text/good");
    good.raiseForStatus();
    expect(await good.text()).toBe("good");
  });

  test("exactly once, whoever gives it back", async () => {
    for (let i = 0; i < 3; i++) {
      const response = await session.get("half");
      const task = createTask(() => response.text(), { eager: true });
      task.cancel();
      response.release();
      await session.get("text/x").then((other) => other.release());
      response.release();
      await task.then(null, () => undefined);
    }
    const paths = Array.from({ length: 4 }, (_, index) => session.get(`chunks/${index}`));
    expect(session.statistics()).toMatchObject({ open: 1, queued: 3 });
    for (const path of paths) await (await path).text();
    await expectConnectionFree();
  });

  test("when a response that nobody has any more is collected", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    await session.get("half").then((response) => response.status);
    expect(session.statistics().open).toBe(1);
    await until(() => {
      collect();
      return session.statistics().open === 0;
    });
    await expectConnectionFree();
  });

  test("not while somebody reads, although nobody has the response", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const text = session.get("chunks/5").then((response) => response.bytes());
    const { body } = await new ClientSession({ baseUrl: `${origin.url}/` }).get("chunks/5");
    let chunks = 0;
    for await (const _ of body) {
      collect();
      await sleep(1);
      chunks++;
    }
    expect(chunks).toBe(5);
    expect((await text).length).toBe(40);
  });
});
