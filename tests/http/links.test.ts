/*
 * Link headers: relations, relative URLs, and what servers send that is no link (RFC 8288).
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Links } from "../../src/http/links.ts";

const BASE = "https://example.org/things/page?page=2";

function links(...values: string[]): Links {
  return new Links(values, BASE);
}

describe("links", () => {
  test("are found by their relation, whatever its case", () => {
    const found = links(
      '<https://api.example.org/tags?page=3>; rel="next", <https://api.example.org/tags?page=9>; rel=LAST',
    );
    expect(found.size).toBe(2);
    expect(found.get("NEXT")?.url).toBe("https://api.example.org/tags?page=3");
    expect(found.get("last")).toEqual({
      url: "https://api.example.org/tags?page=9",
      rel: "last",
      anchor: BASE,
      title: null,
      parameters: { rel: "LAST" },
    });
    expect(found.get("prev")).toBeUndefined();
  });

  test("come from every header, in order; none from none", () => {
    const found = links("<a>;rel=x", "<b>;rel=x , <c>;rel=y");
    expect(Array.from(found, ({ url }) => url.slice(-1))).toEqual(["a", "b", "c"]);
    expect(found.get("x")?.url).toBe("https://example.org/things/a");
    expect(new Links(undefined, BASE).size).toBe(0);
    expect(new Links("<a>;rel=x", BASE).size).toBe(1);
  });

  test("are resolved against the URL that answered", () => {
    const urls = ["?page=3", "../up", "/root", "//other.org/x", "", "#part"];
    const found = links(urls.map((url) => `<${url}>; rel=r`).join(","));
    expect(Array.from(found, ({ url }) => url)).toEqual([
      "https://example.org/things/page?page=3",
      "https://example.org/up",
      "https://example.org/root",
      "https://other.org/x",
      BASE,
      `${BASE}#part`,
    ]);
  });

  test("that are several things are found as each of them", () => {
    const found = links('<a>; rel="prev  first"');
    expect(found.get("prev")?.url).toBe(found.get("first")?.url);
    expect(found.size).toBe(2);
  });

  test("of something else are listed, but are none of the response", () => {
    const found = links('<a>; rel=next; anchor="#part", <b>; rel=next; anchor=""');
    expect(found.get("next")?.url).toBe("https://example.org/things/b");
    expect(Array.from(found, ({ anchor }) => anchor)).toEqual([`${BASE}#part`, BASE]);
  });

  test("may have a title, and commas and brackets in quotes", () => {
    const [first, second] = links(
      '<a,b>; rel=x; title="one, <two>; \\"three\\"", <c>; title*=UTF-8\'de\'n%c3%a4chstes; title=next; rel=y',
    );
    expect(first).toMatchObject({ title: 'one, <two>; "three"' });
    expect(first?.url.endsWith("/a,b")).toBe(true);
    expect(second).toMatchObject({ title: "nächstes", rel: "y" });
  });

  test("have the first of a parameter that comes twice", () => {
    const found = links("<a>; rel=first; rel=second; type=text/html; TYPE=x");
    expect(found.size).toBe(1);
    expect(found.get("first")?.parameters).toEqual({ rel: "first", type: "text/html" });
  });

  test("have no parameters but their own", () => {
    const [link] = links("<a>; rel=x; __proto__=1; constructor=2");
    expect(Object.keys(link?.parameters ?? {})).toEqual(["rel", "__proto__", "constructor"]);
    expect(Object.getPrototypeOf(link?.parameters)).toBeNull();
  });
});

test.each([
  ["", []],
  ["nonsense", []],
  ["<a>", []],
  ["<a>; rel", []],
  ["<a>; rel=x, nonsense, <b>; rel=y", ["x"]],
  ["<a; rel=x", []],
  ["<https://[>; rel=bad, <b>; rel=good", ["good"]],
  [",, <b>; rel=good ,,", ["good"]],
  ['<a>; rel="not closed', ["not", "closed"]],
  ["<a> rubbish; rel=x", ["x"]],
])("of %j the relations are %j", (value, rels) => {
  expect(Array.from(links(value), ({ rel }) => rel)).toEqual(rels);
});

test("links that were written by the rules are read back", () => {
  const link = fc.record({
    path: fc.stringMatching(/^[a-z0-9,;=]{1,8}$/),
    rel: fc.stringMatching(/^[a-z][a-z0-9.-]{0,6}$/),
    title: fc.string({ maxLength: 10 }),
  });
  fc.assert(
    fc.property(fc.array(link, { maxLength: 5 }), (written) => {
      const value = written
        .map(({ path, rel, title }) => {
          return `</${path}>; rel="${rel}"; title="${title.replace(/["\\]/g, "\\$&")}"`;
        })
        .join(", ");
      const read = Array.from(links(value), ({ url, rel, title }) => ({
        path: new URL(url).pathname.slice(1),
        rel,
        title,
      }));
      expect(read).toEqual(written);
    }),
  );
});

test("a header from anybody never throws", () => {
  const part = fc.oneof(
    fc.constantFrom("<", ">", ";", ",", '"', "\\", "rel=", "rel=next", "title*=UTF-8''%", " "),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      for (const { url } of links(parts.join(""))) expect(URL.canParse(url)).toBe(true);
    }),
  );
});
