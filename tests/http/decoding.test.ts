/*
 * Bodies that come compressed: every coding, in one piece and in many, broken, cut, too large; and
 * that no decoder is left open, however its body ends.
 *
 * Over real sockets, so in real time.
 */
import type { Transform } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import zlib from "node:zlib";
import { createTask, moveOnAfter, sleep } from "ambit";
import {
  BodyTooLargeError,
  ClientPayloadError,
  ClientSession,
  ContentDecodingError,
  type RequestOptions,
} from "ambit/http";
import { cancelEverywhere } from "ambit/testing";
import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Coding, codingsOf } from "../../src/http/codings.ts";
import { DecodedBody } from "../../src/http/decodedBody.ts";
import { Origin, until } from "./origin.ts";

type Encode = (data: Uint8Array) => Buffer;

const { zstdCompressSync, zstdDecompressSync } = zlib as unknown as Record<string, Encode>;

/** What this Node compresses zstd with, if it also notices a body that was cut. */
const zstd = ((): Encode | undefined => {
  try {
    zstdDecompressSync?.(Buffer.of(0x28, 0xb5, 0x2f, 0xfd));
    return undefined;
  } catch {
    return zstdCompressSync;
  }
})();

/** Each coding, with what its body is called in the head. */
const ENCODERS: [name: string, encode: Encode][] = [
  ["gzip", (data) => zlib.gzipSync(data)],
  ["x-gzip", (data) => zlib.gzipSync(data)],
  ["deflate", (data) => zlib.deflateSync(data)],
  ["Deflate", (data) => zlib.deflateRawSync(data)],
  [
    "br",
    (data) =>
      zlib.brotliCompressSync(data, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }),
  ],
  ...(zstd === undefined ? [] : [["zstd", zstd] as [string, Encode]]),
];

/** Text that is as long as asked for, and does not shrink too well. */
function prose(length: number): Buffer {
  let text = "";
  for (let i = 0; text.length < length; i++) text += `line ${i} of ${(i * 7919) % 65_537}\n`;
  return Buffer.from(text.slice(0, length));
}

interface Served {
  readonly encoding: string;
  readonly body: Uint8Array;
  /** Sent in pieces of so many bytes, without a length. */
  readonly piece?: number;
  readonly status?: number;
  /** The connection is cut at the end. */
  readonly cut?: boolean;
  /** The last byte is kept back. */
  readonly hold?: boolean;
}

let served: Served;
let origin: Origin;
let session: ClientSession;
/** Every streaming decoder that was opened. */
let decoders: Transform[] = [];
/** What all of Node's decoders inherit from; what they are made by cannot be replaced. */
const METHOD = "_transform";
let base = zlib.BrotliDecompress.prototype as object as Pick<Transform, typeof METHOD>;
while (!Object.hasOwn(base, METHOD)) base = Object.getPrototypeOf(base) as typeof base;
const transform = base[METHOD];

function watchDecoders(): void {
  base[METHOD] = function (this: Transform, ...args) {
    if (!decoders.includes(this)) decoders.push(this);
    return transform.apply(this, args);
  };
}

beforeAll(async () => {
  watchDecoders();
  origin = await Origin.start((_, answer) => {
    const { encoding, body, piece, status = 200, cut = false, hold = false } = served;
    answer.writeHead(status, {
      "content-encoding": encoding,
      ...(piece === undefined && !hold ? { "content-length": body.length } : {}),
    });
    if (hold) return void answer.write(body.subarray(0, -1));
    if (piece === undefined) return void answer.end(body);
    for (let at = 0; at < body.length; at += piece) answer.write(body.subarray(at, at + piece));
    // What was written is on its way first.
    if (cut) setTimeout(() => answer.destroy(), 20);
    else answer.end();
  });
});
afterAll(async () => {
  base[METHOD] = transform;
  await origin[Symbol.asyncDispose]();
});
beforeEach(() => {
  decoders = [];
  session = new ClientSession({ baseUrl: `${origin.url}/`, limit: 1 });
});
afterEach(async () => {
  await until(() => decoders.every((decoder) => decoder.destroyed));
  await until(() => session.statistics().open === 0);
  await session.close();
});

