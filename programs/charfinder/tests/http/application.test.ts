import { runVirtual } from "ambit/testing";
import { sleep } from "ambit";
import { beforeAll, expect, test } from "vitest";

import { createApplication } from "../../src/http/application.ts";
import { samples } from "../../src/http/samples.ts";
import { Visitors } from "../../src/http/visitors.ts";
import type { CharacterIndex } from "../../src/search/characterIndex.ts";
import { sharedIndex } from "../search/sharedIndex.ts";

let index: CharacterIndex;
beforeAll(async () => {
  index = await sharedIndex();
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const app = createApplication(index, new Visitors());
  return app.fetch(new Request(`http://localhost${path}`, { headers }));
}

const texts = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].map((each) => each[1]);

test("the page has the results in it, with addresses of their own", async () => {
  const response = await get("/?query=cat+face");
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const html = await response.text();
  expect(html).toContain('value="cat face"');
  expect(html).toContain("<strong>10 matches</strong>");
  expect(texts(html, /data-code="(\w+)"/g)).toHaveLength(10);
  expect(html).toContain('<a href="/?query=U%2B1F431">U+1F431</a>');
  expect(html).toContain('<a href="/?query=block%3Aemoticons">Emoticons</a>');
  expect(html).toMatch(/<nav\s+id="pager"[^>]* ?\shidden\s*>/);
  // The indentation of the source is of no use in the page.
  expect(html).not.toMatch(/\n {2}/);
});

test("pages follow each other without a gap", async () => {
  const codes: (string | undefined)[] = [];
  let path: string | undefined = "/?query=playing+card";
  while (path !== undefined) {
    const html = await (await get(path)).text();
    codes.push(...texts(html, /data-code="(\w+)"/g));
    path = texts(html, /rel="next"\s+href="([^"]*)"/g)[0]?.replaceAll("&amp;", "&");
  }
  const matches = index.find("playing card");
  expect(codes).toEqual(
    matches.page(0, matches.count).map((each) => each.toString(16).toUpperCase().padStart(4, "0")),
  );
  expect(codes.length).toBeGreaterThan(50);
});

test("each of the samples finds something, and is a link", async () => {
  const html = await (await get("/")).text();
  expect(samples.length).toBeGreaterThan(12);
  for (const { query, glyph } of samples) {
    const matches = index.find(query);
    expect(matches.count, query).toBeGreaterThan(0);
    const found = matches.page(0, matches.count).map((each) => String.fromCodePoint(each));
    expect(["", ...found], query).toContain(glyph);
    const address = new URLSearchParams({ query }).toString();
    expect(html).toContain(`href="/?${address}"`);
  }
});

