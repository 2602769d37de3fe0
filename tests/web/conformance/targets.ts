/*
 * The target and the host: the four forms, and what a Host header may be (RFC 9112, sections 3.2 and 3.3).
 *
 * `/url` answers with the URL of the request as a handler sees it.
 */
import { get, head, HOST, refused, type Row, served } from "./row.ts";

const TARGET = "RFC 9112, 3.2";
const FIELD = "RFC 9112, 3.2; RFC 9110, 7.2";
const PATH = "RFC 9112, 3.2.1; RFC 3986, 3.3";

function withHost(value: string): string {
  return head("GET /url HTTP/1.1", `Host:${value}\r\n`);
}

function url(href: string): { status: number; body: string } {
  return { status: 200, body: href };
}

export const hosts: readonly Row[] = [
  served(FIELD, "a host is what the URL has", withHost(" a.example"), url("http://a.example/url")),
  served(
    FIELD,
    "a host may have a port",
    withHost(" a.example:8080"),
    url("http://a.example:8080/url"),
  ),
  served(FIELD, "a port may be empty", withHost(" a.example:"), url("http://a.example/url")),
  served(
    FIELD,
    "a host may be an IPv4 address",
    withHost(" 127.0.0.1:81"),
    url("http://127.0.0.1:81/url"),
  ),
  served(FIELD, "a host may be an IPv6 address", withHost(" [::1]:81"), url("http://[::1]:81/url")),
  served(FIELD, "a host may have capitals", withHost(" A.Example"), url("http://a.example/url")),
  served(
    FIELD,
    "white space around a host is not part of it",
    withHost("\t a.example \t"),
    url("http://a.example/url"),
  ),
  served(
    FIELD,
    "the name of the field has no case",
    head("GET /url HTTP/1.1", "hOST: b\r\n"),
    url("http://b/url"),
  ),
  refused(FIELD, "a request without Host is refused", head("GET / HTTP/1.1", "")),
  refused(
    FIELD,
    "a POST without Host is refused, with its body",
    head("POST /echo HTTP/1.1", "Content-Length: 5\r\n") + "hello",
  ),
  refused(FIELD, "two hosts are refused", head("GET / HTTP/1.1", "Host: a\r\nHost: b\r\n")),
  refused(
    FIELD,
    "the same host twice is refused",
    head("GET / HTTP/1.1", "Host: a\r\nhost: a\r\n"),
  ),
  refused(
    FIELD,
    "two hosts are refused in HTTP/1.0, too",
    head("GET / HTTP/1.0", "Host: a\r\nHost: a\r\n"),
  ),
  refused(FIELD, "an empty host is refused", withHost("")),
  refused(FIELD, "a host of white space is refused", withHost(" \t ")),
  refused(FIELD, "a list of hosts is refused", withHost(" a, b")),
  refused(FIELD, "a list of hosts without a space is refused", withHost(" a,b")),
  refused(FIELD, "a host with a path is refused", withHost(" a/b")),
  refused(FIELD, "a host with a query is refused", withHost(" a?b")),
  refused(FIELD, "a host with a fragment is refused", withHost(" a#b")),
  refused(FIELD, "a host with user information is refused", withHost(" user@a")),
  refused(FIELD, "a URL is no host", withHost(" http://a")),
  refused(FIELD, "a host with white space in it is refused", withHost(" a b")),
  refused(FIELD, "a host beyond ASCII is refused", withHost(" caf\xe9")),
  refused(FIELD, "a host with a backslash is refused", withHost(" a\\b")),
  refused(FIELD, "a host with a quote is refused", withHost(' "a"')),
  refused(FIELD, "a port that is no number is refused", withHost(" a:b")),
  refused(FIELD, "a negative port is refused", withHost(" a:-1")),
  refused(FIELD, "a port beyond 65535 is refused", withHost(" a:65536")),
  refused(FIELD, "two ports are refused", withHost(" a:1:2")),
  refused(FIELD, "a port without a host is refused", withHost(" :80")),
  refused(FIELD, "an IPv6 address without brackets is refused", withHost(" ::1")),
  refused(FIELD, "an open bracket is refused", withHost(" [::1")),
  refused(FIELD, "what is no address in brackets is refused", withHost(" [a]")),
  refused(FIELD, "text behind the brackets is refused", withHost(" [::1]a")),
];