function get(answer: Served, options?: RequestOptions): ReturnType<ClientSession["get"]> {
  served = answer;
  return session.get("", options);
}

async function streamed(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    expect(chunk.constructor).toBe(Uint8Array);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

describe.each(ENCODERS)("a body in %s", (encoding, encode) => {
  test.each([1, 1000, 300_000])(
    "of %i bytes is decoded, as a whole and in chunks",
    async (size) => {
      const data = prose(size);
      for (const piece of [undefined, 7919]) {
        const answer = { encoding, body: encode(data), ...(piece === undefined ? {} : { piece }) };
        const whole = await get(answer);
        const bytes = await whole.bytes();
        expect(Buffer.compare(bytes, data)).toBe(0);
        expect(bytes.constructor).toBe(Uint8Array);
        expect(await whole.bytes()).toBe(bytes);
        expect(Buffer.compare(await streamed((await get(answer)).body), data)).toBe(0);
        const { reader } = await get(answer);
        expect(Buffer.compare(await reader.read(), data)).toBe(0);
      }
    },
  );

  test("that is cut fails after what came of it", async () => {
    const body = encode(prose(300_000));
    const half = { encoding, body: body.subarray(0, body.length >> 1) };
    await expect((await get(half)).bytes()).rejects.toThrow(ContentDecodingError);
    const response = await get(half);
    let size = 0;
    const reading = (async () => {
      for await (const chunk of response.body) size += chunk.length;
    })();
    await expect(reading).rejects.toThrow(
      `GET ${origin.url}/: the body is no ${encoding.toLowerCase().replace("x-", "")}, or a broken one, of ${half.body.length} bytes: unexpected end of file`,
    );
    expect(size).toBeGreaterThan(50_000);
    expect(size).toBeLessThan(300_000);
    // And again, whoever asks.
    await expect(response.body.next()).rejects.toThrow(ContentDecodingError);
    await expect(response.bytes()).rejects.toThrow(ContentDecodingError);
  });

  test("that is none fails", async () => {
    const answer = { encoding, body: Buffer.from(`\u{1f4a5}${"not compressed ".repeat(9)}`) };
    await expect((await get(answer)).text()).rejects.toThrow(ContentDecodingError);
    await expect(streamed((await get(answer)).body)).rejects.toThrow(ContentDecodingError);
  });

  test("that is empty is empty, whatever the head says", async () => {
    const nothing = { encoding, body: Buffer.alloc(0) };
    expect(await (await get(nothing)).text()).toBe("");
    expect((await streamed((await get(nothing)).body)).length).toBe(0);
    expect(await (await get({ ...nothing, status: 204 })).text()).toBe("");
    served = { encoding, body: encode(prose(100)) };
    const head = await session.request("HEAD", "");
    expect([head.headers.get("content-encoding"), await head.text()]).toEqual([encoding, ""]);
    expect(decoders).toEqual([]);
  });
});

describe("a compressed body", () => {
  const gzip = (data: Uint8Array | string): Buffer => zlib.gzipSync(data);

  test("may be compressed several times", async () => {
    const data = prose(200_000);
    const body = zlib.deflateSync(zlib.brotliCompressSync(gzip(data)));
    const encoding = "gzip, , BR ,identity,deflate";
    expect(Buffer.compare(await (await get({ encoding, body })).bytes(), data)).toBe(0);
    expect(Buffer.compare(await streamed((await get({ encoding, body })).body), data)).toBe(0);
  });

  test("but not without end", async () => {
    const encoding = Array(6).fill("gzip").join();
    const response = await get({ encoding, body: gzip("x") });
    await expect(response.text()).rejects.toThrow("the body was compressed more than 5 times");
    await expect((await get({ encoding, body: gzip("x") })).body.next()).rejects.toThrow(
      ContentDecodingError,
    );
  });

  test("may be several members of gzip in a row", async () => {
    const parts = [prose(100_000), Buffer.from("middle"), prose(50)];
    const body = Buffer.concat(parts.map((part) => gzip(part)));
    for (const piece of [undefined, 1000]) {
      const answer = { encoding: "gzip", body, ...(piece === undefined ? {} : { piece }) };
      expect(Buffer.compare(await (await get(answer)).bytes(), Buffer.concat(parts))).toBe(0);
      expect((await streamed((await get(answer)).body)).equals(Buffer.concat(parts))).toBe(true);
    }
  });

  test("in a coding that nobody knows comes as it is", async () => {
    for (const encoding of ["compress", "gzip, compress"]) {
      expect(await (await get({ encoding, body: Buffer.from("raw") })).text()).toBe("raw");
    }
  });

  test("keeps its headers", async () => {
    const body = gzip("hello");
    const response = await get({ encoding: "gzip", body });
    expect(response.headers.get("content-length")).toBe(String(body.length));
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.text()).toBe("hello");
  });

  test("whose connection is cut fails as such, after what came", async () => {
    const body = gzip(prose(300_000)).subarray(0, 20_000);
    const response = await get({ encoding: "gzip", body, piece: 4000, cut: true });
    let size = 0;
    const error: unknown = await (async () => {
      for await (const chunk of response.body) size += chunk.length;
    })().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClientPayloadError);
    expect(error).not.toBeInstanceOf(ContentDecodingError);
    expect(size).toBeGreaterThan(1000);
  });
});

