/*
 * The client against nginx: a server that nobody here has written.
 *
 * A real server process and real sockets, so in real time.
 */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { CancelledError, createTask, mapConcurrent, sleep } from "ambit";
import { type ClientResponse, ClientSession } from "ambit/http";
import { describe, expect, test } from "vitest";
import { hasBrotli, Nginx, nginxMissing } from "../servers/nginx.ts";
import { until } from "./origin.ts";

const CA = readFileSync(
  join(import.meta.dirname, "..", "streams", "certificate", "ca.pem"),
  "utf8",
);

async function countBytes(response: ClientResponse): Promise<number> {
  let count = 0;
  for await (const chunk of response.body) count += chunk.length;
  return count;
}

/** Milliseconds for many requests on a machine that has other things to do; alone they take some seconds. */
const BUSY = 180_000;
const HUGE = 5 * 1024 ** 3;

/** A file of 5 GiB that takes no place: nothing of it is on the disk but its last byte. */
function putHuge(nginx: Nginx): void {
  const file = openSync(join(nginx.files, "huge.bin"), "w");
  ftruncateSync(file, HUGE);
  writeSync(file, "!", HUGE - 1);
  closeSync(file);
}

/** Short, so that a difference is not printed in full. */
function digest(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Reads a file of 5 GiB while it watches how much memory that takes. */
async function readHuge() {
  await using nginx = await Nginx.start();
  putHuge(nginx);
  await using session = new ClientSession({ timeout: Infinity });
  const response = await session.get(`${nginx.url}/huge.bin`);
  expect(response.headers.get("content-length")).toBe(String(HUGE));
  const before = process.memoryUsage.rss();
  let [count, most, last, chunks] = [0, 0, 0, 0];
  for await (const chunk of response.body) {
    count += chunk.length;
    last = chunk.at(-1) as number;
    if (chunks++ % 100 === 0) most = Math.max(most, process.memoryUsage.rss());
  }
  expect([count, last]).toEqual([HUGE, 33]);
  expect(most - before).toBeLessThan(200 * 1024 * 1024);
}

describe.skipIf(nginxMissing() !== null)("against nginx", () => {
  test(
    "10,000 small files come whole, over as many connections as the limit allows",
    async () => {
      const count = 10_000;
      await using nginx = await Nginx.start();
      const content = (index: number): string => `file ${index} `.repeat(1 + (index % 50));
      for (let i = 0; i < 100; i++) nginx.put(`small/${i}`, content(i));
      await using session = new ClientSession({ baseUrl: `${nginx.url}/small/`, limit: 32 });
      const wrong: number[] = [];
      const fetching = mapConcurrent(
        Array.from({ length: count }, (_, index) => index),
        async (index) => {
          const text = await (await session.get(`${index % 100}?n=${index}`)).text();
          if (text !== content(index % 100)) wrong.push(index);
        },
        { limit: 64 },
      );
      for await (const _ of fetching);
      expect(wrong).toEqual([]);
      const served = await nginx.servedAtLeast(count);
      expect(new Set(served.map(({ path }) => path)).size).toBe(count);
      expect(served).toHaveLength(count);
      expect(
        served.every(({ status, protocol }) => status === 200 && protocol === "HTTP/1.1"),
      ).toBe(true);
      expect(new Set(served.map(({ connection }) => connection)).size).toBeLessThanOrEqual(32);
      expect(session.statistics()).toMatchObject({ open: 0, queued: 0, hosts: {} });
    },
    BUSY,
  );

  test("one request after the other is over one connection", async () => {
    await using nginx = await Nginx.start();
    const url = nginx.put("a", "hello");
    await using session = new ClientSession();
    for (let i = 0; i < 20; i++) expect(await (await session.get(url)).text()).toBe("hello");
    const served = await nginx.servedAtLeast(20);
    expect(new Set(served.map(({ connection }) => connection)).size).toBe(1);
    expect(served.map(({ nth }) => nth)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
  });

  test("a connection that nginx closes after some requests is replaced, and no request fails", async () => {
    await using nginx = await Nginx.start({
      server: "location /few/ { keepalive_requests 3; return 200 few; }",
    });
    await using session = new ClientSession({ limit: 1 });
    for (let i = 0; i < 20; i++)
      expect(await (await session.get(`${nginx.url}/few/`)).text()).toBe("few");
    const served = await nginx.servedAtLeast(20);
    expect(served).toHaveLength(20);
    expect(new Set(served.map(({ connection }) => connection)).size).toBe(7);
  });

  test("a range comes as 206, a range of a changed file as the whole of it", async () => {
    await using nginx = await Nginx.start();
    const url = nginx.put("data.bin", "0123456789");
    await using session = new ClientSession();
    const whole = await session.get(url);
    const etag = whole.headers.get("etag") as string;
    expect(await whole.text()).toBe("0123456789");
    const part = (validator: string): Promise<ClientResponse> =>
      session.get(url, { headers: { range: "bytes=4-", "if-range": validator } });
    const same = await part(etag);
    expect([same.status, same.headers.get("content-range"), await same.text()]).toEqual([
      206,
      "bytes 4-9/10",
      "456789",
    ]);
    nginx.put("data.bin", "another file");
    const changed = await part(etag);
    expect([changed.status, await changed.text()]).toEqual([200, "another file"]);
    const beyond = await session.get(url, { headers: { range: "bytes=100-" } });
    expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */12"]);
    beyond.release();
    const none = await session.get(url.replace("/data", "/norange/data"), {
      headers: { range: "bytes=0-1" },
    });
    expect([none.status, none.headers.get("etag")]).toEqual([200, null]);
    none.release();
  });

  test("what has not changed is a 304 without a body", async () => {
    await using nginx = await Nginx.start();
    const url = nginx.put("data.bin", "0123456789");
    await using session = new ClientSession();
    const { headers } = await session.get(url);
    const conditions = [
      { "if-none-match": headers.get("etag") as string },
      { "if-modified-since": headers.get("last-modified") as string },
    ];
    for (const condition of conditions) {
      const response = await session.get(url, { headers: condition });
      expect([response.status, await response.text()]).toEqual([304, ""]);
    }
  });

  test("a body compressed with gzip comes unpacked, and packed where that is wanted", async () => {
    await using nginx = await Nginx.start();
    const text = "again and again ".repeat(10_000);
    nginx.put("text.txt", text);
    await using session = new ClientSession();
    const url = `${nginx.url}/gzip/text.txt`;
    expect(digest(await (await session.get(url)).bytes())).toBe(digest(text));
    const accept = { "accept-encoding": "gzip" };
    const packed = await session.get(url, { headers: accept, decompress: false });
    expect(packed.headers.get("content-encoding")).toBe("gzip");
    expect(digest(gunzipSync(await packed.bytes()))).toBe(digest(text));
    const plain = await session.get(url, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("content-encoding")).toBe(null);
    expect(digest(await plain.bytes())).toBe(digest(text));
    const served = await nginx.servedAtLeast(3);
    expect(served[0]?.bytes).toBeLessThan(text.length / 50);
    expect(served[2]?.bytes).toBe(text.length);
  });

  test.skipIf(!hasBrotli)("a body compressed with brotli comes unpacked", async () => {
    await using nginx = await Nginx.start();
    const text = "again and again ".repeat(10_000);
    nginx.put("text.txt", text);
    await using session = new ClientSession({ headers: { "accept-encoding": "br" } });
    const url = `${nginx.url}/br/text.txt`;
    const response = await session.get(url);
    expect(digest(await response.bytes())).toBe(digest(text));
    const packed = await session.get(url, { decompress: false });
    expect(packed.headers.get("content-encoding")).toBe("br");
    expect(digest(brotliDecompressSync(await packed.bytes()))).toBe(digest(text));
  });

  test("a chunked body of unknown length comes whole, and a file of 0 bytes empty", async () => {
    await using nginx = await Nginx.start();
    const big = Buffer.alloc(300_000, "0123456789abcdef");
    nginx.put("big.bin", big);
    nginx.put("empty", "");
    await using session = new ClientSession();
    // Compressed on the fly: nginx cannot know the length.
    const chunked = await session.get(`${nginx.url}/gzip/big.bin`, {
      headers: { "accept-encoding": "gzip" },
    });
    expect([
      chunked.headers.get("transfer-encoding"),
      chunked.headers.get("content-length"),
    ]).toEqual(["chunked", null]);
    expect(digest(await chunked.bytes())).toBe(digest(big));
    const empty = await session.get(`${nginx.url}/empty`);
    expect([empty.status, empty.headers.get("content-length"), await empty.text()]).toEqual([
      200,
      "0",
      "",
    ]);
    const head = await session.head(`${nginx.url}/big.bin`);
    expect([head.headers.get("content-length"), await head.text()]).toEqual(["300000", ""]);
  });

  test(
    "a reload in the middle of 2,000 requests fails none",
    async () => {
      await using nginx = await Nginx.start();
      nginx.put("a", "hello");
      await using session = new ClientSession({ baseUrl: `${nginx.url}/`, limit: 16 });
      let done = 0;
      const fetching = mapConcurrent(
        Array.from({ length: 2000 }, (_, index) => index),
        async (index) => {
          const text = await (await session.get(`a?${index}`)).text();
          if (++done % 500 === 0) nginx.reload();
          return text;
        },
        { limit: 16 },
      );
      const texts = new Set<string>();
      for await (const text of fetching) texts.add(text);
      expect([done, [...texts]]).toEqual([2000, ["hello"]]);
      // A request over a connection that the old worker was closing comes again.
      const served = await nginx.servedAtLeast(2000);
      expect(new Set(served.map(({ path }) => path)).size).toBe(2000);
    },
    BUSY,
  );

  test("a slow answer that is cancelled frees its place, and nginx stops sending", async () => {
    await using nginx = await Nginx.start();
    nginx.put("slow.bin", Buffer.alloc(10_000_000));
    await using session = new ClientSession({ limit: 1 });
    const task = createTask(async () =>
      countBytes(await session.get(`${nginx.url}/slow/slow.bin`)),
    );
    await sleep(100);
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    await until(() => session.statistics().connections === 0);
    expect(await (await session.get(nginx.put("a", "hello"))).text()).toBe("hello");
    const served = await nginx.servedAtLeast(2);
    const slow = served.find(({ path }) => path === "/slow/slow.bin");
    expect(slow?.bytes).toBeLessThan(5_000_000);
  });

  test("the end of a file of 5 GiB comes as a range", async () => {
    await using nginx = await Nginx.start();
    putHuge(nginx);
    await using session = new ClientSession();
    const url = `${nginx.url}/huge.bin`;
    const response = await session.get(url, { headers: { range: `bytes=${HUGE - 3}-` } });
    expect(response.headers.get("content-range")).toBe(`bytes ${HUGE - 3}-${HUGE - 1}/${HUGE}`);
    expect([...(await response.bytes())]).toEqual([0, 0, 33]);
  });

  // On one line of Node.js: it takes its time, and what is tested is the client's.
  const onOldest = process.versions.node.startsWith("20.") ? test : () => {};
  onOldest("5 GiB come in flat memory", readHuge, 600_000);

  test("HTTP/2 is spoken where it is wanted, many requests over one connection", async () => {
    await using nginx = await Nginx.start();
    for (let i = 0; i < 10; i++) nginx.put(`h2/${i}`, `file ${i}`);
    const connector = { http2: true, tls: { ca: CA } };
    await using session = new ClientSession({ connector, baseUrl: `${nginx.secureUrl}/h2/` });
    const texts = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        return (await session.get(`${index % 10}?${index}`)).text();
      }),
    );
    expect(texts).toEqual(Array.from({ length: 200 }, (_, index) => `file ${index % 10}`));
    const served = await nginx.servedAtLeast(200);
    expect(served.every(({ protocol }) => protocol === "HTTP/2.0")).toBe(true);
    expect(new Set(served.map(({ connection }) => connection)).size).toBe(1);
    await using plain = new ClientSession({ connector: { tls: { ca: CA } } });
    expect(await (await plain.get(`${nginx.secureUrl}/h2/1`)).text()).toBe("file 1");
    expect((await nginx.servedAtLeast(201)).at(-1)?.protocol).toBe("HTTP/1.1");
  });
});
