/*
 * The head of a request: what is refused whatever is served.
 */
import { describe, expect, test } from "vitest";
import { checkHead } from "../../src/web/headRules.ts";

function check(headers: string[], httpVersion = "1.1", headerCount?: number) {
  return checkHead({ httpVersion, rawHeaders: headers }, headerCount);
}

function refused(status: number, why: string) {
  return { refused: status, why };
}

const HOST = ["Host", "a.example"];

describe("Host", () => {
  test("is given, whatever the case of its name", () => {
    for (const name of ["Host", "host", "HOST", "hOsT"])
      expect(check(["Accept", "*/*", name, "a.example:80"])).toBe("a.example:80");
  });

  test("must be there, but for HTTP/1.0", () => {
    expect(check(["Accept", "*/*"])).toEqual(refused(400, "the request has no Host"));
    expect(check(["Accept", "*/*"], "1.0")).toBe("");
    expect(check(HOST, "1.0")).toBe("a.example");
  });

  test("must be there once", () => {
    const twice = refused(400, "the request has more than one Host");
    expect(check([...HOST, "Accept", "*/*", ...HOST])).toEqual(twice);
    expect(check(["host", "a", "HOST", "a"], "1.0")).toEqual(twice);
  });

  test("must be valid", () => {
    const invalid = refused(400, "the request has no valid Host");
    for (const host of ["", "a b", "user@a", "a/b", "a:x"])
      for (const version of ["1.0", "1.1"]) expect(check(["Host", host], version)).toEqual(invalid);
  });
});

describe("the framing", () => {
  test("is by one length, or by chunks", () => {
    expect(check([...HOST, "Content-Length", "0"])).toBe("a.example");
    expect(check([...HOST, "content-length", "00012"])).toBe("a.example");
    for (const coding of ["chunked", "Chunked", "CHUNKED"])
      expect(check([...HOST, "Transfer-Encoding", coding])).toBe("a.example");
  });

  test("is not by two lengths", () => {
    const twice = refused(400, "the request has more than one Content-Length");
    expect(check([...HOST, "Content-Length", "5", "content-length", "5"])).toEqual(twice);
  });

  test("is not by what is no number", () => {
    const wrong = refused(400, "Content-Length is not a number");
    for (const length of ["+5", "-5", "0x5", "5, 5", "5 5", "5.0", "1e3", "five", "٥"])
      expect(check([...HOST, "Content-Length", length])).toEqual(wrong);
    expect(check([...HOST, "Content-Length", ""])).toEqual(refused(400, "Content-Length is empty"));
  });

  test("is not by both", () => {
    const both = refused(400, "the request has Content-Length and Transfer-Encoding");
    expect(check([...HOST, "Content-Length", "5", "Transfer-Encoding", "chunked"])).toEqual(both);
    expect(check([...HOST, "TRANSFER-ENCODING", "chunked", "CONTENT-LENGTH", "5"])).toEqual(both);
  });

  test("ends with chunks, once", () => {
    const last = refused(400, "the request's last Transfer-Encoding is not chunked");
    for (const coding of [
      "",
      "gzip",
      "xchunked",
      "chunked;q=1",
      "chunked, gzip",
      "identity",
      "chunked,",
      "\x0bchunked",
    ])
      expect([coding, check([...HOST, "Transfer-Encoding", coding])]).toEqual([coding, last]);
    expect(check([...HOST, "Transfer-Encoding", "chunked, chunked"])).toEqual(
      refused(400, "the request is chunked twice"),
    );
    expect(
      check([...HOST, "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]),
    ).toEqual(refused(400, "the request has more than one Transfer-Encoding"));
  });

  test("is by no coding that nobody reads here", () => {
    const unread = refused(501, "no Transfer-Encoding but chunked is read here");
    expect(check([...HOST, "Transfer-Encoding", "gzip, chunked"])).toEqual(unread);
  });

  test("is not by chunks in HTTP/1.0", () => {
    expect(check([...HOST, "Transfer-Encoding", "chunked"], "1.0")).toEqual(
      refused(400, "HTTP/1.0 has no Transfer-Encoding"),
    );
  });
});

describe("a request", () => {
  test("is in HTTP/1.0 or HTTP/1.1", () => {
    for (const version of ["0.9", "1.2", "2.0"])
      expect(check(HOST, version)).toEqual(refused(505, `HTTP/${version} is not spoken here`));
  });

  test("has up to 100 header fields, or as many as is said", () => {
    const many = Array.from({ length: 99 }, (_, index) => [`x-${index}`, "1"]).flat();
    expect(check([...HOST, ...many])).toBe("a.example");
    expect(check([...HOST, ...many, "x", "1"])).toEqual(
      refused(431, "the request has more than 100 header fields"),
    );
    expect(check([...HOST, "x", "1"], "1.1", 1)).toEqual(
      refused(431, "the request has more than 1 header fields"),
    );
  });
});