describe("decompress: false", () => {
  test("gives the body as it is, and asks for none that is compressed", async () => {
    const body = zlib.gzipSync("hello");
    const seen: (string | undefined)[] = [];
    const server = await Origin.start((request, answer) => {
      seen.push(request.headers["accept-encoding"]);
      answer.setHeader("content-encoding", "gzip").end(body);
    });
    await using _ = server;
    await using raw = new ClientSession({ decompress: false });
    expect(Buffer.from(await (await raw.get(server.url)).bytes())).toEqual(body);
    expect(await (await raw.get(server.url, { decompress: true })).text()).toBe("hello");
    expect(
      Buffer.from(await (await session.get(server.url, { decompress: false })).bytes()),
    ).toEqual(body);
    expect(await (await session.get(server.url)).text()).toBe("hello");
    const [, , , asked] = seen;
    expect(asked).toBe(`gzip, deflate, br${zstd === undefined ? "" : ", zstd"}`);
    expect(seen).toEqual([undefined, undefined, undefined, asked]);
  });

  test("leaves an accept-encoding of the caller's, and a part of a body asks for none", async () => {
    const seen: (string | undefined)[] = [];
    await using server = await Origin.start((request, answer) => {
      seen.push(request.headers["accept-encoding"]);
      answer.end();
    });
    await session.get(server.url, { headers: { "accept-encoding": "br" }, decompress: false });
    await session.get(server.url, { headers: { range: "bytes=0-9" } });
    await session.get(server.url, { headers: { range: "bytes=0-9", "accept-encoding": "x" } });
    expect(seen).toEqual(["br", undefined, "x"]);
  });
});

describe("maxBodySize", () => {
  const bomb = zlib.gzipSync(Buffer.alloc(20_000_000));

  test("ends a body that unfolds to more, when so much has come", async () => {
    const options = { maxBodySize: 100_000 };
    const whole = await get({ encoding: "gzip", body: bomb }, options);
    await expect(whole.bytes()).rejects.toThrow(
      `GET ${origin.url}/: the body has more than 100000 bytes: raise \`maxBodySize\``,
    );
    const response = await get({ encoding: "gzip", body: bomb }, options);
    let size = 0;
    const error: unknown = await (async () => {
      for await (const chunk of response.body) size += chunk.length;
    })().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BodyTooLargeError);
    expect(size).toBeLessThanOrEqual(100_000);
  });

  test("is no limit on what is just as large", async () => {
    const body = zlib.gzipSync(prose(5000));
    const answer = { encoding: "gzip", body };
    expect((await (await get(answer, { maxBodySize: 5000 })).bytes()).length).toBe(5000);
    await expect((await get(answer, { maxBodySize: 4999 })).bytes()).rejects.toThrow(
      BodyTooLargeError,
    );
  });

  test("holds for bodies that are not compressed, too", async () => {
    const body = prose(5000);
    const known = { encoding: "identity", body };
    const unknown = { ...known, piece: 1000 };
    for (const answer of [known, unknown]) {
      const within = await get(answer, { maxBodySize: 5000 });
      expect(Buffer.compare(await within.bytes(), body)).toBe(0);
      expect((await streamed((await get(answer, { maxBodySize: 5000 })).body)).equals(body)).toBe(
        true,
      );
      const beyond = await get(answer, { maxBodySize: 4999 });
      await expect(beyond.bytes()).rejects.toThrow(BodyTooLargeError);
      const chunks = await get(answer, { maxBodySize: 4999 });
      await expect(streamed(chunks.body)).rejects.toThrow(BodyTooLargeError);
    }
    served = known;
    expect((await session.request("HEAD", "", { maxBodySize: 10 })).status).toBe(200);
  });

  test("is at least 1", () => {
    expect(() => new ClientSession({ maxBodySize: 0 })).toThrow(RangeError);
    expect(() => new ClientSession({ decompress: 1 as never })).toThrow(
      "Expected `options.decompress` to be a boolean, got `1` (number)",
    );
  });
});

