/*
 * The target of a request: its four forms, and what is made of them.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTarget } from "../../src/web/targetRules.ts";

function parse(target: string, method = "GET", secure = false, httpVersion = "1.1") {
  const peer = { address: "", port: 0, localAddress: "", localPort: 0, secure };
  return parseTarget({ method, target, httpVersion, rawHeaders: ["Host", "a.example"], peer });
}

function target(path: string, search = "", authority = "a.example") {
  return { path, search, authority };
}

function refused(why: string, status = 400) {
  return { refused: status, why };
}

describe("a path", () => {
  test("is parted from its query", () => {
    expect(parse("/")).toEqual(target("/"));
    expect(parse("/a/b")).toEqual(target("/a/b"));
    expect(parse("/a?b=c?d")).toEqual(target("/a", "b=c?d"));
    expect(parse("/?")).toEqual(target("/"));
  });

  test("stays encoded", () => {
    expect(parse("/caf%C3%A9/a%2Fb?x=%20")).toEqual(target("/caf%C3%A9/a%2Fb", "x=%20"));
  });

  test("stays as it is with empty segments", () => {
    expect(parse("//evil.example/a")).toEqual(target("//evil.example/a"));
    expect(parse("/a//b/")).toEqual(target("/a//b/"));
  });

  test("loses its dot segments, encoded ones too, and never leads out of the root", () => {
    const paths = {
      "/a/./b": "/a/b",
      "/a/../b": "/b",
      "/../../etc/passwd": "/etc/passwd",
      "/a/%2e%2E/b": "/b",
      "/a/.%2e/b": "/b",
      "/a/%2e./b": "/b",
      "/%2e/b": "/b",
      "/a/..": "/",
      "/a/b/..": "/a/",
      "/a/.": "/a/",
      "/..": "/",
      "/.": "/",
      "/a//..//b": "/a//b",
    };
    for (const [given, path] of Object.entries(paths)) {
      expect([given, parse(given)]).toEqual([given, target(path)]);
      expect(parse(`${given}?../x`)).toEqual(target(path, "../x"));
    }
  });

  test("keeps what only begins with a dot", () => {
    for (const path of [
      "/.well-known/x",
      "/...",
      "/..a",
      "/%2ea",
      "/a./b..",
      "/%252e%252e/a",
      "/a/.%2e%2e",
    ])
      expect(parse(path)).toEqual(target(path));
  });

  test("has no character that must be encoded", () => {
    const wrong = refused("the path has a character that must be percent-encoded");
    for (const bad of ["é", "ÿ", "\x7f", "\0", "\t", " ", '"', "<", ">", "#a", "\\", "\u212a"])
      expect([bad, parse(`/a${bad}`)]).toEqual([bad, wrong]);
  });

  test("may have those that browsers don't encode", () => {
    for (const path of ["/[a]", "/a|b", "/^", "/`{}", "/a'b", "/a:b@c", "/~!$&()*+,;="])
      expect(parse(path)).toEqual(target(path));
  });

  test("has no % without two digits, and no NUL", () => {
    const wrong = refused("the path has a % that encodes nothing, or a NUL");
    for (const path of ["/%", "/%4", "/%zz", "/%4g", "/%g4", "/a%00", "/%u0041", "/%@1"])
      expect([path, parse(path)]).toEqual([path, wrong]);
    expect(parse("/%0A%f0%0F")).toEqual(target("/%0A%f0%0F"));
  });

  test("agrees with what a URL makes of it", () => {
    const pieces = [
      "/",
      "a",
      ".",
      "..",
      "%2e",
      "%2E",
      "%2f",
      "%41",
      "?",
      "//",
      "b.c",
      "|",
      "~",
      "\\",
      "#",
    ];
    const text = fc
      .array(fc.constantFrom(...pieces), { maxLength: 12 })
      .map((all) => `/${all.join("")}`);
    fc.assert(
      fc.property(text, (each) => {
        const parsed = parse(each);
        if ("refused" in parsed) return;
        // Without the `/.`, Node.js 20 and 22 leave dots behind a name that begins with one (ada-url/ada#935).
        const url = new URL(`http://a.example/.${each}`);
        expect([parsed.path, parsed.search]).toEqual([url.pathname, url.search.slice(1)]);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a query", () => {
  test("may have what browsers leave as it is", () => {
    for (const search of ["a=100%", "a=\\", "{}|^`[]", "'/?:@"])
      expect(parse(`/?${search}`)).toEqual(target("/", search));
  });

  test("has no character that must be encoded", () => {
    const wrong = refused("the query has a character that must be percent-encoded");
    for (const bad of ["é", "#", '"', "<", ">", " ", "\x7f", "\x01"])
      expect([bad, parse(`/?a${bad}`)]).toEqual([bad, wrong]);
  });
});

describe("an absolute target", () => {
  test("counts more than Host", () => {
    expect(parse("http://b.example:80/c?d")).toEqual(target("/c", "d", "b.example:80"));
    expect(parse("HTTP://b.example/c/../d")).toEqual(target("/d", "", "b.example"));
    expect(parse("http://[::1]:8080/")).toEqual(target("/", "", "[::1]:8080"));
  });

  test("may have no path", () => {
    expect(parse("http://b.example")).toEqual(target("/", "", "b.example"));
    expect(parse("http://b.example?a/b")).toEqual(target("/", "a/b", "b.example"));
    expect(parse("http://b.example", "OPTIONS")).toEqual(target("/", "", "b.example"));
  });

  test("has a valid host, and nothing else before its path", () => {
    const wrong = refused("the target's host is not valid");
    for (const each of [
      "http:///a",
      "http://",
      "http://u@b/",
      "http://b:x/",
      "http://b\\c/",
      "http://?a",
    ])
      expect([each, parse(each)]).toEqual([each, wrong]);
  });

  test("has no fragment", () => {
    expect(parse("http://b.example#a")).toEqual(
      refused("the path has a character that must be percent-encoded"),
    );
  });

  test("is of http, or of https over a connection that is secured", () => {
    const none = refused("the target is neither a path nor an http URL");
    for (const each of ["ftp://b/", "file:///etc/passwd", "http:/b", "javascript:1", "ws://b/"])
      expect([each, parse(each)]).toEqual([each, none]);
    expect(parse("https://b.example/")).toEqual(
      refused("an https target came over a connection that is not secured", 421),
    );
    expect(parse("https://b.example/", "GET", true)).toEqual(target("/", "", "b.example"));
    expect(parse("http://b.example/", "GET", true)).toEqual(target("/", "", "b.example"));
  });
});

describe("other forms", () => {
  test("`*` is for OPTIONS alone", () => {
    expect(parse("*", "OPTIONS")).toEqual(target("*"));
    const none = refused("the target is neither a path nor an http URL");
    for (const method of ["GET", "POST", "options"]) expect(parse("*", method)).toEqual(none);
    expect(parse("*/a", "OPTIONS")).toEqual(none);
  });

  test("an authority is for CONNECT, which is refused", () => {
    const connect = refused("CONNECT is not for this server", 501);
    expect(parse("b.example:443", "CONNECT")).toEqual(connect);
    expect(parse("/a", "CONNECT")).toEqual(connect);
    expect(parse("b.example:443")).toEqual(refused("the target is neither a path nor an http URL"));
  });

  test("nothing else is one", () => {
    const none = refused("the target is neither a path nor an http URL");
    for (const each of ["", "a", "a/b", "?a", "#", ".", "../a", "%2f"])
      expect(parse(each)).toEqual(none);
  });

  test("the method is a token", () => {
    for (const method of ["PURGE", "M-SEARCH", "a!#$%&'*+.^_`|~1"])
      expect(parse("/", method)).toEqual(target("/"));
    for (const method of ["", "GE T", "GET,", "(", "GÉT", "GET\n"])
      expect(parse("/", method)).toEqual(refused("the method is not a token"));
  });

  test("what the head is refused for comes first", () => {
    expect(parse("ftp://x", "GET", false, "2.0")).toEqual(
      refused("HTTP/2.0 is not spoken here", 505),
    );
  });
});
