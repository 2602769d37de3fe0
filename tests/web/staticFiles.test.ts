/**
 * Folders that are served: what is found, what must never be. The files are real, and so is the time; over a socket, see
 * staticServer.test.ts.
 */
import * as fc from "fast-check";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "ambit";
import { HttpError, staticFiles, type StaticOptions } from "ambit/web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathBelow, Root } from "../../src/web/fileRoot.ts";
import { mediaTypeOf } from "../../src/web/mediaType.ts";
import { answered, type Answered } from "./answered.ts";
import type { FakeInit } from "./fakeExchange.ts";

let outside = "";
let root = "";

beforeAll(() => {
  outside = mkdtempSync(join(tmpdir(), "ambit-static-"));
  root = join(outside, "public");
  for (const folder of ["public", "public/docs", "public/bare", "public/.git", "secrets"])
    mkdirSync(join(outside, folder));
  const files = {
    "secrets/key.txt": "secret",
    "public/index.html": "<h1>home",
    "public/app.js": "let plain",
    "public/app.js.br": "brotli",
    "public/app.js.gz": "gzipped",
    "public/photo.png": "png",
    "public/photo.png.gz": "never",
    "public/docs/index.html": "<h1>docs",
    "public/bare/a&<b>.txt": "odd",
    "public/.env": "PASSWORD=1",
    "public/.git/config": "[core]",
    "public/empty.css": "",
    "public/with space.txt": "space",
    "public/%2e%2e": "percent",
    "public/größe.txt": "umlaut",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(outside, name), text);
  symlinkSync(join(outside, "secrets"), join(root, "leak"));
  symlinkSync(join(outside, "secrets/key.txt"), join(root, "leak.txt"));
  symlinkSync("app.js", join(root, "alias.js"));
  symlinkSync("nowhere", join(root, "dangling"));
  symlinkSync("loop", join(root, "loop"));
  execFileSync("mkfifo", [join(root, "pipe")]);
});

afterAll(() => rmSync(outside, { recursive: true }));

/** What the router makes of a path: decoded once. */
function get(path: string, options?: StaticOptions, init: FakeInit = {}): Promise<Answered> {
  const handler = staticFiles(root, options);
  return answered({ ...init, target: `/static/${path}` }, async (request) => {
    const [name = ""] = path.split("?");
    const params = { path: decodeURIComponent(name) };
    return (await handler(Object.assign(request, { params }) as never)) as never;
  });
}

function statusOf({ thrown, status }: Answered): number {
  return thrown instanceof HttpError ? thrown.status : status;
}