test("a reader that pauses holds the decoder back, and the decoder the server", async () => {
  const chunk = zlib.gzipSync(Buffer.alloc(4_000_000));
  let written = 0;
  const server = await Origin.start((_, answer) => {
    answer.setHeader("content-encoding", "gzip");
    // Random bytes do not shrink: a megabyte on the wire is a megabyte.
    const noise = zlib.gzipSync(
      Buffer.from(Array.from({ length: 65_536 }, () => Math.random() * 256)),
    );
    const more = (): void => {
      while (!answer.destroyed && written < 64_000_000) {
        written += noise.length;
        if (!answer.write(written === noise.length ? chunk : noise)) return;
      }
    };
    answer.on("drain", more);
    more();
  });
  await using _ = server;
  using response = await session.get(server.url);
  const first = await response.body.next();
  expect(first.value?.length).toBeLessThanOrEqual(131_072);
  let before = -1;
  while (written > before) {
    before = written;
    await sleep(25);
  }
  expect(written).toBeLessThan(32_000_000);
});

describe("a cancel", () => {
  test.each(["bytes", "text", "body", "reader"] as const)(
    "in %s, while the network is waited for, closes decoder and request",
    async (way) => {
      const body = zlib.gzipSync(prose(400_000));
      const response = await get({ encoding: "gzip", body, hold: true });
      const { cancelledCaught } = await moveOnAfter(60, async () => {
        if (way === "bytes") await response.bytes();
        else if (way === "text") await response.text();
        else if (way === "body") for await (const _ of response.body);
        else await response.reader.read();
      });
      expect(cancelledCaught).toBe(true);
      expect(session.statistics().open).toBe(0);
      expect(decoders.map((decoder) => decoder.destroyed)).toEqual([true]);
      await expect(response.bytes()).rejects.toThrow(
        `read on <http GET ${origin.url}/ 200>: its request was cancelled`,
      );
    },
  );

  test("while the decoder works closes it", async () => {
    const response = await get({
      encoding: "gzip",
      body: zlib.gzipSync(Buffer.alloc(30_000_000), { level: 1 }),
    });
    const task = createTask(() => response.bytes(), { eager: true });
    await until(() => decoders.length === 1);
    await sleep(5);
    task.cancel();
    await expect(Promise.resolve(task)).rejects.toThrow("cancelled");
    expect(decoders[0]?.destroyed).toBe(true);
  });

  test("that is due before the read begins closes the request", async () => {
    const response = await get({
      encoding: "gzip",
      body: zlib.gzipSync(prose(400_000)),
      hold: true,
    });
    const task = createTask(async () => {
      task.cancel();
      await response.bytes();
    });
    await Promise.resolve(task).catch(() => undefined);
    expect(task.cancelled()).toBe(true);
    expect(session.statistics().open).toBe(0);
  });
});

