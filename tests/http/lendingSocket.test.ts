/*
 * Connections that are read into one buffer: what comes over one is never found in what came over
 * another, or before.
 *
 * Over real sockets, so in real time: it is their reads that write over what the last ones brought.
 */
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { sleep } from "ambit";
import { type ClientResponse, ClientSession } from "ambit/http";
import { describe, expect, test } from "vitest";
import type { BodySink } from "../../src/http/bodySink.ts";
import { noise, sha256 } from "../download/site.ts";
import { Origin, RawOrigin, until } from "./origin.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a path has, whose end is its size: the same each time, and not the same as another's. */
const made = new Map<string, Buffer>();
function bodyOf(path: string): Buffer {
  const [name, size] = path.slice(1).split("/");
  let body = made.get(path);
  if (body === undefined) made.set(path, (body = noise(Number(size), 7 * Number(name) + 1)));
  return body;
}

function headersOf(path: string): [string, string][] {
  return Array.from({ length: 20 }, (_, i) => [`X-${i}`, `${path} `.repeat(i + 1).trim()]);
}

/** A server of such paths; those in `/chunked` say no length. */
function start(): Promise<Origin> {
  return Origin.start((request, answer) => {
    const chunked = request.url?.startsWith("/chunked") === true;
    const path = (request.url as string).replace("/chunked", "");
    const body = bodyOf(path);
    for (const [name, value] of headersOf(path)) answer.setHeader(name, value);
    if (!chunked) answer.setHeader("content-length", body.length);
    answer.end(body);
  });
}

/** Takes all, in the call. */
function hashing(): BodySink & { digest: () => string } {
  const hash = createHash("sha256");
  return {
    push: (chunk) => {
      hash.update(chunk);
      return false;
    },
    drain: async () => true,
    digest: () => hash.digest("hex"),
  };
}

async function pour(session: ClientSession, url: string): Promise<string> {
  const sink = hashing();
  await (await session.get(url)).pour(sink);
  return sink.digest();
}

function expectHeaders(response: ClientResponse, path: string): void {
  const expected = headersOf(path);
  const raw = new Map(response.rawHeaders.map(([name, value]) => [name, value]));
  for (const [name, value] of expected) {
    expect(response.headers.get(name)).toBe(value);
    expect(raw.get(name)).toBe(value);
  }
}

describe("what came before stays as it was", () => {
  test("bodies, heads and texts of many connections, while others bring other things", async () => {
    await using origin = await start();
    await using session = new ClientSession({ limit: 20 });
    const sizes = [1, 100, 1000, 4000, 9000, 30_000, 60_000, 65_000, 120_000, 200_000];
    const paths = sizes.map((size, index) => `/${index}/${size}`);
    const get = (path: string): Promise<ClientResponse> => session.get(origin.url + path);
    const kept = await Promise.all(
      paths.map(async (path) => ({ path, bytes: await (await get(path)).bytes() })),
    );
    const chunks = await Promise.all(
      paths.map(async (path) => {
        const parts: Uint8Array[] = [];
        for await (const chunk of (await get(`/chunked${path}`)).body) parts.push(chunk);
        return { path, parts };
      }),
    );
    // These have come, or begun to, and nobody has looked at them yet.
    const unread = await Promise.all(
      paths.map(async (path) => ({ path, response: await get(path) })),
    );
    const big = "/77/3000000";
    for (let round = 0; round < 3; round++) {
      const ends = await Promise.all([
        ...Array.from({ length: 4 }, () => pour(session, origin.url + big)),
        ...Array.from({ length: 3 }, async () => sha256(await (await get(big)).bytes())),
      ]);
      expect(new Set(ends)).toEqual(new Set([sha256(bodyOf(big))]));
    }
    for (const { path, bytes } of kept) expect(bodyOf(path).equals(bytes)).toBe(true);
    for (const { path, parts } of chunks)
      expect(Buffer.concat(parts).equals(bodyOf(path))).toBe(true);
    for (const { path, response } of unread) {
      expectHeaders(response, path);
      expect(bodyOf(path).equals(await response.bytes())).toBe(true);
      expect(await response.text()).toBe(new TextDecoder().decode(bodyOf(path)));
    }
  });

  test("the chunks that a slow reader keeps, while others' bodies are lent", async () => {
    await using origin = await start();
    await using session = new ClientSession();
    const path = "/5/2000000";
    const read = async (prefix: string): Promise<void> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of (await session.get(origin.url + prefix + path)).body) {
        chunks.push(chunk);
        await (chunks.length % 5 === 0 ? sleep(1) : turn());
      }
      expect(Buffer.concat(chunks).equals(bodyOf(path))).toBe(true);
    };
    const readers = { open: 3 };
    const others = (async () => {
      const other = "/1/1000000";
      const ends = new Set<string>();
      while (readers.open > 0) ends.add(await pour(session, origin.url + other));
      return [...ends].map((end) => end === sha256(bodyOf(other)));
    })();
    await Promise.all(
      ["", "", "/chunked"].map((prefix) => read(prefix).finally(() => readers.open--)),
    );
    expect(await others).toEqual([true]);
  });
});

