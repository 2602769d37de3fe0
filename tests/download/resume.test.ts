/**
 * Going on where an earlier attempt or run has ended, without ever glueing two versions of a file
 * together.
 *
 * Over real sockets and real files, so in real time.
 */
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTask } from "ambit";
import { downloadAll, type DownloadOptions } from "ambit/download";
import { describe, expect, test } from "vitest";
import {
  type Answer,
  AT_ONCE,
  cutAfter,
  download,
  Folder,
  noise,
  sha256,
  Site,
  status,
} from "./site.ts";

const ONE = noise(900_000, 1);
const TWO = noise(900_000, 2);
const CUT = 500_000;
const OLD = new Date(Date.now() - 86_400_000).toUTCString();

function journaled(folder: Folder, more: DownloadOptions = {}): DownloadOptions {
  return { folder: folder.path, journal: join(folder.path, ".journal"), retry: AT_ONCE, ...more };
}

/** Lets a run fetch the first bytes of a file and fail. */
async function begin(site: Site, folder: Folder, url: string, more: DownloadOptions = {}) {
  site.fault("/f", cutAfter(CUT));
  const [result] = await download([url], journaled(folder, { retry: 1, ...more }));
  expect(result).toMatchObject({ outcome: "failed", error: { kind: "body" } });
}

describe("a body that was cut", () => {
  test.each([
    ["a strong ETag", { etag: '"1"' }],
    ["an old Last-Modified", { lastModified: OLD }],
  ])("is gone on with by %s, in the same run", async (_, validators) => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, validators);
    site.fault("/f", cutAfter(CUT));
    const options = { folder: folder.path, retry: AT_ONCE, sha256: true };
    const [result] = await download([url], options);
    expect(result).toMatchObject({
      outcome: "done",
      attempts: 2,
      status: 206,
      sha256: sha256(ONE),
    });
    expect(result?.resumed).toBeGreaterThan(0);
    expect(result?.resumed).toBeLessThanOrEqual(CUT);
    expect(folder.read("f").equals(ONE)).toBe(true);
    const [, second] = site.headers.get("/f") ?? [];
    expect(second?.["if-range"]).toBe(Object.values(validators)[0]);
    expect(second?.range).toBe(`bytes=${result?.resumed}-`);
    expect(second?.["accept-encoding"]).toBe("identity");
  });

  test.each([
    ["a weak ETag", { etag: 'W/"1"' }],
    ["no validator", {}],
    ["a weak ETag and a Last-Modified", { etag: 'W/"1"', lastModified: OLD }],
    ["a Last-Modified of just now", { lastModified: "now" }],
  ])("is fetched from its first byte with %s", async (_, validators: Record<string, string>) => {
    await using site = await Site.start();
    using folder = new Folder();
    if (validators["lastModified"] === "now") {
      validators = { lastModified: new Date(Date.now() + 1000).toUTCString() };
    }
    const url = site.put("/f", ONE, validators);
    site.fault("/f", cutAfter(CUT));
    const [result] = await download([url], { folder: folder.path, retry: AT_ONCE });
    expect(result).toMatchObject({ outcome: "done", attempts: 2, status: 200, resumed: 0 });
    expect(site.headers.get("/f")?.[1]?.range).toBeUndefined();
    expect(folder.read("f").equals(ONE)).toBe(true);
  });
});