test("a cancel at any await closes the decoder and lets go of the source", async () => {
  const body = zlib.gzipSync(prose(200_000), { level: 1 });
  const head = { method: "GET", url: "http://h/", status: 200, statusText: "", headers: {} };
  const points = await cancelEverywhere(async () => {
    decoders = [];
    let released = false;
    const chunks = [0, 1, 2].map((i) =>
      body.subarray((i * body.length) / 3, ((i + 1) * body.length) / 3),
    );
    const source = {
      done: false,
      read: () => sleep(1).then(() => chunks.shift() ?? null),
      readAll: () => Promise.reject(new Error("not so")),
      release: () => {
        released = true;
      },
    };
    const [gzip] = codingsOf("gzip") as Coding[];
    const decoded = new DecodedBody(head, source, gzip as Coding, {
      whole: Infinity,
      stream: Infinity,
    });
    try {
      while ((await decoded.read()) !== null);
    } catch (error) {
      if (!released || decoders.some((decoder) => !decoder.destroyed))
        throw new Error("something is left", { cause: error });
      throw error;
    }
  });
  // Four waits for the source, and more for the decoder.
  expect(points).toBeGreaterThan(4);
});

test("release ends a read that waits, and closes the decoder", async () => {
  const response = await get({ encoding: "gzip", body: zlib.gzipSync(prose(400_000)), hold: true });
  const reading = response.bytes();
  await until(() => decoders.length === 1);
  await expect(response.body.next()).rejects.toThrow("somebody else is reading the body");
  response.release();
  await expect(reading).rejects.toThrow("the response was released");
  await expect(response.text()).rejects.toThrow("the response was released");
});

test("a response that nobody has any more is released with its decoder, also half read", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await get({ encoding: "gzip", body: zlib.gzipSync(prose(400_000)), hold: true }).then(
    async (response) => (await response.body.next()).done,
  );
  expect(session.statistics().open).toBe(1);
  expect(decoders.map((decoder) => decoder.destroyed)).toEqual([false]);
  await until(() => {
    collect();
    return session.statistics().open === 0;
  });
  expect(decoders.map((decoder) => decoder.destroyed)).toEqual([true]);
});

test("the end of a block that uses a response waits for nothing", async () => {
  {
    await using response = await get({
      encoding: "gzip",
      body: zlib.gzipSync(prose(400_000)),
      hold: true,
    });
    await response.body.next();
  }
  expect(session.statistics().open).toBe(0);
  expect(decoders.map((decoder) => decoder.destroyed)).toEqual([true]);
});

test("a body that was read one way cannot be read another way", async () => {
  const answer = { encoding: "gzip", body: zlib.gzipSync("hello") };
  const response = await get(answer);
  expect(await streamed(response.body)).toEqual(Buffer.from("hello"));
  await expect(response.bytes()).rejects.toThrow("the body was read in another way");
  const other = await get(answer);
  await other.bytes();
  await expect(other.body.next()).rejects.toThrow("the body was read in another way");
});

test("however the chunks fall, every coding gives the same bytes", async () => {
  const head = { method: "GET", url: "http://h/", status: 200, statusText: "", headers: {} };
  const sizes = { whole: Infinity, stream: Infinity };
  const cuts = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 8 });
  const property = fc.asyncProperty(
    fc.constantFrom(...ENCODERS),
    fc.uint8Array({ maxLength: 2000 }),
    cuts,
    fc.boolean(),
    async ([name, encode], data, places, whole) => {
      const encoded = encode(data);
      const marks = [0, ...places.map((place) => place % (encoded.length + 1)), encoded.length];
      marks.sort((a, b) => a - b);
      const chunks = marks.slice(1).map((mark, i) => encoded.subarray(marks[i], mark));
      const source = {
        done: false,
        read: () => Promise.resolve(chunks.shift() ?? null),
        readAll: () => Promise.reject(new Error("not so")),
        release: vi.fn<() => void>(),
      };
      const [coding] = codingsOf(name) as Coding[];
      const body = new DecodedBody(head, source, coding as Coding, sizes);
      const parts: Uint8Array[] = [];
      if (whole) parts.push(await body.readAll());
      else
        for (let part = await body.read(); part !== null; part = await body.read())
          parts.push(part);
      expect(Buffer.concat(parts)).toEqual(Buffer.from(data));
      expect(source.release).not.toHaveBeenCalled();
    },
  );
  await fc.assert(property, { numRuns: 200 });
});
