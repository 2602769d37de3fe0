/*
 * The 33 cases of h1spec (github.com/uNetworking/h1spec), by its names. Where it asks only that a server waits for the
 * rest of a request, the rest is sent here, and served.
 */
import { head, HOST, refused, type Row } from "./row.ts";

const SECTION = "h1spec";

/** A GET that comes in two pieces: nothing is answered before the second. */
function fragmented(rule: string, first: string): Row {
  const whole = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  return {
    section: SECTION,
    rule,
    send: [first, whole.slice(first.length)],
    answers: [{ status: 200, body: "hello" }],
    then: "kept",
    waits: true,
  };
}

function valid(rule: string, send: string): Row {
  return { section: SECTION, rule, send, answers: [200], then: "kept" };
}

export const h1spec: readonly Row[] = [
  fragmented("Fragmented method", "G"),
  fragmented("Fragmented URL 1", "GET "),
  fragmented("Fragmented URL 2", "GET /hello"),
  fragmented("Fragmented URL 3", "GET /hello "),
  fragmented("Fragmented HTTP version", "GET /hello HTTP"),
  fragmented("Fragmented request line", "GET /hello HTTP/1.1"),
  fragmented("Fragmented request line newline 1", "GET /hello HTTP/1.1\r"),
  fragmented("Fragmented request line newline 2", "GET /hello HTTP/1.1\r\n"),
  fragmented("Fragmented field name", "GET /hello HTTP/1.1\r\nHos"),
  fragmented("Fragmented field value 1", "GET /hello HTTP/1.1\r\nHost:"),
  fragmented("Fragmented field value 2", "GET /hello HTTP/1.1\r\nHost: "),
  fragmented("Fragmented field value 3", "GET /hello HTTP/1.1\r\nHost: localhost"),
  fragmented("Fragmented field value 4", "GET /hello HTTP/1.1\r\nHost: localhost\r"),
  fragmented("Fragmented request", "GET /hello HTTP/1.1\r\nHost: localhost\r\n"),
  fragmented("Fragmented request termination", "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r"),
  refused(SECTION, "Request without HTTP version", "GET / \r\n\r\n"),
  {
    section: SECTION,
    rule: "Request with Expect header",
    send: head("GET / HTTP/1.1", `${HOST}Expect: 100-continue\r\n`),
    answers: [{ status: 100, optional: true }, 200],
    then: "any",
  },
  valid("Valid GET request", head("GET / HTTP/1.1")),
  valid(
    "Valid GET request with edge cases",
    head("GET / HTTP/1.1", "hoSt:\texample.com\r\nempty:\r\n"),
  ),
  refused(
    SECTION,
    "Invalid header characters",
    head("GET / HTTP/1.1", `${HOST}X-Invalid[]: test\r\n`),
  ),
  refused(SECTION, "Missing Host header", head("GET / HTTP/1.1", "Content-Length: 5\r\n")),
  refused(
    SECTION,
    "Multiple Host headers",
    head("GET / HTTP/1.1", "Host: example.com\r\nHost: example.org\r\n"),
  ),
  refused(
    SECTION,
    "Overflowing negative Content-Length header",
    head("GET / HTTP/1.1", `${HOST}Content-Length: -123456789123456789123456789\r\n`),
  ),
  refused(
    SECTION,
    "Negative Content-Length header",
    head("GET / HTTP/1.1", `${HOST}Content-Length: -1234\r\n`),
  ),
  refused(
    SECTION,
    "Non-numeric Content-Length header",
    head("GET / HTTP/1.1", `${HOST}Content-Length: abc\r\n`),
  ),
  valid("Empty header value", head("GET / HTTP/1.1", `${HOST}X-Empty-Header: \r\n`)),
  refused(
    SECTION,
    "Header containing invalid control character",
    head("GET / HTTP/1.1", `${HOST}X-Bad-Control-Char: test\x07\r\n`),
  ),
  refused(SECTION, "Invalid HTTP version", head("GET / HTTP/9.9"), [400, 505]),
  refused(SECTION, "Invalid prefix of request", `Extra line${head("GET / HTTP/1.1")}`, [400, 501]),
  {
    ...refused(
      SECTION,
      "Invalid line ending",
      `GET / HTTP/1.1\r\n${HOST}\rSome-Header: Test\r\n\r\n`,
    ),
    parser: 9,
  },
  {
    section: SECTION,
    rule: "Valid POST request with body",
    send: head("POST /echo HTTP/1.1", `${HOST}Content-Length: 5\r\n`) + "hello",
    answers: [{ status: 200, body: "hello" }],
    then: "kept",
  },
  {
    section: SECTION,
    rule: "Chunked Transfer-Encoding",
    send: `${head("POST /echo HTTP/1.1", `${HOST}Transfer-Encoding: chunked\r\n`)}c\r\nHellO world1\r\n0\r\n\r\n`,
    answers: [{ status: 200, body: "HellO world1" }],
    then: "kept",
  },
  refused(
    SECTION,
    "Conflicting Transfer-Encoding and Content-Length in varying case",
    `${head("POST /echo HTTP/1.1", `${HOST}content-LengtH: 5\r\nTransFer-Encoding: chunked\r\n`)}c\r\nHellO world1\r\n0\r\n\r\n`,
  ),
];
