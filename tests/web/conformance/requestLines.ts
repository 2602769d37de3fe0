/*
 * The request line: its method, its target's outer form, its version (RFC 9112, sections 2 and 3).
 */
import { get, head, refused, type Row, served, tolerable } from "./row.ts";

const LINE = "RFC 9112, 3";
const VERSION = "RFC 9112, 2.3";
const METHOD = "RFC 9110, 9.1";

export const requestLines: readonly Row[] = [
  served(LINE, "a request line of three parts is served", get(), { status: 200, body: "home" }),
  served("RFC 9112, 2.2", "an empty line before the request line is ignored", `\r\n${get()}`),
  served("RFC 9112, 2.2", "several empty lines are ignored", `\r\n\r\n\r\n${get()}`),
  refused("RFC 9112, 2.2", "a space before the request line is refused", ` ${get()}`),
  refused("RFC 9112, 2.2", "a tab before the request line is refused", `\t${get()}`),
  refused("RFC 9112, 2.2", "a NUL before the request line is refused", `\0${get()}`),
  refused(
    "RFC 9112, 2.2",
    "garbage is refused",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  ),
  tolerable(
    LINE,
    "two spaces behind the method are refused or taken for one",
    head("GET  / HTTP/1.1"),
  ),
  tolerable(
    LINE,
    "two spaces before the version are refused or taken for one",
    head("GET /  HTTP/1.1"),
  ),
  refused(LINE, "a tab in the place of the first space is refused", head("GET\t/ HTTP/1.1")),
  refused(
    LINE,
    "a tab in the place of the second space is refused",
    head("GET /\tHTTP/1.1"),
    [400, 505],
  ),
  refused(LINE, "a space behind the version is refused", head("GET / HTTP/1.1 ")),
  refused(LINE, "a space in the target is refused", head("GET /a b HTTP/1.1")),
  refused(LINE, "a fourth part is refused", head("GET / HTTP/1.1 x")),
  refused(LINE, "a line without a target is refused", head("GET HTTP/1.1")),
  refused(LINE, "a line with a method alone is refused", head("GET")),
  refused(
    "RFC 9112, 2.2",
    "a bare CR at the end of the request line is refused",
    "GET / HTTP/1.1\rHost: a\r\n\r\n",
  ),
  refused(
    "RFC 9112, 2.2",
    "a bare CR within the request line is refused",
    head("GET /\r HTTP/1.1"),
  ),
  tolerable(
    "RFC 9112, 2.2",
    "a bare LF at the end of the request line is refused or taken for CRLF",
    "GET / HTTP/1.1\nHost: a\r\n\r\n",
  ),
  refused("RFC 9112, 2.2", "bare LFs throughout are refused", "GET / HTTP/1.1\nHost: a\n\n"),
  refused(VERSION, "a line without a version is refused", head("GET /"), [400, 505]),
  refused(VERSION, "HTTP/0.9 is refused", "GET /\r\n\r\n", [400, 505]),
  refused(VERSION, "HTTP/0.9 by name is refused", head("GET / HTTP/0.9"), [400, 505]),
  refused(VERSION, "HTTP/1.2 is served as HTTP/1.1 or refused", head("GET / HTTP/1.2"), [400, 505]),
  refused(VERSION, "HTTP/2.0 by name is refused", head("GET / HTTP/2.0"), [400, 505]),
  refused(VERSION, "HTTP/3.0 is refused", head("GET / HTTP/3.0"), [400, 505]),
  refused(VERSION, "HTTP/1.10 is refused", head("GET / HTTP/1.10"), [400, 505]),
  refused(VERSION, "HTTP/01.1 is refused", head("GET / HTTP/01.1"), [400, 505]),
  refused(VERSION, "HTTP/1 is refused", head("GET / HTTP/1"), [400, 505]),
  refused(VERSION, "HTTP/1. is refused", head("GET / HTTP/1."), [400, 505]),
  refused(VERSION, "HTTP/.1 is refused", head("GET / HTTP/.1"), [400, 505]),
  refused(VERSION, "HTTP/-1.1 is refused", head("GET / HTTP/-1.1"), [400, 505]),
  refused(VERSION, "a version with white space in it is refused", head("GET / HTTP/ 1.1")),
  refused(VERSION, "the name of the version is in capitals", head("GET / http/1.1")),
  refused(VERSION, "the name of the version is HTTP", head("GET / HTTPS/1.1")),
  refused(VERSION, "the name of another protocol is refused", head("GET / ICY/1.1")),
  refused(
    VERSION,
    "the preface of HTTP/2 is refused",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    [400, 501, 505],
  ),
  refused(
    METHOD,
    "a method in small letters is another one, and unknown",
    head("get / HTTP/1.1"),
    [400, 405, 501],
  ),
  refused(METHOD, "an unknown method is not served", head("FOO / HTTP/1.1"), [400, 405, 501]),
  refused(
    METHOD,
    "a method of forty letters is not served",
    head(`${"A".repeat(40)} / HTTP/1.1`),
    [400, 405, 501],
  ),
  refused(METHOD, "a method that is no token is refused", head("G@T / HTTP/1.1")),
  refused(METHOD, "a method with a NUL is refused", head("GE\0T / HTTP/1.1")),
  refused(METHOD, "a method beyond ASCII is refused", head("G\xcbT / HTTP/1.1")),
  served(
    METHOD,
    "a method that is known but not offered is answered with 405 and Allow",
    head("PURGE / HTTP/1.1"),
    {
      status: 405,
      headers: { allow: /\bGET\b/ },
    },
  ),
  served("RFC 9110, 15.5.6", "Allow in a 405 lists what would do", head("DELETE /echo HTTP/1.1"), {
    status: 405,
    headers: { allow: /\bPOST\b/ },
  }),
  served(
    "RFC 9110, 9.3.8",
    "TRACE echoes nothing",
    head("TRACE / HTTP/1.1", "Host: a\r\nCookie: secret\r\n"),
    {
      status: 405,
      body: /^(?!.*secret)/s,
    },
  ),
  served(
    "RFC 9110, 9.3.7",
    "OPTIONS of a path tells what it allows",
    head("OPTIONS /echo HTTP/1.1"),
    {
      status: 204,
      headers: { allow: /\bPOST\b/ },
    },
  ),
];