test("nothing comes from elsewhere, and nothing that stands in the page is run", async () => {
  const response = await get("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  const html = await response.text();
  expect(html).not.toMatch(/(?:src|href)="(?!\/)/);
  expect(html).not.toMatch(/<style|<script(?! type="module" src=)| on\w+="| style="/);
});

test("the page's parts are kept for ever under the name of their content", async () => {
  const html = await (await get("/")).text();
  const paths = texts(html, /(?:href|src)="(\/assets\/[^"]+)"/g) as string[];
  expect(new Set(paths).size).toBe(3);
  for (const path of paths) {
    expect(path).toMatch(/^\/assets\/charfinder\.[0-9a-f]{12}\.(?:css|js|svg)$/);
    const response = await get(path);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const etag = response.headers.get("etag") ?? "";
    expect((await response.text()).length).toBeGreaterThan(100);
    const again = await get(path, { "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  }
  expect((await get("/assets/charfinder.000000000000.css")).status).toBe(404);
  expect((await get("/assets/..%2Fpackage.json")).status).toBe(404);
});

test("every kind of character is shown safely", async () => {
  const show = async (query: string) =>
    (await (await get(`/?query=${encodeURIComponent(query)}`)).text())
      .replaceAll(/\s+/g, " ")
      .replace(/^.*<tbody>/, "");
  expect(await show("U+0000")).toContain('<span class="box">NUL</span>');
  expect(await show("U+0301")).toContain("<bdi>\u25cc\u0301</bdi>");
  expect(await show("U+202E")).toContain('<span class="box">RLO</span>');
  expect(await show("U+FE0F")).toContain('<span class="box">VS16</span>');
  expect(await show("U+2003")).toContain('<span class="box">2003</span>');
  expect(await show("U+E0001")).toContain('<span class="box">E0001</span>');
  expect(await show("U+003C")).toContain("<bdi>&lt;</bdi>");
  expect(await show("U+0026")).toContain("<bdi>&amp;</bdi>");
  expect(await show("U+05D0")).toContain("<bdi>\u05d0</bdi>");
  const surrogate = await show("U+D800");
  expect(surrogate).toContain("&lt;surrogate-D800&gt;");
  expect(surrogate).not.toContain("<button");
  for (const query of ["U+0000", "U+001B", "U+202E", "U+D800", "U+FFFE", "\0\u001b\uffff\u202e"])
    // oxlint-disable-next-line no-control-regex -- that there is none is the point
    expect(await show(query)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Cs}/u);
});

test("programs get JSON, page by page", async () => {
  const response = await get("/api/characters?query=bell&limit=1");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({
    query: "bell",
    start: 0,
    limit: 1,
    count: 8,
    elapsedMs: expect.any(Number),
    characters: [
      {
        codePoint: 0x237e,
        notation: "U+237E",
        character: "⍾",
        name: "BELL SYMBOL",
        aliases: [],
        block: "Miscellaneous Technical",
        category: "graphic",
      },
    ],
    next: "/api/characters?query=bell&start=1&limit=1",
  });
  const last = (await (await get("/api/characters?query=bell&start=7")).json()) as object;
  expect(last).toMatchObject({ next: null, characters: [{}] });
  const alert = await (await get("/api/characters?query=U%2B0007")).json();
  expect(alert).toMatchObject({
    characters: [
      {
        character: "\u0007",
        name: "ALERT",
        aliases: [
          { type: "control", name: "ALERT" },
          { type: "abbreviation", name: "BEL" },
        ],
      },
    ],
  });
});

test.each([
  ["/api/characters", 400, "query", "the query is missing: say ?query=cat+face"],
  ["/api/characters?query=%20", 400, "query", "the query is missing: say ?query=cat+face"],
  ["/api/characters?query=a&limit=0", 400, "limit", "limit must be a whole number from 1 to 1000"],
  [
    "/api/characters?query=a&limit=1e3",
    400,
    "limit",
    "limit must be a whole number from 1 to 1000",
  ],
  [
    "/api/characters?query=a&start=-1",
    400,
    "start",
    "start must be a whole number from 0 to 1114112",
  ],
  [`/api/search?query=${"a".repeat(201)}`, 400, "query", "the query is longer than 200 characters"],
])("%s is answered by a problem", async (path, status, parameter, detail) => {
  const response = await get(path, { accept: "*/*" });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ title: "Bad Request", status, detail, parameter });
});

test("there is nothing elsewhere, also for programs", async () => {
  const response = await get("/api/nothing");
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect((await get("/nothing")).status).toBe(404);
  expect((await get("/?query=a&start=x", { accept: "text/html" })).status).toBe(400);
  expect((await get("/healthz")).status).toBe(200);
});

/** The lines of a stream. */
async function linesOf(response: Response): Promise<{ type: string; [name: string]: unknown }[]> {
  const lines = (await response.text()).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as { type: string });
}

test("a search is streamed: the count, rows, and where the next page starts", async () => {
  const lines = await linesOf(await get("/api/search?query=letter&limit=25"));
  expect(lines.map(({ type }) => type)).toEqual(["count", "rows", "rows", "rows", "end"]);
  expect(lines[0]).toMatchObject({ count: 11_533 });
  expect(lines.at(-1)).toEqual({ type: "end", next: 25 });
  const rows = lines.map((line) => (line["rows"] as string | undefined) ?? "").join("");
  expect(texts(rows, /data-code="(\w+)"/g)).toHaveLength(25);
  const none = await linesOf(await get("/api/search?query=zzzz"));
  expect(none.map(({ type }) => type)).toEqual(["count", "end"]);
});

test("who leaves ends the task of the search", () =>
  runVirtual(async () => {
    const visitors = new Visitors();
    const app = createApplication(index, visitors, { pauseMs: 1000 });
    const response = await app.fetch(new Request("http://localhost/api/search?query=letter"));
    const reader = response.body?.getReader();
    await reader?.read();
    await sleep(1500);
    expect(visitors.searches).toEqual({ running: 1, finished: 0, cancelled: 0 });
    await reader?.cancel();
    await sleep(1);
    expect(visitors.searches).toEqual({ running: 0, finished: 0, cancelled: 1 });
  }));

test("searches under way are told when the server stops", () =>
  runVirtual(async () => {
    const visitors = new Visitors();
    const app = createApplication(index, visitors, { pauseMs: 100 });
    const response = await app.fetch(new Request("http://localhost/api/search?query=letter"));
    const heard = linesOf(response);
    await sleep(250);
    expect(await visitors.sendAway()).toBe(1);
    expect((await heard).at(-1)).toEqual({ type: "stopping" });
  }));
