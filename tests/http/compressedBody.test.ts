/*
 * Bodies that are compressed: what arrives, how far ahead they run, how they are closed.
 *
 * Over real sockets, so in real time.
 */
import { createHook } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { createTask, sleep } from "ambit";
import { ClientSession, type Compression, fileBody, Multipart } from "ambit/http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "./origin.ts";
import { parsedForm, Receiver } from "./receiver.ts";

let receiver: Receiver;
beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(() => receiver[Symbol.asyncDispose]());

const decoders: Record<string, (bytes: Uint8Array) => Buffer> = {
  br: zlib.brotliDecompressSync,
  deflate: zlib.inflateSync,
  gzip: zlib.gunzipSync,
  ...("zstdDecompressSync" in zlib && {
    zstd: zlib.zstdDecompressSync as (bytes: Uint8Array) => Buffer,
  }),
};

describe.each(Object.entries(decoders))("%s", (name, decode) => {
  const compress = name as Compression;

  test("compresses what is in memory at once, and tells its length", async () => {
    const content = "so much text ".repeat(1000);
    const { headers, body } = await receiver.post({ body: content, compress });
    expect(headers).toMatchObject({
      "content-encoding": name,
      "content-type": "text/plain;charset=UTF-8",
      "content-length": String(body.length),
    });
    expect(body.length).toBeLessThan(content.length / 10);
    expect(String(decode(body))).toBe(content);
  });

  test("compresses what is big or comes piece by piece as it goes", async () => {
    const noise = randomBytes(300_000);
    const big = await receiver.post({ body: noise, compress });
    expect(big.headers["transfer-encoding"]).toBe("chunked");
    expect(decode(big.body).equals(noise)).toBe(true);
    const source = async function* (): AsyncGenerator<Buffer> {
      for (let i = 0; i < noise.length; i += 7001)
        yield await sleep(0, noise.subarray(i, i + 7001));
    };
    const streamed = await receiver.post({ body: source, compress });
    expect(decode(streamed.body).equals(noise)).toBe(true);
    const empty = await receiver.post({ body: Readable.from([]), compress });
    expect(decode(empty.body).length).toBe(0);
  });

  test("takes files, forms and JSON", async () => {
    const file = await receiver.post({ body: fileBody("package.json"), compress });
    expect(String(decode(file.body))).toContain('"name": "ambit"');
    const json = await receiver.post({ json: { a: 1 }, compress });
    expect([String(decode(json.body)), json.headers["content-type"]]).toEqual([
      '{"a":1}',
      "application/json",
    ]);
    const form = await receiver.post({ body: new Multipart().field("a", "1"), compress });
    const plain = { ...form, body: decode(form.body) };
    expect(await parsedForm(plain)).toEqual([["a", "1"]]);
  });
});

test("zstd is refused with the names of the others where Node has none", async () => {
  if ("zstd" in decoders) return;
  await expect(receiver.post({ body: "x", compress: "zstd" })).rejects.toThrow(
    "Expected `options.compress` to be br, deflate, gzip, got `'zstd'` (string)",
  );
});

test("a compressed body that is sent again is compressed anew", async () => {
  await receiver.post({ body: () => Readable.from(["again"]), compress: "gzip" }, "/again");
  const bodies = receiver.received.map(({ body }) => String(zlib.gunzipSync(body)));
  expect(bodies).toEqual(["again", "again"]);
});

test("without a body nothing is said to be compressed", async () => {
  const { headers } = await receiver.post({ compress: "gzip" });
  expect(headers["content-encoding"]).toBeUndefined();
});

test("a source is held while the server does not read", async () => {
  let produced = 0;
  const endless = async function* (): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = randomBytes(65_536);
      produced += chunk.length;
      yield chunk;
    }
  };
  receiver.reads = false;
  await using session = new ClientSession();
  const task = createTask(() => session.post(receiver.url, { body: endless(), compress: "gzip" }));
  let before = -1;
  while (before !== produced) {
    before = produced;
    await sleep(60);
  }
  expect(produced).toBeGreaterThan(0);
  expect(produced).toBeLessThan(32 * 1024 * 1024);
  task.cancel();
  await task.then(null, () => undefined);
});

/** Counts Node's compressors, which it lists nowhere: as they are made, and as they are destroyed. */
function countCompressors(): { made: number; readonly closed: number; stop(): void } {
  const destroys = vi.spyOn(prototypeWith("_destroy", zlib.Gzip.prototype), "_destroy");
  const counts = {
    made: 0,
    get closed() {
      return destroys.mock.calls.length;
    },
    stop: () => {
      hook.disable();
      destroys.mockRestore();
    },
  };
  const hook = createHook({
    init: (_, type) => {
      if (type === "ZLIB") counts.made++;
    },
  }).enable();
  return counts;
}

type Destroyable = Pick<Transform, "_destroy">;

function prototypeWith(name: string, prototype: object): Destroyable {
  if (Object.hasOwn(prototype, name)) return prototype as Destroyable;
  return prototypeWith(name, Object.getPrototypeOf(prototype) as object);
}

test("a cancel closes the compressor and the source, at whatever moment it comes", async () => {
  await using session = new ClientSession();
  const compressors = countCompressors();
  let [opened, closed] = [0, 0];
  const source = async function* (): AsyncGenerator<Buffer> {
    opened++;
    try {
      for (;;) yield await sleep(0, randomBytes(20_000));
    } finally {
      closed++;
    }
  };
  for (let turns = 0; turns < 25; turns++) {
    const task = createTask(() => session.post(receiver.url, { body: source(), compress: "gzip" }));
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    task.cancel();
    await task.then(null, () => undefined);
    expect(closed).toBe(opened);
  }
  expect(opened).toBeGreaterThan(5);
  await until(() => compressors.closed === compressors.made);
  expect(compressors.made).toBeGreaterThan(5);
  compressors.stop();
});

test("an error of the source reaches the caller through the compressor", async () => {
  const source = async function* (): AsyncGenerator<string> {
    yield "a";
    throw new RangeError("of its own");
  };
  await expect(receiver.post({ body: source(), compress: "br" })).rejects.toMatchObject({
    name: "RequestBodyError",
    cause: { name: "RangeError", message: "of its own" },
  });
});