describe("the next run", () => {
  test("goes on with a part, and hashes all of it", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    await begin(site, folder, url);
    const size = statSync(join(folder.path, "f.part")).size;
    expect(size).toBeGreaterThan(0);
    const item = { url, checksum: [`sha256:${sha256(ONE)}`] };
    const [result] = await download([item], journaled(folder));
    expect(result).toMatchObject({
      outcome: "done",
      resumed: size,
      bytes: ONE.length,
      attempts: 1,
    });
    expect(folder.read("f").equals(ONE)).toBe(true);
    expect(folder.files()).toEqual([".journal", "f"]);
  });

  test("starts afresh when the file has changed", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    await begin(site, folder, url);
    site.put("/f", TWO, { etag: '"2"' });
    const [result] = await download([url], journaled(folder));
    expect(result).toMatchObject({ outcome: "done", resumed: 0, status: 200, attempts: 1 });
    expect(folder.read("f").equals(TWO)).toBe(true);
  });

  const LIES: readonly (readonly [string, Answer])[] = [
    ["ignores the Range", (_, response) => void response.end(TWO)],
    [
      "sends another part",
      (_, response) => {
        response.writeHead(206, { "content-range": `bytes 0-9/${TWO.length}`, etag: '"1"' });
        response.end(TWO.subarray(0, 10));
      },
    ],
    [
      "sends a part of another ETag",
      (request, response) => sendRest(request.headers.range, response, { etag: '"2"' }),
    ],
    [
      "sends a part of a file of another size",
      (request, response) => sendRest(request.headers.range, response, {}, 1),
    ],
    [
      "sends a part without saying which",
      (_, response) => void response.writeHead(206).end(TWO.subarray(CUT)),
    ],
    ["sends a 416", status(416, { "content-range": "bytes */10" })],
  ];

  test.each(LIES)("is not misled by a server that %s", async (_, lie) => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    await begin(site, folder, url);
    site.put("/f", TWO, { etag: '"1"' });
    site.fault("/f", lie);
    const [result] = await download([url], journaled(folder));
    expect(result).toMatchObject({ outcome: "done", resumed: 0, bytes: TWO.length });
    expect(folder.read("f").equals(TWO)).toBe(true);
  });

  test("needs no request for a part that is whole already", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    await begin(site, folder, url);
    writeFileSync(join(folder.path, "f.part"), ONE);
    const [result] = await download([url], journaled(folder));
    expect(result).toMatchObject({ outcome: "done", bytes: ONE.length });
    expect(site.asked.get("/f")).toBe(1);
    expect(folder.read("f").equals(ONE)).toBe(true);
  });

  test("does not ask for a file that it knows to be finished, and is there", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = [site.put("/a", "aaa", { etag: '"a"' }), site.put("/f", ONE), site.put("/c", "c")];
    await download(urls, journaled(folder, { sha256: true }));
    writeFileSync(join(folder.path, "c"), "longer than it was");
    const results = await download(urls, journaled(folder));
    expect(results.map(({ outcome }) => outcome)).toEqual(["skipped", "skipped", "done"]);
    expect(results[0]).toMatchObject({
      bytes: 3,
      etag: '"a"',
      sha256: sha256(Buffer.from("aaa")),
      attempts: 0,
      status: 0,
    });
    expect([...site.asked.values()]).toEqual([1, 1, 2]);
  });

  test("asks for a finished file whose item now comes from elsewhere", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    await download([site.put("/x/a", "one")], journaled(folder));
    await download([site.put("/y/a", "two")], journaled(folder));
    expect(folder.read("a").toString()).toBe("two");
  });

  test("asks whether a finished file has changed, if that is wanted", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "one", { etag: '"1"' });
    const options = journaled(folder, { conditional: true });
    await download([url], options);
    expect((await download([url], options))[0]).toMatchObject({ outcome: "skipped", status: 304 });
    site.put("/a", "two", { etag: '"2"' });
    expect((await download([url], options))[0]).toMatchObject({ outcome: "done", status: 200 });
    expect(folder.read("a").toString()).toBe("two");
  });

  test("finds a file that was named by the server, by its URL", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const headers = { "content-disposition": `attachment; filename="../../.evil/n\u0061me.txt"` };
    const url = site.put("/f?id=1", ONE, { headers, etag: '"1"' });
    const options = journaled(folder, { name: "{disposition}" });
    const [first] = await download([url], options);
    const [second] = await download([url], options);
    expect([first?.path, second?.path]).toEqual([
      join(folder.path, "name.txt"),
      join(folder.path, "name.txt"),
    ]);
    expect([first?.outcome, second?.outcome]).toEqual(["done", "skipped"]);
    expect(site.asked.get("/f?id=1")).toBe(1);
  });

  test("goes on after a cancel, which keeps what has come", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    site.fault("/f", (_, response) => {
      response.writeHead(200, { "content-length": ONE.length, etag: '"1"' });
      response.write(ONE.subarray(0, CUT));
    });
    const run = downloadAll([url], journaled(folder));
    const task = createTask(() => run.next());
    while ((run.progress.snapshot().active[0]?.bytes ?? 0) < CUT)
      await new Promise((resolve) => setTimeout(resolve, 1));
    task.cancel();
    await expect(task).rejects.toThrow("cancelled");
    expect(statSync(join(folder.path, "f.part")).size).toBe(CUT);
    const [result] = await download([url], journaled(folder));
    expect(result).toMatchObject({ outcome: "done", resumed: CUT });
    expect(folder.read("f").equals(ONE)).toBe(true);
  });

  test("removes a part that nothing can be added to", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE);
    await begin(site, folder, url);
    expect(folder.files()).toEqual([".journal"]);
  });
});

