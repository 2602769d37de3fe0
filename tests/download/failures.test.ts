/**
 * What is wrong between here and the file, by kind: names, certificates, proxies, redirects, waits.
 *
 * Over real sockets, so in real time; only names are looked up by a function.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { ClientSession, type ConnectorOptions } from "ambit/http";
import type { DownloadOptions, DownloadResult } from "ambit/download";
import { describe, expect, test } from "vitest";
import { AT_ONCE, download, Folder, Site, status } from "./site.ts";

const CERTIFICATE = join(import.meta.dirname, "../streams/certificate");
const read = (name: string): Buffer => readFileSync(join(CERTIFICATE, name));
const IDENTITY = { cert: read("localhost.pem"), key: read("localhost.key") };

interface Listening {
  listen(port: number, host: string): unknown;
  address(): unknown;
  close(done: () => void): unknown;
}

/** The port of a server that is closed in the end. */
async function listening(server: Listening & NodeJS.EventEmitter) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(done)) };
}

async function failure(
  session: ClientSession,
  url: string,
  more: DownloadOptions = {},
): Promise<DownloadResult> {
  using folder = new Folder();
  const options = { folder: folder.path, retry: { ...AT_ONCE, attempts: 3 }, session, ...more };
  const [result] = await download([url], options);
  expect(result).toMatchObject({ outcome: "failed", path: expect.anything() });
  expect(folder.files()).toEqual([]);
  return result as DownloadResult;
}

describe("TLS", () => {
  test.each<[string, ConnectorOptions["tls"]]>([
    ["a certificate that nobody has vouched for", {}],
    ["a certificate of another name", { ca: read("ca.pem"), servername: "example.org" }],
    ["a certificate of another fingerprint", { ca: read("ca.pem"), fingerprint: "00".repeat(32) }],
  ])("%s is final", async (_, tls = {}) => {
    await using server = await listening(
      createServer(IDENTITY, (__, response) => response.end("never")),
    );
    await using session = new ClientSession({ connector: { tls, family: 4 } });
    const result = await failure(session, `https://localhost:${server.port}/a`);
    expect(result).toMatchObject({ error: { kind: "tls" }, attempts: 1, status: 0 });
  });

  test("a server that speaks none is asked once", async () => {
    await using site = await Site.start();
    await using session = new ClientSession();
    const result = await failure(session, `${site.url.replace("http:", "https:")}/a`);
    expect(result).toMatchObject({ error: { kind: "tls" }, attempts: 1 });
    expect(site.asked.size).toBe(0);
  });
});

describe("a name", () => {
  test.each([
    ["ENOTFOUND", 1],
    ["EAI_AGAIN", 3],
  ])("whose lookup gives %s is looked up so many times: %d", async (code, attempts) => {
    let lookups = 0;
    const lookup: ConnectorOptions["lookup"] = (host, _, done) => {
      lookups++;
      const error = Object.assign(new Error(`getaddrinfo ${code} ${host}`), { code });
      setImmediate(done as (error: Error) => void, error);
    };
    await using session = new ClientSession({ connector: { lookup } });
    const result = await failure(session, "http://files.example/a");
    expect(result).toMatchObject({ error: { kind: "dns" }, attempts, status: 0 });
    expect(lookups).toBe(attempts);
  });
});

describe("a proxy", () => {
  test("that is not there is tried again", async () => {
    const gone = await Site.start();
    await gone[Symbol.asyncDispose]();
    await using session = new ClientSession({ proxy: gone.url });
    const result = await failure(session, "https://files.example/a");
    expect(result).toMatchObject({ error: { kind: "proxy" }, attempts: 3 });
  });

  test("that lets nobody through is not, and its password is not told", async () => {
    const server = createHttpServer();
    let asked = 0;
    server.on("connect", (_, socket) => {
      asked++;
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    });
    await using proxy = await listening(server);
    await using session = new ClientSession({ proxy: `http://me:s3cret@127.0.0.1:${proxy.port}` });
    const result = await failure(session, "https://files.example/a");
    expect(result).toMatchObject({ error: { kind: "proxy" }, attempts: 1 });
    expect(result.error?.message).toContain("407");
    expect(result.error?.message).not.toContain("s3cret");
    expect(asked).toBe(1);
  });

  test("that is no HTTP server, or goes away, fails as the way to it", async () => {
    const server = createTcpServer((socket) => socket.on("error", () => undefined).destroy());
    await using proxy = await listening(server);
    await using session = new ClientSession({ proxy: `http://127.0.0.1:${proxy.port}` });
    const result = await failure(session, "https://files.example/a");
    expect(result).toMatchObject({ error: { kind: "proxy" }, attempts: 3 });
  });
});

describe("a redirect", () => {
  test("that leads round and round is given up, once", async () => {
    await using site = await Site.start();
    await using session = new ClientSession();
    for (const [path, to] of [
      ["/a", "/b"],
      ["/b", "/a"],
    ] as const)
      site.fault(path, ...Array(20).fill(status(302, { location: to })));
    const result = await failure(session, `${site.url}/a`);
    expect(result).toMatchObject({ error: { kind: "redirect" }, attempts: 1 });
    expect((site.asked.get("/a") ?? 0) + (site.asked.get("/b") ?? 0)).toBe(11);
  });

  test.each([
    ["to another scheme", { location: "ftp://example.org/a" }],
    ["to no URL", { location: "http://[" }],
    ["to nowhere", {}],
  ])("%s is final", async (_, headers: Record<string, string>) => {
    await using site = await Site.start();
    await using session = new ClientSession();
    site.fault("/a", status(302, headers));
    const result = await failure(session, `${site.url}/a`);
    expect(result).toMatchObject({ error: { kind: "redirect" }, attempts: 1 });
  });
});

describe("a Retry-After beyond what is obeyed", () => {
  test.each([
    ["seconds", () => "2"],
    ["a date", () => new Date(Date.now() + 10_000).toUTCString()],
  ])("in %s fails at once, and the status is told", async (_, after) => {
    await using site = await Site.start();
    await using session = new ClientSession();
    site.fault("/a", (request, response, at) =>
      status(429, { "retry-after": after() })(request, response, at),
    );
    const retry = { ...AT_ONCE, maxRetryAfter: 1500 };
    const began = performance.now();
    const result = await failure(session, `${site.url}/a`, { retry });
    expect(result).toMatchObject({ error: { kind: "http" }, attempts: 1, status: 429 });
    expect(performance.now() - began).toBeLessThan(1500);
  });

  test("has the mirror asked at once", async () => {
    await using busy = await Site.start();
    await using idle = await Site.start();
    using folder = new Folder();
    busy.fault("/a", status(503, { "retry-after": "3600" }));
    const items = [{ url: `${busy.url}/a`, mirrors: [idle.put("/a", "here")] }];
    const retry = { ...AT_ONCE, maxRetryAfter: 50 };
    const [result] = await download(items, { folder: folder.path, retry });
    expect(result).toMatchObject({ outcome: "done", attempts: 2, finalUrl: `${idle.url}/a` });
  });
});
