/*
 * Header fields: names, values, line endings, folding (RFC 9112, section 5; RFC 9110, section 5).
 *
 * `/header` answers with the values of `X-Test`.
 */
import { get, head, HOST, refused, type Row, served, tolerable } from "./row.ts";

const FIELD = "RFC 9112, 5";
const NAME = "RFC 9110, 5.1";
const VALUE = "RFC 9110, 5.5";
const LINES = "RFC 9112, 2.2";

function x(value: string): string {
  return get("/header", `X-Test:${value}\r\n`);
}

function body(text: string): { status: number; body: string } {
  return { status: 200, body: text };
}

export const fields: readonly Row[] = [
  served(FIELD, "white space around a value is not part of it", x(" \t a \t "), body("a")),
  served(FIELD, "a value needs no white space before it", x("a"), body("a")),
  served(VALUE, "a value may be empty", x(""), body("")),
  served(VALUE, "a value may be white space, and is empty then", x(" \t "), body("")),
  served(VALUE, "a value may hold white space", x(" a \t b"), body("a \t b")),
  served(VALUE, "a value may hold bytes beyond ASCII", x(" caf\xe9"), body("caf\xe9")),
  served(
    "RFC 9110, 5.3",
    "several of one name are a list",
    get("/header", "X-Test: a\r\nx-test: b\r\n"),
    body("a, b"),
  ),
  served(
    NAME,
    "a name may hold every character of a token",
    get("/", "!#$%&'*+.^_`|~-09azAZ: a\r\n"),
  ),
  refused(FIELD, "a space before the colon is refused", get("/", "X-Test : a\r\n")),
  refused(FIELD, "a tab before the colon is refused", get("/", "X-Test\t: a\r\n")),
  refused(
    FIELD,
    "a space before the colon of Host is refused",
    head("GET / HTTP/1.1", "Host : a\r\n"),
  ),
  refused(
    FIELD,
    "a space before the colon of Content-Length is refused",
    head("POST /echo HTTP/1.1", `${HOST}Content-Length : 5\r\n`) + "hello",
  ),
  refused(
    FIELD,
    "a space before the colon of Transfer-Encoding is refused",
    head("POST /echo HTTP/1.1", `${HOST}Transfer-Encoding : chunked\r\n`) + "0\r\n\r\n",
  ),
  refused(NAME, "an empty name is refused", get("/", ": a\r\n")),
  refused(NAME, "a line without a colon is refused", get("/", "X-Test\r\n")),
  refused(NAME, "a space in a name is refused", get("/", "X Test: a\r\n")),
  refused(NAME, "brackets in a name are refused", get("/", "X-Test[]: a\r\n")),
  refused(NAME, "a quote in a name is refused", get("/", 'X"Test: a\r\n')),
  refused(NAME, "a slash in a name is refused", get("/", "X/Test: a\r\n")),
  refused(NAME, "a name beyond ASCII is refused", get("/", "X-T\xe9st: a\r\n")),
  refused(NAME, "a NUL in a name is refused", get("/", "X-T\0st: a\r\n")),
  refused(NAME, "a control in a name is refused", get("/", "X-T\x01st: a\r\n")),
  refused(VALUE, "a NUL in a value is refused", x(" a\0b")),
  refused(VALUE, "a control in a value is refused", x(" a\x07b")),
  refused(VALUE, "DEL in a value is refused", x(" a\x7fb")),
  refused(LINES, "a bare CR in a value is refused", x(" a\rb")),
  refused(
    LINES,
    "a bare CR in the place of a line's end is refused",
    get("/", "X-Test: a\rX-Other: b\r\n"),
  ),
  refused(
    LINES,
    "a bare LF at the end of a field is refused",
    get("/", "X-Test: a\nX-Other: b\r\n"),
  ),
  tolerable(
    LINES,
    "a bare LF in the place of the empty line is refused or taken for CRLF",
    `GET / HTTP/1.1\r\n${HOST}\n`,
  ),
  {
    ...refused(
      LINES,
      "a CR alone in the place of the empty line is refused",
      `GET / HTTP/1.1\r\n${HOST}\rX-Test: a\r\n\r\n`,
    ),
    parser: 9,
  },
  refused(
    "RFC 9112, 5.2",
    "a value that goes on in the next line is refused",
    get("/header", "X-Test: a\r\n b\r\n"),
  ),
  refused(
    "RFC 9112, 5.2",
    "a value that goes on behind a tab is refused",
    get("/header", "X-Test: a\r\n\tb\r\n"),
  ),
  refused(
    "RFC 9112, 5.2",
    "a Host that goes on in the next line is refused",
    head("GET / HTTP/1.1", "Host: a\r\n b\r\n"),
  ),
  refused(
    "RFC 9112, 5.2",
    "a coding that goes on in the next line is refused",
    head("POST /echo HTTP/1.1", `${HOST}Transfer-Encoding:\r\n chunked\r\n`) + "0\r\n\r\n",
  ),
  refused(
    "RFC 9112, 2.2",
    "white space before the first field is refused",
    head("GET / HTTP/1.1", ` ${HOST}`),
  ),
  refused(
    "RFC 9112, 2.2",
    "a folded line before the first field is refused",
    head("GET / HTTP/1.1", ` X-Test: a\r\n${HOST}`),
  ),
];
