/*
 * The chunked coding and its trailers (RFC 9112, section 7.1).
 *
 * `/trailers` answers with the trailers of the request, as JSON.
 */
import { chunked, get, post, refused, type Row, served, tolerable } from "./row.ts";

const CHUNK = "RFC 9112, 7.1";
const EXTENSION = "RFC 9112, 7.1.1";
const TRAILER = "RFC 9112, 7.1.2";
const HIDDEN = get("/hidden");

const HELLO = { status: 200, body: "hello" };

function body(text: string): { status: number; body: string } {
  return { status: 200, body: text };
}

/** Refused, and what comes behind it isn't a request. */
function broken(section: string, rule: string, chunks: string): Row {
  return refused(section, rule, chunked(`${chunks}${HIDDEN}`));
}

function trailed(fields: string): string {
  return post("Transfer-Encoding: chunked\r\n", `0\r\n${fields}\r\n`, "/trailers");
}

export const chunks: readonly Row[] = [
  served(CHUNK, "several chunks are one body", chunked("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), HELLO),
  served(CHUNK, "no chunk is an empty body", chunked("0\r\n\r\n"), body("")),
  served(
    CHUNK,
    "the size is hexadecimal",
    chunked(`1a\r\n${"x".repeat(26)}\r\n0\r\n\r\n`),
    body("x".repeat(26)),
  ),
  served(
    CHUNK,
    "the size may have capitals",
    chunked(`1A\r\n${"x".repeat(26)}\r\n0\r\n\r\n`),
    body("x".repeat(26)),
  ),
  served(CHUNK, "the size may begin with zeros", chunked("0005\r\nhello\r\n000\r\n\r\n"), HELLO),
  served(
    CHUNK,
    "a chunk may hold what looks like the end",
    chunked("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
    body("\r\n0\r\n\r\n"),
  ),
  served(
    CHUNK,
    "chunks may come in pieces",
    ["5", "\r", "\n", "h", "ello", "\r", "\n0\r\n", "\r", "\n"].map((piece, index) =>
      index === 0 ? chunked(piece) : piece,
    ),
    HELLO,
  ),
  served(EXTENSION, "extensions are ignored", chunked("5;a=b\r\nhello\r\n0;c\r\n\r\n"), HELLO),
  {
    ...served(
      EXTENSION,
      "several extensions are ignored",
      chunked("5;a;b=c;d=e\r\nhello\r\n0\r\n\r\n"),
      HELLO,
    ),
    parser: 9,
  },
  served(
    EXTENSION,
    "a quoted extension is ignored",
    chunked('5;a="b c"\r\nhello\r\n0\r\n\r\n'),
    HELLO,
  ),
  {
    ...served(
      EXTENSION,
      "a quoted extension may hold a quoted quote",
      chunked('5;a="b\\"c"\r\nhello\r\n0\r\n\r\n'),
      HELLO,
    ),
    parser: 9,
  },
  broken(CHUNK, "a size that is no number is refused", "x\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "an empty size is refused", "\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a negative size is refused", "-5\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size with a plus is refused", "+5\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size with 0x is refused", "0x5\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size with an underscore is refused", "0_5\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size with a point is refused", "5.0\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size behind a space is refused", " 5\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size before a space is refused", "5 \r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size before a tab is refused", "5\t\r\nhello\r\n0\r\n\r\n"),
  broken(CHUNK, "a size beyond 64 bits is refused", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
  broken(
    CHUNK,
    "a size of thirty digits is refused",
    "100000000000000000000000000005\r\nhello\r\n0\r\n\r\n",
  ),
  broken(CHUNK, "a size with a NUL is refused", "5\0\r\nhello\r\n0\r\n\r\n"),
  broken("RFC 9112, 2.2", "a bare LF behind a size is refused", "5\nhello\r\n0\r\n\r\n"),
  broken("RFC 9112, 2.2", "a bare CR behind a size is refused", "5\rhello\r\n0\r\n\r\n"),
  {
    ...broken(CHUNK, "a CR before something else than LF is refused", "5\rXhello\r\n0\r\n\r\n"),
    parser: 9,
  },
  broken(CHUNK, "a chunk without CRLF behind it is refused", "5\r\nhello0\r\n\r\n"),
  broken(CHUNK, "a chunk with a bare LF behind it is refused", "5\r\nhello\n0\r\n\r\n"),
  broken(CHUNK, "a chunk with a bare CR behind it is refused", "5\r\nhello\r0\r\n\r\n"),
  {
    ...broken(CHUNK, "a chunk with garbage behind it is refused", "5\r\nhelloXX0\r\n\r\n"),
    parser: 9,
  },
  broken(CHUNK, "a chunk that is longer than its size is refused", "5\r\nhelloworld\r\n0\r\n\r\n"),
  broken(CHUNK, "a chunk that is shorter than its size is refused", "7\r\nhello\r\n0\r\n\r\n"),
  broken("RFC 9112, 2.2", "a bare LF behind the last size is refused", "5\r\nhello\r\n0\n\r\n"),
  tolerable(
    "RFC 9112, 2.2",
    "a bare LF in the place of the last line is refused or taken for CRLF",
    "5\r\nhello\r\n0\r\n\n",
  ),
  broken(EXTENSION, "an extension without a name is refused", "5;\r\nhello\r\n0\r\n\r\n"),
  tolerable(
    EXTENSION,
    "an extension without a value is refused or ignored",
    chunked("5;a=\r\nhello\r\n0\r\n\r\n"),
  ),
  broken("RFC 9112, 2.2", "a bare LF in an extension is refused", "5;a\nhello\r\n0\r\n\r\n"),
  broken("RFC 9112, 2.2", "a bare CR in an extension is refused", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
  broken(EXTENSION, "a NUL in an extension is refused", "5;a\0b\r\nhello\r\n0\r\n\r\n"),
  broken(EXTENSION, "an open quote in an extension is refused", '5;a="b\r\nhello\r\n0\r\n\r\n'),
  refused(
    EXTENSION,
    "extensions without an end are refused",
    chunked(`5;${"a".repeat(20_000)}\r\nhello\r\n0\r\n\r\n`),
    [400, 413],
  ),
  {
    section: "RFC 9112, 8",
    rule: "chunks without an end are not served",
    send: chunked("5\r\nhello\r\n"),
    answers: [{ status: 400, optional: true }],
    then: "finished",
  },
];

export const trailers: readonly Row[] = [
  served(
    TRAILER,
    "trailers are given to who has read the body",
    trailed("X-Test: a\r\n"),
    body('["X-Test","a"]'),
  ),
  served(
    TRAILER,
    "several trailers are given",
    trailed("X-A: 1\r\nX-B: 2\r\n"),
    body('["X-A","1","X-B","2"]'),
  ),
  served(
    "RFC 9110, 6.5.1",
    "a Host in the trailers doesn't change the request's",
    post("Transfer-Encoding: chunked\r\n", "0\r\nHost: evil.example\r\n\r\n", "/url"),
    body("http://a.example/url"),
  ),
  tolerable(
    "RFC 9110, 6.5.1",
    "a length in the trailers frames nothing",
    chunked("5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"),
  ),
  tolerable(
    "RFC 9110, 6.5.1",
    "a coding in the trailers frames nothing",
    chunked("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"),
  ),
  refused(TRAILER, "a trailer without a colon is refused", trailed("X-Test\r\n") + HIDDEN),
  {
    ...refused(
      TRAILER,
      "a trailer with a space in its name is refused",
      trailed("X Test: a\r\n") + HIDDEN,
    ),
    parser: 9,
  },
  refused(TRAILER, "a trailer with a NUL is refused", trailed("X-Test: a\0\r\n") + HIDDEN),
  refused(
    "RFC 9112, 2.2",
    "a bare LF behind a trailer is refused",
    trailed("X-Test: a\n") + HIDDEN,
  ),
  refused(
    "RFC 6585, 5",
    "trailers that are too large are refused",
    trailed(`X-Test: ${"a".repeat(70_000)}\r\n`),
    [400, 431],
  ),
];
