/**
 * A real server of files: nginx, and nginx behind a proxy that cuts, resets, corrupts and delays.
 *
 * Over real sockets and real files, so in real time.
 */
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { downloadAll, type DownloadItem, type DownloadResult } from "ambit/download";
import { describe, expect, test } from "vitest";
import { FaultProxy } from "../servers/faultProxy.ts";
import { Nginx, nginxMissing } from "../servers/nginx.ts";
import { AT_ONCE, download, Folder, noise, sha256 } from "./site.ts";

const BYTES = noise(20_000);
const BIG = noise(1_000_000, 7);

/** Small files of all sizes, among them some of none; one in a hundred is larger than what is small. */
function bodyOf(n: number): Buffer {
  if (n % 100 === 0) return BIG.subarray(n, n + 70_000);
  return BYTES.subarray(n, n + ((n * 37) % 900));
}

function put(nginx: Nginx, count: number): DownloadItem[] {
  mkdirSync(join(nginx.files, "many"));
  return Array.from({ length: count }, (_, n) => {
    writeFileSync(join(nginx.files, "many", String(n)), bodyOf(n));
    return { url: `${nginx.url}/many/${n}`, checksum: `sha256:${sha256(bodyOf(n))}` };
  });
}

async function tally(run: AsyncIterable<DownloadResult>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for await (const { outcome, error } of run) {
    const key = error === undefined ? outcome : error.kind;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function wrongFiles(folder: Folder, count: number): number[] {
  return Array.from({ length: count }, (_, n) => n).filter(
    (n) => !folder.read(String(n)).equals(bodyOf(n)),
  );
}

describe.skipIf(nginxMissing() !== null)("nginx", () => {
  test(
    "gives 10,000 files, each once, with every checksum right",
    { timeout: 120_000 },
    async () => {
      const COUNT = 10_000;
      await using nginx = await Nginx.start();
      using folder = new Folder();
      const items = put(nginx, COUNT);
      const run = downloadAll(items, { folder: folder.path, concurrency: 32 });
      expect(await tally(run)).toEqual({ done: COUNT });
      expect(folder.files()).toHaveLength(COUNT);
      expect(wrongFiles(folder, COUNT)).toEqual([]);
      const served = await nginx.servedAtLeast(COUNT);
      expect(served).toHaveLength(COUNT);
      expect(new Set(served.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(served.map(({ connection }) => connection)).size).toBeLessThanOrEqual(32);
    },
  );

  test("gives the rest of a file in the next run, or all of it when it has changed", async () => {
    await using nginx = await Nginx.start();
    using folder = new Folder();
    const urls = ["same", "changed"].map((name) => nginx.put(name, BIG));
    // A rate at which the run can be left in the middle of the two, also on a machine that stands still for a second.
    const options = { folder: folder.path, journal: join(folder.path, ".journal"), sha256: true };
    const run = downloadAll(urls, { ...options, limitRate: 800_000 });
    const first = run.next();
    const arrived = (): number[] => run.progress.snapshot().active.map(({ bytes }) => bytes);
    while (arrived().length < 2 || arrived().some((bytes) => bytes < 300_000)) await tick();
    await run.return();
    await first.catch(() => undefined);
    const size = statSync(join(folder.path, "same.part")).size;
    expect(size).toBeGreaterThanOrEqual(262_144);
    const other = noise(900_000, 9);
    nginx.put("changed", other);
    const before = (await nginx.servedAtLeast(2)).length;
    const [same, changed] = await download(urls, options);
    expect(same).toMatchObject({
      outcome: "done",
      status: 206,
      resumed: size,
      sha256: sha256(BIG),
    });
    expect(changed).toMatchObject({ outcome: "done", status: 200, resumed: 0, bytes: 900_000 });
    expect(changed?.sha256).toBe(sha256(other));
    const served = (await nginx.servedAtLeast(before + 2)).slice(before);
    expect(served.map(({ range }) => /^bytes=\d+-$/.test(range))).toEqual([true, true]);
    expect(served.find(({ path }) => path === "/same")?.bytes).toBe(BIG.length - size);
  });

  test("gives segments by ranges, and a whole file where it takes none", async () => {
    await using nginx = await Nginx.start();
    using folder = new Folder();
    nginx.put("f", BIG);
    const items = ["", "norange/"].map((at, n) => ({
      url: `${nginx.url}/${at}f`,
      output: String(n),
      checksum: sha256(BIG),
    }));
    const options = { folder: folder.path, segments: 4, segmentSize: 100_000 };
    const results = await download(items, options);
    expect(results.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
    const served = await nginx.servedAtLeast(5);
    expect(
      served
        .filter(({ path }) => path === "/f")
        .map(({ range }) => range)
        .sort(),
    ).toEqual(["-", "bytes=250000-499999", "bytes=500000-749999", "bytes=750000-999999"]);
    expect(served.filter(({ path }) => path === "/norange/f")).toHaveLength(1);
  });

  test("compresses nothing that is downloaded", async () => {
    await using nginx = await Nginx.start();
    using folder = new Folder();
    nginx.put("f", BIG);
    const [result] = await download([`${nginx.url}/gzip/f`], { folder: folder.path });
    expect(result).toMatchObject({ outcome: "done", bytes: BIG.length });
    expect(folder.read("f").equals(BIG)).toBe(true);
  });

  test("tells by 304 that nothing has changed", async () => {
    await using nginx = await Nginx.start();
    using folder = new Folder();
    const url = nginx.put("f", "one");
    const journal = join(folder.path, ".journal");
    const options = { folder: folder.path, journal, conditional: true };
    await download([url], options);
    expect((await download([url], options))[0]).toMatchObject({ outcome: "skipped", status: 304 });
    nginx.put("f", "another");
    expect((await download([url], options))[0]).toMatchObject({ outcome: "done", bytes: 7 });
  });
});

describe.skipIf(nginxMissing() !== null)("nginx behind a proxy that does harm", () => {
  const COUNT = 2000;
  const SHARES = {
    delay: 0.05,
    cutHead: 0.03,
    resetHead: 0.03,
    cutBody: 0.03,
    resetBody: 0.03,
    corruptHead: 0.03,
    corruptBody: 0.03,
  };
  /** What leaves no file behind. */
  const HARMS = new Set(["cutHead", "resetHead", "cutBody", "resetBody", "corruptHead"]);

  test(
    "gives 2,000 files whole, by as many retries as there was harm",
    { timeout: 60_000 },
    async () => {
      await using nginx = await Nginx.start();
      await using proxy = await FaultProxy.start({ target: nginx.url, seed: 4, shares: SHARES });
      using folder = new Folder();
      const items = put(nginx, COUNT).map((item) => ({
        ...item,
        url: String(item.url).replace(nginx.url, proxy.url),
      }));
      const retry = { ...AT_ONCE, attempts: 20, budget: Infinity };
      const run = downloadAll(items, { folder: folder.path, concurrency: 16, retry });
      const results = new Map<string, DownloadResult>();
      for await (const result of run) results.set(`GET ${new URL(result.url).pathname}`, result);

      // A file that was corrupted twice is given up; every other one is there, whatever happened.
      const corrupted = new Map<string, number>();
      for (const { request, kind } of proxy.faults)
        if (kind === "corruptBody") corrupted.set(request, (corrupted.get(request) ?? 0) + 1);
      const hopeless = [...corrupted].filter(([, times]) => times > 1).map(([request]) => request);
      const failed = [...results].filter(([, { outcome }]) => outcome === "failed");
      expect(failed.map(([request]) => request).sort()).toEqual(hopeless.sort());
      expect(failed.every(([, { error }]) => error?.kind === "checksum")).toBe(true);
      const gone = new Set(failed.map(([request]) => Number(request.slice("GET /many/".length))));
      const wrong = Array.from({ length: COUNT }, (_, n) => n).filter(
        (n) => !gone.has(n) && !folder.read(String(n)).equals(bodyOf(n)),
      );
      expect(wrong).toEqual([]);
      expect(folder.files()).toHaveLength(COUNT - gone.size);

      // And the tally: each request that the proxy saw is an attempt, or was sent again by the client
      // over a new connection, because the old one had swallowed it.
      const harms = proxy.faults.filter(({ kind }) => HARMS.has(kind) || kind === "corruptBody");
      expect(harms.length).toBeGreaterThan(COUNT / 10);
      expect(proxy.faults).toHaveLength(COUNT + harms.length - gone.size);
      const last = proxy.last();
      const ends = [...results].map(([request, { outcome }]) => [outcome, last.get(request)?.kind]);
      expect(ends.filter(([outcome, kind]) => (outcome === "done") === isHarm(kind))).toEqual([]);
    },
  );

  function isHarm(kind: string | undefined): boolean {
    return kind === undefined || HARMS.has(kind) || kind === "corruptBody";
  }

  test(
    "tells of each of 2,000 without retries what the proxy did to it",
    { timeout: 60_000 },
    async () => {
      await using nginx = await Nginx.start();
      await using proxy = await FaultProxy.start({ target: nginx.url, seed: 5, shares: SHARES });
      using folder = new Folder();
      const items = put(nginx, COUNT).map((item) => ({
        ...item,
        url: String(item.url).replace(nginx.url, proxy.url),
      }));
      const run = downloadAll(items, { folder: folder.path, concurrency: 16, retry: 1 });
      const told = new Map<string, string>();
      for await (const { url, error, outcome } of run)
        told.set(`GET ${new URL(url).pathname}`, error?.kind ?? outcome);
      const expected = {
        none: "done",
        delay: "done",
        cutHead: "connect",
        resetHead: "connect",
        corruptHead: "connect",
        cutBody: "body",
        resetBody: "body",
        corruptBody: "checksum",
      } as Record<string, string>;
      const wrong = [...proxy.last()].filter(
        ([request, { kind }]) => told.get(request) !== expected[kind],
      );
      expect(wrong.map(([request, { kind }]) => [request, kind, told.get(request)])).toEqual([]);
      expect(told.size).toBe(COUNT);
    },
  );
});

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