describe("what is found", () => {
  test.each([
    ["app.js", "let plain", "text/javascript; charset=utf-8"],
    ["with%20space.txt", "space", "text/plain; charset=utf-8"],
    ["gr%C3%B6%C3%9Fe.txt", "umlaut", "text/plain; charset=utf-8"],
    ["%252e%252e", "percent", "application/octet-stream"],
    ["alias.js", "let plain", "text/javascript; charset=utf-8"],
    ["", "<h1>home", "text/html; charset=utf-8"],
    ["docs/", "<h1>docs", "text/html; charset=utf-8"],
    ["docs%2Findex.html", "<h1>docs", "text/html; charset=utf-8"],
    ["empty.css", "", "text/css; charset=utf-8"],
  ])("%s", (path, text, type) =>
    run(async () => {
      const answer = await get(path);
      expect([answer.status, answer.text, answer.header("content-type")]).toEqual([
        200,
        text,
        type,
      ]);
      expect(answer.header("content-length")).toBe(String(text.length));
      expect(answer.header("etag")).toMatch(/^"[\w-]+"$/);
      expect(answer.header("last-modified")).toMatch(/ GMT$/);
    }),
  );

  test("a folder's name without its slash is redirected, and never to another host", () =>
    run(async () => {
      const location = async (path: string): Promise<(string | number | null)[]> => {
        const answer = await get(path);
        return [answer.status, answer.header("location")];
      };
      expect(await location("docs")).toEqual([301, "./docs/"]);
      expect(await location("docs?a=//b")).toEqual([301, "./docs/?a=//b"]);
    }));

  test("a folder without an index is as good as not there", () =>
    run(async () => {
      expect(statusOf(await get("bare"))).toBe(404);
      expect(statusOf(await get("bare/"))).toBe(404);
    }));

  test("other indexes are tried in turn", () =>
    run(async () => {
      expect((await get("", { index: ["default.htm", "app.js"] })).text).toBe("let plain");
      expect(statusOf(await get("", { index: false }))).toBe(404);
    }));

  test("a HEAD has the head of a GET", () =>
    run(async () => {
      const answer = await get("app.js", {}, { method: "HEAD" });
      expect([answer.status, answer.header("content-length"), answer.bytes.length]).toEqual([
        200,
        "9",
        0,
      ]);
    }));

  test("conditions and ranges are heard", () =>
    run(async () => {
      const etag = (await get("app.js")).header("etag") ?? "";
      const options: StaticOptions = { cache: "no-cache", headers: { "x-own": "1" } };
      const spared = await get("app.js", options, { headers: { "if-none-match": etag } });
      expect(spared.status).toBe(304);
      expect(spared.exchange.headers.filter((_, at) => at % 2 === 0).sort()).toEqual([
        "cache-control",
        "etag",
        "last-modified",
        "x-own",
      ]);
      const failed = await get("app.js", {}, { headers: { "if-match": '"other"' } });
      expect(statusOf(failed)).toBe(412);
      const part = await get("app.js", {}, { headers: { range: "bytes=4-" } });
      expect([part.status, part.text]).toEqual([206, "plain"]);
    }));
});

describe("what must never be served", () => {
  const NEVER = [
    "../secrets/key.txt",
    "..%2fsecrets%2fkey.txt",
    "%2e%2e/secrets/key.txt",
    "%2e%2e%2fsecrets%2fkey.txt",
    "docs/../../secrets/key.txt",
    "docs/..%2f..%2fsecrets/key.txt",
    "..%5csecrets%5ckey.txt",
    "..\\secrets\\key.txt",
    "%252e%252e%252fsecrets%252fkey.txt",
    "..%252fsecrets/key.txt",
    "%c0%ae%c0%ae/secrets/key.txt".replaceAll("%c0%ae", "%25c0%25ae"),
    "....//secrets/key.txt",
    "..;/secrets/key.txt",
    "./app.js",
    "docs/./index.html",
    "//app.js",
    "/app.js",
    "docs//index.html",
    "app.js/",
    "app.js/x",
    "docs/.",
    "docs/..",
    "..",
    ".",
    "app.js%00",
    "app.js%00.html",
    "%00",
    "leak/key.txt",
    "leak.txt",
    "leak",
    "leak/",
    "dangling",
    "loop",
    "pipe",
    "pipe/",
    ".env",
    ".git/config",
    ".git",
    ".git/",
    "missing",
    "missing/",
    "x".repeat(300),
    "x/".repeat(3000),
    "y".repeat(10_000),
  ];

  test.each(NEVER)("%s is a 404", (path) =>
    run(async () => {
      for (const options of [{}, { precompressed: true, listing: true }]) {
        const answer = await get(path, options, { headers: { "accept-encoding": "br, gzip" } });
        expect([statusOf(answer), answer.bytes.length]).toEqual([404, 0]);
        // Nothing of the server's own paths.
        expect((answer.thrown as Error).message).toBe("Not Found");
      }
    }),
  );

  test("an absolute path stays below the folder", () =>
    run(async () => {
      const answer = await get(encodeURIComponent(join(outside, "secrets/key.txt")).slice(3));
      expect(statusOf(answer)).toBe(404);
    }));

  test("whatever the path, what is opened lies below the folder, and has no dots", () => {
    const folder = new Root("folder", "/srv/www");
    const part = fc.constantFrom("..", ".", "/", "\\", "a", "\0", ".git", "%2e", "c:", " ", "~");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const path = pathBelow(folder, parts.join(""), "ignore");
        expect(path ?? "/srv/www").toMatch(/^\/srv\/www(?:\/[^./\\\0][^/\\\0]*)*$/);
      }),
    );
  });

  test("what may not be read is a 403", () =>
    run(async () => {
      const path = join(root, "locked.txt");
      writeFileSync(path, "x", { mode: 0 });
      // Root may read everything.
      const expected = process.getuid?.() === 0 ? 200 : 403;
      expect(statusOf(await get("locked.txt"))).toBe(expected);
      rmSync(path);
    }));

  test("links are followed, and dots are served, for who says so", () =>
    run(async () => {
      expect((await get("leak/key.txt", { followSymlinks: true })).text).toBe("secret");
      expect((await get(".env", { dotfiles: "allow" })).text).toBe("PASSWORD=1");
      expect(statusOf(await get("../secrets/key.txt", { followSymlinks: true }))).toBe(404);
      const anything: StaticOptions = { dotfiles: "allow", followSymlinks: true, listing: true };
      for (const path of ["..", "../", "../secrets/key.txt", "docs/../../secrets/", "./app.js"])
        expect(statusOf(await get(path, anything)), path).toBe(404);
    }));

  test("the folder itself may be a link, and lead elsewhere from now on", () =>
    run(async () => {
      const current = join(outside, "current");
      const release = (name: string): void => {
        mkdirSync(join(outside, name));
        writeFileSync(join(outside, name, "a.txt"), name);
        rmSync(current, { force: true });
        symlinkSync(join(outside, name), current);
      };
      release("one");
      const handler = staticFiles(current);
      const text = async (): Promise<string> =>
        (
          await answered({}, async (request) => {
            const asked = Object.assign(request, { params: { path: "a.txt" } });
            return (await handler(asked)) as never;
          })
        ).text;
      expect(await text()).toBe("one");
      release("two");
      expect(await text()).toBe("two");
    }));
});

