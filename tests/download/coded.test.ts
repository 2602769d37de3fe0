/**
 * Servers that compress although nobody asked: the file is what they sent, and everything that is
 * counted, checked and gone on with is counted in those bytes.
 *
 * Over real sockets and real files, so in real time.
 */
import { gzipSync } from "node:zlib";
import { ClientSession } from "ambit/http";
import { describe, expect, test } from "vitest";
import { AT_ONCE, cutAfter, download, Folder, noise, sha256, Site } from "./site.ts";

const CODED = { "content-encoding": "gzip" };
const SMALL = gzipSync("hello");
const BIG = gzipSync(noise(400_000));

describe("a body that came compressed unasked", () => {
  test.each([
    ["small", SMALL],
    ["big", BIG],
  ])("is kept as it was sent: a %s one", async (_, body) => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", body, { headers: CODED, etag: '"1"' });
    const item = { url, checksum: `sha256:${sha256(body)}` };
    const [result] = await download([item], { folder: folder.path });
    expect(result).toMatchObject({ outcome: "done", bytes: body.length, sha256: sha256(body) });
    expect(folder.read("f").equals(body)).toBe(true);
    expect(site.headers.get("/f")?.[0]?.["accept-encoding"]).toBe("identity");
  });

  test("is not decoded by a session that decodes, nor without a length", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", BIG);
    site.fault("/f", (_, response) => {
      response.writeHead(200, CODED);
      response.write(BIG.subarray(0, 1000));
      response.end(BIG.subarray(1000));
    });
    await using session = new ClientSession({ decompress: true });
    const [result] = await download([url], { folder: folder.path, session });
    expect(result).toMatchObject({ outcome: "done", bytes: BIG.length });
    expect(folder.read("f").equals(BIG)).toBe(true);
  });

  test("is gone on with where it was cut, and comes in segments", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = ["/cut", "/cuts"].map((path) =>
      site.put(path, BIG, { headers: CODED, etag: '"1"' }),
    );
    site.fault("/cut", cutAfter(200_000));
    const options = { folder: folder.path, retry: AT_ONCE, sha256: true };
    const [cut] = await download(urls.slice(0, 1), options);
    expect(cut).toMatchObject({ outcome: "done", attempts: 2, status: 206, sha256: sha256(BIG) });
    expect(cut?.resumed).toBeGreaterThan(0);
    const [segmented] = await download(urls.slice(1), {
      ...options,
      segments: 4,
      segmentSize: 50_000,
    });
    expect(segmented).toMatchObject({ outcome: "done", sha256: sha256(BIG) });
    expect(site.asked.get("/cuts")).toBe(4);
  });

  test("with fewer bytes than its length is not taken for whole", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/f", SMALL, { headers: CODED });
    site.fault("/f", cutAfter(5));
    const [result] = await download([url], { folder: folder.path, retry: 1 });
    expect(result).toMatchObject({ outcome: "failed", error: { kind: "body" } });
    expect(folder.files()).toEqual([]);
  });
});
