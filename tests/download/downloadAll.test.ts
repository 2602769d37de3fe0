/**
 * Lists of files, from a server that does as it should or not.
 *
 * Over real sockets and real files, so in real time: what a downloader does is what the two see of it.
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTask, RateLimiter, sleep } from "ambit";
import { type DownloadItem, downloadAll, type DownloadResult } from "ambit/download";
import { describe, expect, test } from "vitest";
import { AT_ONCE, cutAfter, download, Folder, noise, sha256, Site, status } from "./site.ts";

const BIG = noise(1_000_000);

describe("a list", () => {
  test("is downloaded, small files and big ones, and each is told of", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = [
      site.put("/small.txt", "hello", { etag: '"s"' }),
      site.put("/empty", ""),
      site.put("/big.bin", BIG),
    ];
    const results = await download(urls, { folder: folder.path, sha256: true });
    expect(results.map(({ ms: _, ...rest }) => rest)).toEqual([
      {
        url: urls[0],
        finalUrl: urls[0],
        path: join(folder.path, "small.txt"),
        status: 200,
        bytes: 5,
        attempts: 1,
        resumed: 0,
        sha256: sha256(Buffer.from("hello")),
        etag: '"s"',
        outcome: "done",
      },
      expect.objectContaining({ bytes: 0, outcome: "done" }),
      expect.objectContaining({ bytes: BIG.length, sha256: sha256(BIG), outcome: "done" }),
    ]);
    expect(folder.files()).toEqual(["big.bin", "empty", "small.txt"]);
    expect(folder.read("big.bin").equals(BIG)).toBe(true);
    expect(folder.read("small.txt").toString()).toBe("hello");
  });

  test("of nothing gives nothing and makes the folder", async () => {
    using folder = new Folder();
    expect(await download([], { folder: join(folder.path, "new/one") })).toEqual([]);
    expect(statSync(join(folder.path, "new/one")).isDirectory()).toBe(true);
  });

  test("may be an async iterable, which is read as places come free", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    let read = 0;
    async function* items(): AsyncGenerator<DownloadItem> {
      for (let n = 0; n < 1000; n++) {
        read++;
        yield { url: site.put(`/${n}`, String(n)) };
        if (n % 10 === 0) await sleep(0);
      }
    }
    const seen: DownloadResult[] = [];
    for await (const result of downloadAll(items(), { folder: folder.path, concurrency: 4 })) {
      seen.push(result);
      // What nobody has asked for is not fetched: four are on their way or wait to be taken.
      expect(read).toBeLessThanOrEqual(seen.length + 5);
      if (seen.length === 100) break;
    }
    expect(read).toBeLessThan(106);
    expect(seen.every(({ outcome }) => outcome === "done")).toBe(true);
    expect(site.most).toBeLessThanOrEqual(4);
  });

  test("that throws ends the run with that, and closes what it was at", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    function* items(): Generator<string> {
      yield site.put("/a", "a");
      throw new Error("no more paper");
    }
    const run = downloadAll(items(), { folder: folder.path });
    await expect(collect(run)).rejects.toThrow("no more paper");
  });

  test("with an output twice is refused before anything starts", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "a");
    const items = [url, { url: site.put("/b", "b"), output: "./a" }];
    await expect(download(items, { folder: folder.path })).rejects.toThrow(
      'Expected `items` to have an output each: items[0] and items[1] have "a"',
    );
    expect(site.asked.size).toBe(0);
  });

  test("with an output twice, if it cannot be looked through, fails the second", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = [site.put("/x/a", "1"), site.put("/y/a", "2"), site.put("/y/a.part", "3")];
    const results = await collect(
      downloadAll(urls.values(), { folder: folder.path, concurrency: 1 }),
    );
    expect(results.map(({ outcome, error }) => error?.kind ?? outcome)).toEqual([
      "done",
      "duplicate",
      "duplicate",
    ]);
    expect(folder.read("a").toString()).toBe("1");
  });

  test("keeps to the limits, in all and for each host", async () => {
    await using one = await Site.start();
    await using two = await Site.start();
    using folder = new Folder();
    const urls = Array.from({ length: 20 }, (_, n) => one.put(`/one${n}`, "x"));
    urls.push(two.put("/two", "x"));
    for (let n = 0; n < 20; n++)
      one.fault(`/one${n}`, (_, response) => void setTimeout(() => response.end("x"), 5));
    const order: string[] = [];
    const options = { folder: folder.path, concurrency: 6, perHost: 2 };
    for await (const { url } of downloadAll(urls, options)) order.push(url);
    expect(order).toHaveLength(21);
    expect(one.most).toBe(2);
    // The other host's file does not wait for the twenty before it.
    expect(order.indexOf(`${two.url}/two`)).toBeLessThan(3);
  });

  test("comes no faster than the rate", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = [1, 2, 3].map((n) => site.put(`/${n}`, noise(100_000)));
    const began = performance.now();
    await download(urls, { folder: folder.path, limitRate: 1_000_000 });
    // 300,000 bytes at 1,000,000 a second, less the tenth of a second that is let through at once.
    expect(performance.now() - began).toBeGreaterThan(190);
  });

  test("pays for all bytes, small files and large ones, to a limit that runs share", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = [1000, 100_000, 300_000].map((size) => site.put(`/${size}`, noise(size)));
    let paid = 0;
    const limiter = new RateLimiter({ rate: 2_000_000, burst: 100_000 });
    const pay = async (bytes: number): Promise<void> => {
      paid += bytes;
      for (let left = bytes; left > 0; left -= 100_000)
        await limiter.acquire(Math.min(left, 100_000));
    };
    const began = performance.now();
    await Promise.all(
      ["one", "two"].map((run) =>
        download(urls, { folder: join(folder.path, run), limitRate: { pay } }),
      ),
    );
    expect(paid).toBe(802_000);
    // Less what is there at the start.
    expect(performance.now() - began).toBeGreaterThan(340);
    expect(() => downloadAll([], { limitRate: {} as never })).toThrow("options.limitRate");
  });
});

describe("a failure", () => {
  test("of one item is a result, and the others are downloaded", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const items = [
      `${site.url}/nothing`,
      "not a url",
      "ftp://example.org/a",
      { url: site.put("/a", "a"), output: "../a" },
      { url: site.put("/b", "b"), checksum: "sha256:12" },
      site.put("/good", "good"),
    ];
    const results = await download(items, { folder: folder.path });
    expect(results.map(({ error, outcome }) => error?.kind ?? outcome)).toEqual([
      "http",
      "url",
      "url",
      "name",
      "checksum",
      "done",
    ]);
    expect(results[0]?.error?.message).toBe("the server answered 404 Not Found");
    expect(results[0]?.status).toBe(404);
    expect(results[3]?.error?.message).toBe('the output "../a" leads out of the folder');
    expect(folder.files()).toEqual(["good"]);
  });

  test("that may pass is tried again: 503, 429, a connection reset, a body cut", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", noise(3000));
    const reset: Parameters<Site["fault"]>[1] = (request) => void request.socket.resetAndDestroy();
    site.fault("/a", status(503), status(429), reset, cutAfter(1000));
    const [result] = await download([url], { folder: folder.path, retry: AT_ONCE });
    expect(result).toMatchObject({ outcome: "done", bytes: 3000 });
    // The client itself sends again over a new connection what an old one has swallowed.
    expect(result?.attempts).toBe(4);
    expect(site.asked.get("/a")).toBe(5);
  });

  test("is given up after the last attempt, and tells how it ended", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "a");
    site.fault("/a", status(503), status(500), status(502));
    const [result] = await download([url], {
      folder: folder.path,
      retry: { attempts: 3, delay: 0 },
    });
    expect(result).toMatchObject({ outcome: "failed", attempts: 3, status: 502 });
    expect(result?.error).toEqual({ kind: "http", message: "the server answered 502 Bad Gateway" });
    expect(folder.files()).toEqual([]);
  });

  test("of many uses up the budget of the run, and then nothing is tried again", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = Array.from({ length: 30 }, (_, n) => `${site.url}/${n}`);
    for (let n = 0; n < 30; n++) site.fault(`/${n}`, ...Array(9).fill(status(503)));
    const retry = { attempts: 9, delay: 0, budget: 12 };
    const results = await download(urls, { folder: folder.path, retry });
    expect(results.every(({ error }) => error?.kind === "http")).toBe(true);
    expect([...site.asked.values()].reduce((a, b) => a + b)).toBe(30 + 12);
    expect(results.some(({ error }) => error?.message.includes("no retries left"))).toBe(true);
  });

  test.each([
    ["seconds", () => "1"],
    ["a date", () => new Date(Date.now() + 1500).toUTCString()],
  ])(
    "with Retry-After in %s waits for it, and so does everything of that host",
    async (_, after) => {
      await using site = await Site.start();
      using folder = new Folder();
      const urls = [site.put("/a", "a"), site.put("/b", "b")];
      site.fault("/a", (request, response, at) =>
        status(429, { "retry-after": after() })(request, response, at),
      );
      const began = performance.now();
      const results = await download(urls, { folder: folder.path, concurrency: 1, retry: AT_ONCE });
      expect(results.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
      expect(results[0]?.attempts).toBe(2);
      expect(performance.now() - began).toBeGreaterThan(400);
      expect(site.asked.get("/b")).toBe(1);
    },
  );

  test("with a Retry-After beyond what is obeyed fails at once", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "a");
    site.fault("/a", status(503, { "retry-after": "3600" }));
    const [result] = await download([url], { folder: folder.path });
    expect(result).toMatchObject({ outcome: "failed", attempts: 1, status: 503 });
  });

  test("goes on to the mirrors in turn, and leaves out one that does not have the file", async () => {
    await using bad = await Site.start();
    await using good = await Site.start();
    using folder = new Folder();
    const [result] = await download(
      [{ url: `${bad.url}/a`, mirrors: [`${bad.url}/b`, good.put("/c", "it is here")] }],
      { folder: folder.path },
    );
    expect(result).toMatchObject({ outcome: "done", attempts: 3, finalUrl: `${good.url}/c` });
    expect(folder.read("a").toString()).toBe("it is here");
  });

  test("of the connection, of the name, of the body's length, of its size have their kinds", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const closed = await Site.start();
    await closed[Symbol.asyncDispose]();
    site.fault("/lies", (_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("x", () => response.destroy());
    });
    site.put("/huge", noise(5000));
    site.fault("/endless", (_, response) => {
      response.on("error", () => undefined);
      const pour = (): void => {
        while (!response.destroyed && response.write(noise(10_000)));
      };
      response.on("drain", pour);
      pour();
    });
    const urls = ["/lies", "/huge", "/endless"].map((path) => site.url + path);
    urls.unshift(`${closed.url}/a`, "http://nowhere.invalid/b");
    const options = { folder: folder.path, retry: 1, maxSize: 4000 };
    const results = await download(urls, options);
    expect(results.map(({ error }) => error?.kind)).toEqual([
      "connect",
      "dns",
      "body",
      "size",
      "size",
    ]);
    expect(folder.files()).toEqual([]);
  });

  test("of a body that turns out too large in the middle of it is of its size", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    site.fault("/endless", (_, response) => {
      response.on("error", () => undefined);
      const pour = (): void => {
        while (!response.destroyed && response.write(noise(10_000)));
      };
      response.on("drain", pour);
      pour();
    });
    const options = { folder: folder.path, retry: 1, maxSize: 2_000_000 };
    const [result] = await download([`${site.url}/endless`], options);
    expect(result?.error).toEqual({
      kind: "size",
      message: expect.stringMatching(
        /^its 2\d{6} bytes are more than the 2000000 that are allowed$/,
      ),
    });
    expect(folder.files()).toEqual([]);
    while (site.connected > 0) await sleep(1);
  });

  test("of a checksum has the file fetched once more, and no more than that", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "right");
    const wrong = site.put("/b", "wrong");
    const checksum = `sha256:${sha256(Buffer.from("right"))}`;
    site.fault("/a", (_, response) => void response.end("wrong"));
    const items = [
      { url, checksum },
      { url: wrong, checksum },
    ];
    const [first, second] = await download(items, { folder: folder.path, retry: AT_ONCE });
    expect(first).toMatchObject({ outcome: "done", attempts: 2 });
    expect(second).toMatchObject({ outcome: "failed", attempts: 2, error: { kind: "checksum" } });
    expect(folder.files()).toEqual(["a"]);
  });
});

describe("a file that is there", () => {
  test("is replaced, skipped or kept, as the options say", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "new");
    const at = join(folder.path, "a");
    writeFileSync(at, "old");
    const [failed] = await download([url], { folder: folder.path, existing: "fail" });
    expect(failed).toMatchObject({ outcome: "failed", error: { kind: "exists" }, attempts: 0 });
    const [skipped] = await download([url], { folder: folder.path, existing: "skip" });
    expect(skipped).toMatchObject({ outcome: "skipped", bytes: 3, status: 0, attempts: 0 });
    expect(folder.read("a").toString()).toBe("old");
    const [done] = await download([url], { folder: folder.path });
    expect(done?.outcome).toBe("done");
    expect(folder.read("a").toString()).toBe("new");
  });

  test("is not skipped when it has not the checksum of the item", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "new");
    writeFileSync(join(folder.path, "a"), "old");
    const checksum = sha256(Buffer.from("new"));
    const options = { folder: folder.path, existing: "skip" } as const;
    const [first] = await download([{ url, checksum }], options);
    const [second] = await download([{ url, checksum }], options);
    expect([first?.outcome, second?.outcome]).toEqual(["done", "skipped"]);
    expect(second?.sha256).toBe(checksum);
  });

  test("is asked for only if it has changed since its own time", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const lastModified = new Date(Date.now() - 86_400_000).toUTCString();
    const url = site.put("/a", "one", { lastModified });
    const options = { folder: folder.path, conditional: true, lastModified: true };
    const [first] = await download([url], options);
    expect(statSync(join(folder.path, "a")).mtimeMs).toBe(Date.parse(lastModified));
    const [second] = await download([url], options);
    site.put("/a", "two", { lastModified: new Date().toUTCString() });
    const [third] = await download([url], options);
    expect([first, second, third].map((result) => [result?.outcome, result?.status])).toEqual([
      ["done", 200],
      ["skipped", 304],
      ["done", 200],
    ]);
    expect(folder.read("a").toString()).toBe("two");
  });

  test("is a failure when it is a folder", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    mkdirSync(join(folder.path, "a/b"), { recursive: true });
    writeFileSync(join(folder.path, "file"), "");
    const items = [site.put("/a", "x"), { url: site.put("/b", "x"), output: "file/b" }];
    const results = await download(items, { folder: folder.path });
    expect(results.map(({ error }) => error?.kind)).toEqual(["name", "name"]);
    expect(folder.files()).toEqual(["file"]);
  });
});

describe("a cancel", () => {
  test("closes what is on its way and leaves no part without a journal", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/big", BIG, { etag: '"1"' });
    site.fault("/big", (_, response) => {
      response.writeHead(200, { "content-length": BIG.length, etag: '"1"' });
      response.write(BIG.subarray(0, 400_000));
    });
    const run = downloadAll([url], { folder: folder.path });
    const task = createTask(() => run.next());
    while ((run.progress.snapshot().active[0]?.bytes ?? 0) < 400_000) await sleep(1);
    expect(folder.files()).toEqual(["big.part"]);
    task.cancel();
    await expect(task).rejects.toThrow("cancelled");
    while (site.connected > 0) await sleep(1);
    expect(folder.files()).toEqual([]);
    expect(await run.next()).toEqual({ done: true, value: undefined });
  });

  test("by leaving the loop ends the run", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = Array.from({ length: 50 }, (_, n) => site.put(`/${n}`, "x"));
    for await (const _ of downloadAll(urls, { folder: folder.path, concurrency: 2 })) break;
    const { size } = site.asked;
    expect(size).toBeLessThan(6);
    await sleep(10);
    expect(site.asked.size).toBe(size);
    expect(site.connected).toBe(0);
  });
});

test("progress tells what is done, on its way and to come", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  const urls = Array.from({ length: 10 }, (_, n) => site.put(`/${n}`, noise(1000)));
  urls.push(`${site.url}/none`);
  const run = downloadAll(urls, { folder: folder.path, concurrency: 1 });
  expect(run.progress.snapshot()).toMatchObject({ total: 11, done: 0, active: [], eta: null });
  for (let n = 0; n < 5; n++) await run.next();
  const { done, active, bytes } = run.progress.snapshot();
  expect(done).toBeGreaterThanOrEqual(5);
  expect(active.length).toBeLessThanOrEqual(1);
  expect(bytes).toBeGreaterThanOrEqual(5000);
  await collect(run);
  expect(run.progress.snapshot()).toMatchObject({ done: 10, failed: 1, bytes: 10_000, eta: 0 });
});

async function collect(run: AsyncIterable<DownloadResult>): Promise<DownloadResult[]> {
  const results: DownloadResult[] = [];
  for await (const result of run) results.push(result);
  return results;
}