describe("precompressed files", () => {
  const coded = async (accept: string, path = "app.js", options?: StaticOptions) => {
    const init = { headers: { "accept-encoding": accept } };
    const answer = await get(path, { precompressed: true, ...options }, init);
    return [answer.text, answer.header("content-encoding"), answer.header("vary")];
  };

  test("the one that the client would rather have is sent", () =>
    run(async () => {
      const vary = "Accept-Encoding";
      expect(await coded("gzip, br")).toEqual(["brotli", "br", vary]);
      expect(await coded("gzip, br;q=0.5")).toEqual(["gzipped", "gzip", vary]);
      expect(await coded("gzip")).toEqual(["gzipped", "gzip", vary]);
      expect(await coded("deflate")).toEqual(["let plain", null, vary]);
      expect(await coded("")).toEqual(["let plain", null, vary]);
      expect(await coded("br, gzip", "app.js", { precompressed: ["gzip"] })).toEqual([
        "gzipped",
        "gzip",
        vary,
      ]);
    }));

  test("its type is that of the file, its version and its ranges are its own", () =>
    run(async () => {
      const init = { headers: { "accept-encoding": "br", range: "bytes=0-2" } };
      const part = await get("app.js", { precompressed: true }, init);
      expect([part.status, part.text]).toEqual([206, "bro"]);
      expect(part.header("content-range")).toBe("bytes 0-2/6");
      expect(part.header("content-type")).toBe("text/javascript; charset=utf-8");
      const plain = await get("app.js", { precompressed: true });
      expect(part.header("etag")).not.toBe(plain.header("etag"));
    }));

  test("where there is none the file itself is sent", () =>
    run(async () => {
      expect(await coded("br", "docs/")).toEqual(["<h1>docs", null, "Accept-Encoding"]);
    }));

  test("a picture has none", () =>
    run(async () => {
      expect(await coded("gzip", "photo.png")).toEqual(["png", null, null]);
    }));
});