describe("segments", () => {
  const segmented = (folder: Folder, more: DownloadOptions = {}): DownloadOptions =>
    journaled(folder, { segments: 4, segmentSize: 100_000, ...more });

  test("fetch a big file by ranges of the same ETag", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    const [result] = await download([url], segmented(folder, { sha256: true }));
    expect(result).toMatchObject({ outcome: "done", bytes: ONE.length, sha256: sha256(ONE) });
    expect(folder.read("f").equals(ONE)).toBe(true);
    const ranges = (site.headers.get("/f") ?? []).map(({ range }) => range);
    expect(ranges).toEqual([
      undefined,
      "bytes=225000-449999",
      "bytes=450000-674999",
      "bytes=675000-899999",
    ]);
    expect(site.headers.get("/f")?.[1]?.["if-range"]).toBe('"1"');
  });

  test.each([
    ["a weak ETag", { etag: 'W/"1"' }],
    ["no ETag", { lastModified: OLD }],
    ["no ranges", { etag: '"1"', ranges: false }],
  ])("are not used with %s, nor for a file that is too small for two", async (_, served) => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = [site.put("/f", ONE, served), site.put("/s", noise(199_999), { etag: '"s"' })];
    const results = await download(urls, segmented(folder));
    expect(results.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    expect([...site.asked.values()]).toEqual([1, 1]);
  });

  test("that fail are tried again by themselves, from where they were", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    site.fault("/f", (request, response, at) => {
      // The first request is served; of the next two, one is cut and one refused.
      at.fault("/f", cutRange, status(503));
      at.fault("/f", ...([] as Answer[]));
      cutAfter(ONE.length)(request, response, at);
    });
    const [result] = await download([url], segmented(folder));
    expect(result).toMatchObject({ outcome: "done", attempts: 1 });
    expect(folder.read("f").equals(ONE)).toBe(true);
    expect(site.asked.get("/f")).toBe(6);
  });

  test("go on in the next run, each from where it was", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    site.fault("/f", cutAfter(ONE.length), cutRange, status(404), status(404));
    const [failed] = await download([url], segmented(folder, { retry: 1 }));
    expect(failed).toMatchObject({ outcome: "failed" });
    const before = site.asked.get("/f") as number;
    const [result] = await download([url], segmented(folder, { sha256: true }));
    expect(result).toMatchObject({ outcome: "done", sha256: sha256(ONE) });
    expect(result?.resumed).toBeGreaterThan(0);
    const ranges = (site.headers.get("/f") ?? []).slice(before).map(({ range }) => range);
    expect(ranges.every((range) => /^bytes=\d+-\d+$/.test(range ?? ""))).toBe(true);
    expect(folder.read("f").equals(ONE)).toBe(true);
  });

  test.each([
    ["has changed", { etag: '"2"' }],
    ["is no longer given in ranges", { etag: '"1"', ranges: false }],
  ])("start afresh when the file %s", async (_, served) => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    site.fault("/f", (request, response, at) => {
      cutAfter(ONE.length)(request, response, at);
      at.put("/f", TWO, served);
    });
    const [result] = await download([url], segmented(folder));
    expect(result).toMatchObject({ outcome: "done", bytes: TWO.length, resumed: 0 });
    expect(folder.read("f").equals(TWO)).toBe(true);
  });

  test("do not believe a journal that the disk does not bear out", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", ONE, { etag: '"1"' });
    site.fault("/f", cutAfter(ONE.length), status(404), status(404), status(404));
    await download([url], segmented(folder, { retry: 1 }));
    expect(readFileSync(join(folder.path, ".journal"), "utf8")).toContain("stretches");
    truncateSync(join(folder.path, "f.part"), 1000);
    const [result] = await download([url], segmented(folder));
    expect(result?.outcome).toBe("done");
    expect(folder.read("f").equals(ONE)).toBe(true);
  });
});

/** Sends the first half of a range, and ends the connection. */
const cutRange: Answer = (request, response, site) => {
  const { body = Buffer.alloc(0), etag = "" } = site.files.get("/f") ?? {};
  const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const [from, to] = [Number(first), Number(last) + 1];
  const range = `bytes ${from}-${to - 1}/${body.length}`;
  response.writeHead(206, { "content-range": range, "content-length": to - from, etag });
  const half = body.subarray(from, (from + to) >> 1);
  response.write(half, () => setTimeout(() => response.destroy(), 5));
};

function sendRest(
  range: string | undefined,
  response: Parameters<Answer>[1],
  headers: Record<string, string>,
  more = 0,
): void {
  const from = Number(/bytes=(\d+)-/.exec(range ?? "")?.[1]);
  const size = TWO.length + more;
  response.writeHead(206, { "content-range": `bytes ${from}-${size - 1}/${size}`, ...headers });
  response.end(Buffer.concat([TWO.subarray(from), Buffer.alloc(more)]));
}
