/**
 * Bodies through the whole application, in memory and over real sockets: real time.
 */
import { run, sleep } from "ambit";
import { Application, type ApplicationOptions, serveOpenApi } from "ambit/web";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";

const folder = mkdtempSync(join(tmpdir(), "ambit-bodies-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

const ways: [string, (app: Application, use: (ask: Ask) => Promise<void>) => Promise<void>][] = [
  [
    "in memory",
    (app, use) => run(() => use((path, init) => app.fetch(new Request(`http://h${path}`, init)))),
  ],
  [
    "over a socket",
    (app, use) =>
      run(async () => {
        await using server = await app.start({ port: 0 });
        await use((path, init = {}) => {
          const headers = { connection: "close", ...(init.headers as object) };
          return fetch(`http://127.0.0.1:${server.port}${path}`, { ...init, headers });
        });
      }),
  ],
];

async function emptied(): Promise<string[]> {
  for (let tries = 0; tries < 200 && readdirSync(folder).length > 0; tries++) await sleep(5);
  return readdirSync(folder);
}

function application(options: ApplicationOptions = {}): Application {
  return new Application({}, { debug: false, ...options });
}

describe.each(ways)("a body %s", (_, within) => {
  test("is checked, and answered for in the client's form when it is wrong", () => {
    const app = application();
    const body = z.object({ n: z.coerce.number() });
    app.post(
      "/:id<int>",
      { body, params: z.object({ id: z.number().max(9) }) },
      ({ valid }) => valid,
    );
    return within(app, async (ask) => {
      const post = (
        path: string,
        sent: string | URLSearchParams,
        headers: Record<string, string> = {},
      ) => ask(path, { method: "POST", body: sent, headers });
      const json = { "content-type": "application/json" };
      expect(await (await post("/7", '{"n":"1"}', json)).json()).toEqual({
        params: { id: 7 },
        body: { n: 1 },
      });
      expect(await (await post("/7", new URLSearchParams({ n: "2" }))).json()).toMatchObject({
        body: { n: 2 },
      });
      const wrong = await post("/7", '{"n":"x"}', json);
      expect([wrong.status, wrong.headers.get("content-type")]).toEqual([
        422,
        "application/problem+json",
      ]);
      expect(await wrong.json()).toMatchObject({ issues: [{ path: "body.n" }] });
      expect(await (await post("/10", "{", json)).json()).toMatchObject({
        issues: [{ path: "params.id" }],
      });
      const page = await post("/7", '{"n":"x"}', { ...json, accept: "text/html" });
      expect(await page.text()).toContain("<li><code>body.n</code>");
      const other = await post("/7", "x", { "content-type": "text/plain" });
      expect([other.status, other.headers.get("accept")]).toEqual([
        415,
        "application/json, application/x-www-form-urlencoded, multipart/form-data",
      ]);
    });
  });

  test("that came compressed is decoded, up to the route's limit", () => {
    const app = application({ bodyLimit: 5000 });
    app.post("/default", (request) => request.text());
    app.post("/large", { bodyLimit: 100_000 }, async (request) => (await request.bytes()).length);
    app.post("/plain", { decompress: false }, (request) => request.text());
    return within(app, async (ask) => {
      const zip = (path: string, length: number) =>
        ask(path, {
          method: "POST",
          body: gzipSync("x".repeat(length)),
          headers: { "content-encoding": "gzip" },
        });
      expect(await (await zip("/default", 5000)).text()).toBe("x".repeat(5000));
      expect((await zip("/default", 5001)).status).toBe(413);
      expect(await (await zip("/large", 100_000)).text()).toBe("100000");
      expect((await zip("/large", 10_000_000)).status).toBe(413);
      const refused = await zip("/plain", 1);
      expect([refused.status, refused.headers.get("accept-encoding")]).toEqual([415, "identity"]);
    });
  });

  test("with files leaves none behind, whatever becomes of it", () => {
    const app = application({ bodyLimit: 1_000_000 });
    app.post("/up", async (request) => {
      const form = await request.form({ folder, fileSize: 300_000 });
      expect(readdirSync(folder)).toHaveLength(1);
      if (form.has("fail")) throw new Error("no");
      return form.files().map(({ size }) => size);
    });
    app.exception(Error, () => "failed");
    return within(app, async (ask) => {
      const send = async (size: number, more: Record<string, string> = {}): Promise<string> => {
        const form = new FormData();
        form.append("f", new Blob([new Uint8Array(size)]), "x");
        for (const [name, value] of Object.entries(more)) form.append(name, value);
        return (await ask("/up", { method: "POST", body: form })).text();
      };
      expect(await send(200_000)).toBe("[200000]");
      expect(await send(200_000, { fail: "1" })).toBe("failed");
      expect(await send(300_001)).toBe("failed");
      expect(await emptied()).toEqual([]);
    });
  });

  test("is documented as it is checked", () => {
    const app = application();
    app.post("/a", { body: z.object({ n: z.number() }) }, ({ valid }) => valid.body);
    serveOpenApi(app, { title: "A", version: "1" });
    return within(app, async (ask) => {
      expect(await (await ask("/openapi.json")).json()).toMatchObject({
        paths: { "/a": { post: {} } },
      });
      expect(await (await ask("/docs")).text()).toContain("<title>A</title>");
    });
  });
});

test("an upload whose client leaves in the middle leaves no file, and its handler ends", () =>
  run(async () => {
    const seen: string[] = [];
    const app = application({ bodyLimit: 10_000_000 });
    app.post("/up", async (request) => {
      try {
        await request.form({ folder });
      } finally {
        seen.push(`ended with ${readdirSync(folder).length}`);
      }
      return "never";
    });
    await using server = await app.start({ port: 0 });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "POST /up HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n" +
        '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n',
    );
    socket.write(Buffer.alloc(500_000));
    for (let tries = 0; tries < 200 && readdirSync(folder).length === 0; tries++) await sleep(5);
    expect(readdirSync(folder)).toHaveLength(1);
    socket.destroy();
    expect(await emptied()).toEqual([]);
    expect(seen).toHaveLength(1);
  }));