describe("the head", () => {
  test("Cache-Control is what it's told to be", () =>
    run(async () => {
      const year = { maxAge: 365 * 86_400_000, immutable: true };
      const cached = async (cache: StaticOptions["cache"], path = "app.js") =>
        (await get(path, cache === undefined ? {} : { cache })).header("cache-control");
      expect(await cached(undefined)).toBeNull();
      expect(await cached(year)).toBe("public, max-age=31536000, immutable");
      expect(await cached({ maxAge: 1999, private: true })).toBe("private, max-age=1");
      const byName = (path: string) => (path === "app.js" ? year : "no-cache");
      expect(await cached(byName)).toBe("public, max-age=31536000, immutable");
      expect(await cached(byName, "docs/")).toBe("no-cache");
      expect(await cached(() => undefined)).toBeNull();
    }));

  test("tags, dates and ranges are left out on wish, and a tag may be of one's own", () =>
    run(async () => {
      const answer = await get("app.js", { etag: false, lastModified: false, ranges: false });
      for (const name of ["etag", "last-modified", "accept-ranges"])
        expect(answer.header(name)).toBeNull();
      const etag = ({ size }: { size: number }): string => `"${size}"`;
      expect((await get("app.js", { etag })).header("etag")).toBe('"9"');
    }));

  test("a media type may be added", () =>
    run(async () => {
      const types = { js: "text/ecmascript", "": "text/x-none" };
      expect((await get("app.js", { types })).header("content-type")).toBe("text/ecmascript");
      expect((await get("%252e%252e", { types })).header("content-type")).toBe("text/x-none");
    }));

  test.each([
    ["a.HTML", "text/html; charset=utf-8"],
    ["a.tar.gz", "application/gzip"],
    ["a.woff2", "font/woff2"],
    ["a.mjs", "text/javascript; charset=utf-8"],
    ["a.wasm", "application/wasm"],
    ["a.json", "application/json"],
    ["a.svg", "image/svg+xml"],
    [".png", "application/octet-stream"],
    ["README", "application/octet-stream"],
    ["a.b/c", "application/octet-stream"],
    ["a.constructor", "application/octet-stream"],
    ["a.", "application/octet-stream"],
  ])("%s is %s", (name, type) => expect(mediaTypeOf(name)).toBe(type));
});

describe("a list of a folder's names", () => {
  test("has each as a link, and no markup of theirs", () =>
    run(async () => {
      const answer = await get("bare/", { listing: true });
      expect(answer.text).toContain('<li><a href="./a%26%3Cb%3E.txt">a&amp;&lt;b&gt;.txt</a>');
      expect(answer.text).toContain('<li><a href="../">../</a>');
      expect(answer.header("content-type")).toBe("text/html; charset=utf-8");
    }));

  test("leaves out what would not be served, and is not there above the folder", () =>
    run(async () => {
      const { text } = await get("", { listing: true, index: false });
      expect(text).not.toContain(".env");
      expect(text).not.toContain("../");
      expect(text).toContain('<a href="./docs/">docs/</a>');
      expect(text).toContain("%252e%252e");
      expect((await get("", { listing: true, index: false, dotfiles: "allow" })).text).toContain(
        ".env",
      );
    }));

  test("an index goes before it", () =>
    run(async () => expect((await get("", { listing: true })).text).toBe("<h1>home")));

  test("is redirected to, too", () =>
    run(async () => {
      expect((await get("bare", { listing: true })).header("location")).toBe("./bare/");
    }));
});

test.each<[unknown, StaticOptions, string]>([
  ["", {}, "Expected `folder` to be the path of a folder, got `''` (string)"],
  ["a\0b", {}, "Expected `folder` to be the path of a folder"],
  ["x", { index: "../a" }, "Expected `options.index` to be names of files"],
  ["x", { dotfiles: "deny" as never }, "Expected `options.dotfiles` to be `ignore` or `allow`"],
  ["x", { precompressed: ["zip" as never] }, "Expected `options.precompressed` to be a list"],
  [
    "x",
    { cache: { maxAge: -1 } },
    "Expected `options.cache.maxAge` to be a number of milliseconds",
  ],
  ["x", { cache: 5 as never }, "Expected `options.cache` to be a value of Cache-Control"],
  ["x", { etag: "x" as never }, "Expected `options.etag` to be a function"],
])("%j with %j is refused", (folder, options, words) =>
  expect(() => staticFiles(folder as string, options)).toThrow(words),
);
