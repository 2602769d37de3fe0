/**
 * What options of `ambit get` do on the wire: each by what the server or the proxy saw. Over real
 * sockets, in real time.
 */
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { runCommandLine } from "../../../src/cli/commandLine.ts";
import { Folder, noise, Site } from "../../download/site.ts";
import { HttpProxy, SocksProxy } from "../../http/proxies.ts";
import { SecureOrigin } from "../../http/secureOrigin.ts";
import { FakePipe } from "../screen.ts";

const CA = join(import.meta.dirname, "../../streams/certificate/ca.pem");

interface Ended {
  readonly code: number;
  readonly results: readonly Record<string, unknown>[];
  readonly err: string;
}

async function get(folder: Folder, ...args: readonly string[]): Promise<Ended> {
  const [out, err] = [new FakePipe(), new FakePipe()];
  const streams = { in: () => Readable.from([]), out, err, env: { LANG: "C" } };
  const code = await runCommandLine(["get", "--json", "-d", folder.path, ...args], streams);
  const lines = out.text.split("\n").slice(0, -1);
  return { code, results: lines.map((line) => JSON.parse(line)), err: err.text };
}

describe("--proxy", () => {
  test("of http: plain URLs are asked of it, with its user, and the server sees no proxy words", async () => {
    await using site = await Site.start();
    await using proxy = await HttpProxy.start({ auth: "ada:pass" });
    using folder = new Folder();
    const url = site.put("/a", "content");
    const through = proxy.url.replace("//", "//ada:pass@");
    const { code, err } = await get(folder, url, "--proxy", through);
    expect(code).toBe(0);
    expect(proxy.seen).toEqual([`GET ${url}`]);
    expect(site.headers.get("/a")?.[0]).not.toHaveProperty("proxy-authorization");
    expect(folder.read("a").toString()).toBe("content");
    expect(err).not.toContain("pass");
  });

  test("of http: secure URLs go through a tunnel", async () => {
    await using origin = await SecureOrigin.start();
    await using proxy = await HttpProxy.start();
    using folder = new Folder();
    const { code } = await get(folder, `${origin.url}/a`, "--proxy", proxy.url, "--ca", CA);
    expect(code).toBe(0);
    expect(proxy.seen).toEqual([`CONNECT localhost:${origin.port}`]);
    expect(origin.seen).toEqual(["1.1 GET /a"]);
  });

  test("of socks5: it is told the server's address", async () => {
    await using site = await Site.start();
    await using proxy = await SocksProxy.start({ user: "ada", password: "pass" });
    using folder = new Folder();
    const through = proxy.url.replace("//", "//ada:pass@");
    const { code } = await get(folder, site.put("/a", "content"), "--proxy", through);
    expect(code).toBe(0);
    expect(proxy.wrong).toEqual([]);
    expect(proxy.seen).toEqual([`ipv4 ${new URL(site.url).host}`]);
    expect(site.asked.get("/a")).toBe(1);
  });

  test("that is not there is a failure of kind proxy", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const url = site.put("/a", "content");
    const run = await get(folder, url, "--proxy", "http://127.0.0.1:9", "--retries", "0");
    expect(run.code).toBe(1);
    expect(run.results[0]).toMatchObject({ error: { kind: "proxy" } });
    expect(site.asked.size).toBe(0);
  });
});

describe("TLS", () => {
  test.each([
    ["without --http2 it is HTTP/1.1", [], "1.1", 3],
    ["with --http2 it is HTTP/2, over one connection", ["--http2"], "2.0", 1],
  ])("%s, and --ca trusts the server", async (_, args, version, connections) => {
    await using origin = await SecureOrigin.start();
    using folder = new Folder();
    const urls = ["a", "b", "c"].map((name) => `${origin.url}/${name}`);
    const { code } = await get(folder, ...urls, "--proxy", "none", "--ca", CA, ...args);
    expect(code).toBe(0);
    const seen = ["a", "b", "c"].map((name) => `${version} GET /${name}`);
    expect([...origin.seen].sort()).toEqual(seen);
    expect(origin.connections).toBeLessThanOrEqual(connections);
    expect(folder.read("c").toString()).toBe("hello /c");
  });

  test("a server that nobody vouches for is asked for nothing, but with --insecure", async () => {
    await using origin = await SecureOrigin.start();
    using folder = new Folder();
    const args = [`${origin.url}/a`, "--proxy", "none", "--retries", "0"];
    const refused = await get(folder, ...args);
    expect(refused.code).toBe(1);
    expect(refused.results[0]).toMatchObject({ error: { kind: "tls" } });
    expect(origin.seen).toEqual([]);
    expect((await get(folder, ...args, "--insecure")).code).toBe(0);
    expect(origin.seen).toEqual(["1.1 GET /a"]);
  });
});

describe("how much at a time", () => {
  test("--segments asks for parts that make up the file, each once", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const piece = noise(1024 * 1024);
    const body = Buffer.concat(
      Array.from({ length: 40 }, (_, n) => Buffer.concat([piece, Buffer.from([n])])),
    );
    const url = site.put("/big", body, { etag: '"1"' });
    const { code, results } = await get(folder, url, "--proxy", "none", "--segments", "2");
    expect(code).toBe(0);
    expect(results[0]).toMatchObject({ bytes: body.length, attempts: 1 });
    expect(folder.read("big").equals(body)).toBe(true);
    const headers = site.headers.get("/big") ?? [];
    expect(headers.length).toBe(2);
    const ranged = headers.filter(({ range }) => range !== undefined);
    expect(ranged.length).toBeGreaterThan(0);
    for (const { "if-range": condition } of ranged) {
      expect(condition === undefined || condition === '"1"').toBe(true);
    }
  });

  test("--limit-rate holds for all files together", async () => {
    await using site = await Site.start();
    using folder = new Folder();
    const urls = ["/a", "/b", "/c"].map((path) => site.put(path, noise(100_000)));
    const began = performance.now();
    const { code } = await get(folder, ...urls, "--proxy", "none", "--limit-rate", "300k");
    const seconds = (performance.now() - began) / 1000;
    expect(code).toBe(0);
    // 300,000 bytes, less a tenth of a second's, which is let through at once.
    expect(seconds).toBeGreaterThan(300_000 / (300 * 1024) - 0.11);
    expect(folder.read("b")).toHaveLength(100_000);
  });
});

test("--conditional asks with what the last run was told, and replaces what has changed", async () => {
  await using site = await Site.start();
  using folder = new Folder();
  const urls = [
    site.put("/same", "same", { etag: '"1"' }),
    site.put("/changed", "old", { etag: '"1"' }),
    site.put("/dated", "dated", { lastModified: "Wed, 21 Oct 2015 07:28:00 GMT" }),
  ];
  const args = [...urls, "--proxy", "none", "--conditional"];
  expect((await get(folder, ...args)).code).toBe(0);
  site.put("/changed", "new", { etag: '"2"' });
  const { code, results } = await get(folder, ...args);
  expect(code).toBe(0);
  const outcomes = results.map(
    ({ url, outcome, status }) =>
      `${String(url).replace(site.url, "")} ${String(outcome)} ${String(status)}`,
  );
  expect(outcomes.sort()).toEqual(["/changed done 200", "/dated skipped 304", "/same skipped 304"]);
  expect(site.headers.get("/same")?.[1]).toMatchObject({ "if-none-match": '"1"' });
  expect(site.headers.get("/dated")?.[1]).toMatchObject({
    "if-modified-since": "Wed, 21 Oct 2015 07:28:00 GMT",
  });
  expect(folder.read("changed").toString()).toBe("new");
});