export const targets: readonly Row[] = [
  served(
    TARGET,
    "a path with a query is served",
    get("/url?a=b&c=%20"),
    url("http://a.example/url?a=b&c=%20"),
  ),
  served(TARGET, "an empty query is served", get("/url?"), 200),
  served(
    TARGET,
    "an absolute target is served",
    get("http://b.example/url"),
    url("http://b.example/url"),
  ),
  served(
    "RFC 9112, 3.2.2",
    "an absolute target counts more than Host",
    head("GET http://b.example:81/url HTTP/1.1", "Host: c\r\n"),
    url("http://b.example:81/url"),
  ),
  served(
    "RFC 9112, 3.2.2",
    "the scheme has no case",
    get("HTTP://b.example/url"),
    url("http://b.example/url"),
  ),
  served(
    "RFC 9112, 3.2.2",
    "an absolute target without a path means the root",
    get("http://b.example"),
    { status: 200, body: "home" },
  ),
  served(
    "RFC 9112, 3.2.2",
    "an absolute target without a path may have a query",
    get("http://b.example?a"),
    { status: 200, body: "home" },
  ),
  served(
    "RFC 9112, 3.2.2",
    "an absolute target is served in HTTP/1.0 without Host",
    head("GET http://b.example/url HTTP/1.0", "Connection: keep-alive\r\n"),
    url("http://b.example/url"),
  ),
  refused(
    "RFC 9112, 3.2",
    "an absolute target needs a Host, too",
    head("GET http://b.example/ HTTP/1.1", ""),
  ),
  refused(
    "RFC 9112, 3.2",
    "an absolute target needs a valid Host, too",
    head("GET http://b.example/ HTTP/1.1", "Host: a b\r\n"),
  ),
  refused("RFC 9110, 4.2.1", "an absolute target without a host is refused", get("http:///url")),
  refused(
    "RFC 9110, 4.2.4",
    "an absolute target with user information is refused",
    get("http://user@b.example/url"),
  ),
  refused(
    "RFC 9112, 3.2.2",
    "an absolute target with a bad port is refused",
    get("http://b.example:x/url"),
  ),
  refused(
    "RFC 9110, 7.4",
    "https over a connection without TLS is refused",
    get("https://b.example/url"),
    421,
  ),
  refused("RFC 9112, 3.2.2", "another scheme is refused", get("ftp://b.example/url")),
  refused("RFC 9112, 3.2.2", "a file is no target", get("file:///etc/passwd")),
  refused(TARGET, "a target that doesn't begin with a slash is refused", get("url")),
  refused(TARGET, "a query is no target", get("?a")),
  served("RFC 9112, 3.2.4", "`*` with OPTIONS means the server", head("OPTIONS * HTTP/1.1"), {
    status: 204,
  }),
  refused("RFC 9112, 3.2.4", "`*` with GET is refused", get("*")),
  refused(
    "RFC 9112, 3.2.4",
    "`*` with POST is refused",
    head("POST * HTTP/1.1", `${HOST}Content-Length: 0\r\n`),
  ),
  refused(
    "RFC 9112, 3.2.3",
    "CONNECT is refused",
    head("CONNECT b.example:443 HTTP/1.1"),
    [400, 405, 501],
  ),
  refused(
    "RFC 9112, 3.2.3",
    "CONNECT of a path is refused",
    head("CONNECT / HTTP/1.1"),
    [400, 405, 501],
  ),
  refused("RFC 9112, 3.2.3", "an authority with GET is refused", get("b.example:80")),
  refused(PATH, "a fragment is refused", get("/url#a")),
  refused(PATH, "a NUL in a target is refused", get("/url\0")),
  refused(PATH, "a control in a target is refused", get("/url\x01")),
  refused(PATH, "DEL in a target is refused", get("/url\x7f")),
  refused(PATH, "letters beyond ASCII in a target are refused", get("/caf\xc3\xa9")),
  refused(PATH, "letters beyond ASCII in a query are refused", get("/url?\xc3\xa9")),
  refused(PATH, "a backslash in a path is refused", get("/a\\b")),
  refused(PATH, "a quote in a path is refused", get('/a"b')),
  refused(PATH, "angle brackets in a path are refused", get("/<a>")),
  refused("RFC 3986, 2.1", "a % without digits is refused", get("/url/%")),
  refused("RFC 3986, 2.1", "a % with one digit is refused", get("/url/%4")),
  refused("RFC 3986, 2.1", "a % with letters that are no digits is refused", get("/url/%zz")),
  refused("RFC 3986, 7.3", "an encoded NUL is refused", get("/url/%00")),
  served("RFC 3629, 3", "a parameter that is no UTF-8 is refused", get("/parameter/%C0%AF"), 400),
  served("RFC 3986, 2.1", "a parameter is decoded once", get("/parameter/%2541%2F"), {
    status: 200,
    body: "%41/",
  }),
  served(
    "RFC 3986, 5.2.4",
    "dot segments are resolved",
    get("/x/./y/../../url"),
    url("http://a.example/url"),
  ),
  served(
    "RFC 3986, 5.2.4",
    "encoded dot segments are resolved",
    get("/x/%2e%2E/url"),
    url("http://a.example/url"),
  ),
  served(
    "RFC 3986, 5.2.4",
    "nothing leads out of the root",
    get("/../../url"),
    url("http://a.example/url"),
  ),
  served("RFC 3986, 3.3", "an empty first segment is no host", get("//evil.example/url"), {
    status: 404,
    headers: { location: null },
  }),
  served(
    "RFC 3986, 3.3",
    "an empty first segment is no host behind dots, either",
    get("/.//evil.example/"),
    { status: 404, headers: { location: null } },
  ),
];