describe("a connection whose chunks were lent", () => {
  test("serves the next request as any other, and nothing of that is lent", async () => {
    await using origin = await start();
    await using session = new ClientSession({ limit: 1 });
    const kept: { path: string; response: ClientResponse; bytes: Uint8Array }[] = [];
    for (let i = 0; i < 20; i++) {
      const big = `/${i}/${700_000 + i}`;
      expect(await pour(session, origin.url + big)).toBe(sha256(bodyOf(big)));
      const path = `/${i}/${i * 9000}`;
      const response = await session.get(origin.url + path);
      kept.push({ path, response, bytes: await response.bytes() });
    }
    for (const { path, response, bytes } of kept) {
      expectHeaders(response, path);
      expect(bodyOf(path).equals(bytes)).toBe(true);
    }
    expect(origin.connections).toBe(1);
  });

  test("gives a request that waits for its turn what is its own", async () => {
    await using origin = await start();
    await using session = new ClientSession({ limit: 1 });
    const ways = {
      poured: (path: string) => pour(session, origin.url + path),
      kept: async (path: string) => {
        const response = await session.get(origin.url + path);
        const bytes = await response.bytes();
        await sleep(20);
        expectHeaders(response, path);
        return sha256(bytes);
      },
    };
    const paths = Array.from({ length: 12 }, (_, i) => `/${i}/${[500_000, 20_000][i % 2]}`);
    const ends = paths.map((path, i) => ways[i % 2 === 0 ? "poured" : "kept"](path));
    expect(await Promise.all(ends)).toEqual(paths.map((path) => sha256(bodyOf(path))));
    expect(origin.connections).toBe(1);
  });
});

describe("two bodies that are poured at the same time", () => {
  test.each([
    ["into sinks that take all", async () => undefined, false],
    ["into sinks that are always full", turn, true],
  ])("do not mix %s, turn by turn", async (_, pause, full) => {
    const answers = new Map<string, ServerResponse>();
    await using origin = await Origin.start((request, answer) => {
      answer.writeHead(200, { "content-length": 3_000_000 });
      answer.flushHeaders();
      answers.set(request.url as string, answer);
    });
    await using session = new ClientSession();
    const paths = ["/1/3000000", "/2/3000000", "/3/3000000"];
    const digests = Promise.all(
      paths.map(async (path) => {
        const sink = hashing();
        const push = (chunk: Uint8Array): boolean => sink.push(chunk) || full;
        const drain = async (): Promise<boolean> => {
          await pause();
          return true;
        };
        await (await session.get(origin.url + path)).pour({ push, drain });
        return sink.digest();
      }),
    );
    await until(() => answers.size === 3);
    for (let at = 0; at < 3_000_000; at += 30_000) {
      for (const path of paths) answers.get(path)?.write(bodyOf(path).subarray(at, at + 30_000));
      await turn();
    }
    for (const answer of answers.values()) answer.end();
    expect(await digests).toEqual(paths.map((path) => sha256(bodyOf(path))));
    expect(origin.connections).toBe(3);
  });
});

describe("a slow reader gets all, in order", () => {
  const BODY = noise(1_500_000, 9);
  const heads = {
    "whose length is known": `content-length: ${BODY.length}\r\n\r\n`,
    "that ends with the connection": "connection: close\r\n\r\n",
  };
  test.each(Object.entries(heads))("of a body %s", async (_, head) => {
    await using origin = await RawOrigin.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}`);
      socket.end(BODY);
    });
    await using session = new ClientSession();
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await session.get(origin.url)).body) {
      chunks.push(chunk);
      await (chunks.length < 10 ? sleep(5) : turn());
    }
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });

  /** The chunk at which the reading stops is the last, and the next thing to come is the end. */
  test.each([
    ["that ends with the connection", "connection: close\r\n\r\n"],
    ["whose server closes", "connection: close\r\ncontent-length: 140000\r\n\r\n"],
    ["whose server closes, and does not say so", "content-length: 140000\r\n\r\n"],
  ])("of a body %s while it reads nothing", async (_, head) => {
    const body = BODY.subarray(0, 140_000);
    const closed = { is: false };
    await using origin = await RawOrigin.start((socket) => {
      socket.setNoDelay(true).write(`HTTP/1.1 200 OK\r\n${head}`);
      const send = (at: number): void => {
        if (at === body.length) socket.end(() => (closed.is = true));
        else socket.write(body.subarray(at, at + 10_000), () => setTimeout(send, 5, at + 10_000));
      };
      send(0);
    });
    await using session = new ClientSession();
    const response = await session.get(origin.url);
    await until(() => closed.is);
    await sleep(20);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
  });

  test("of one that it begins to read when all has come", async () => {
    await using origin = await RawOrigin.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n`);
      socket.end(BODY);
    });
    await using session = new ClientSession();
    const response = await session.get(origin.url);
    await sleep(100);
    expect(BODY.equals(await response.bytes())).toBe(true);
  });
});

test("a server that answers before it is asked, and closes, keeps nobody waiting", async () => {
  await using origin = await RawOrigin.accept((socket) => {
    socket.end("HTTP/1.1 503 Busy\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy");
  });
  await using session = new ClientSession({ timeout: 5000 });
  for (let i = 0; i < 20; i++) {
    const end = await session.get(origin.url).then(
      async (response) => `${response.status} ${await response.text()}`,
      (error: unknown) => (error as Error).name,
    );
    expect(["503 busy", "ClientConnectionError", "ServerDisconnectedError"]).toContain(end);
  }
});
