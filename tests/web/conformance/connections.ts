/*
 * Connections: which are kept, in which order answers come, Expect and Upgrade (RFC 9112, section 9; RFC 9110, sections
 * 7.8 and 10.1.1).
 *
 * `/wait/N` answers with N after N milliseconds; `/unread` answers without having read the body.
 */
import { get, head, HOST, post, refused, type Row, served } from "./row.ts";

const PERSISTENCE = "RFC 9112, 9.3";
const CLOSE = "RFC 9112, 9.6";
const PIPELINING = "RFC 9112, 9.3.2";
const EXPECT = "RFC 9110, 10.1.1";
const UPGRADE = "RFC 9110, 7.8";

const OK = { status: 200, body: "home" };
const HELLO = { status: 200, body: "hello" };

function body(text: string): { status: number; body: string } {
  return { status: 200, body: text };
}

function closes(
  section: string,
  rule: string,
  send: Row["send"],
  answers: Row["answers"],
  methods: readonly string[] = [],
): Row {
  return { section, rule, send, answers, then: "closed", methods };
}

function keeps(section: string, rule: string, send: Row["send"], answers: Row["answers"]): Row {
  return { section, rule, send, answers, then: "kept" };
}

export const persistence: readonly Row[] = [
  served(PERSISTENCE, "a connection is kept in HTTP/1.1", get(), {
    ...OK,
    headers: { connection: /^(?!close)/ },
  }),
  served(
    PERSISTENCE,
    "an unknown option of a connection is ignored",
    get("/", "Connection: x-thing\r\n"),
    OK,
  ),
  closes(CLOSE, "`close` closes the connection", get("/", "Connection: close\r\n"), [
    { ...OK, headers: { connection: "close" } },
  ]),
  closes(CLOSE, "`close` has no case", get("/", "Connection: CLOSE\r\n"), [
    { ...OK, headers: { connection: "close" } },
  ]),
  closes(CLOSE, "`close` counts in a list", get("/", "Connection: x-thing, close\r\n"), [
    { ...OK, headers: { connection: "close" } },
  ]),
  closes(
    CLOSE,
    "`close` counts beside `keep-alive`",
    get("/", "Connection: keep-alive, close\r\n"),
    [{ ...OK, headers: { connection: "close" } }],
  ),
  closes(
    CLOSE,
    "what follows a request with `close` is not answered",
    get("/", "Connection: close\r\n") + get("/hidden"),
    [OK],
  ),
  closes(PERSISTENCE, "a connection of HTTP/1.0 is closed", head("GET / HTTP/1.0"), [
    { ...OK, headers: { connection: "close" } },
  ]),
  closes(PERSISTENCE, "HTTP/1.0 needs no Host", head("GET / HTTP/1.0", ""), [OK]),
  keeps(
    PERSISTENCE,
    "a connection of HTTP/1.0 is kept when asked",
    head("GET / HTTP/1.0", `${HOST}Connection: keep-alive\r\n`),
    [{ ...OK, headers: { connection: "keep-alive" } }],
  ),
  closes(
    PERSISTENCE,
    "a stream of unknown length closes a connection of HTTP/1.0",
    head("GET /stream HTTP/1.0", `${HOST}Connection: keep-alive\r\n`),
    [{ status: 200, body: "onetwo", headers: { "transfer-encoding": null, connection: "close" } }],
  ),
  closes(
    "RFC 9112, 2.3",
    "HTTP/1.0 is answered as HTTP/1.1, by its rules",
    head("GET /stream HTTP/1.0"),
    [{ status: 200, body: "onetwo", headers: { "transfer-encoding": null } }],
  ),
  closes(
    "RFC 9112, 9.6",
    "a client that is done sending closes what it has asked for",
    get("/", "Connection: close\r\n"),
    [OK],
  ),
];

export const pipelining: readonly Row[] = [
  keeps(PIPELINING, "two requests at once get two answers", get() + get("/stream"), [
    OK,
    body("onetwo"),
  ]),
  keeps(
    PIPELINING,
    "answers come in the order of the requests",
    get("/wait/40") + get("/wait/20") + get("/wait/1"),
    [body("40"), body("20"), body("1")],
  ),
  keeps(PIPELINING, "a fast answer waits for a slow one", get("/wait/30") + get(), [
    body("30"),
    OK,
  ]),
  keeps(
    PIPELINING,
    "twenty requests get twenty answers",
    get().repeat(20),
    Array.from({ length: 20 }, () => OK),
  ),
  keeps(
    PIPELINING,
    "a POST and a GET at once get their answers",
    post("Content-Length: 5\r\n", "hello") + get(),
    [HELLO, OK],
  ),
  keeps(
    PIPELINING,
    "two POSTs in chunks at once get their answers",
    post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n").repeat(2),
    [HELLO, HELLO],
  ),
  keeps(PIPELINING, "an error of a handler keeps the answers behind it", get("/fail") + get(), [
    500,
    OK,
  ]),
  keeps(PIPELINING, "what is not found keeps the answers behind it", get("/none") + get(), [
    404,
    OK,
  ]),
  keeps(
    PIPELINING,
    "a body that nobody reads keeps the answers behind it",
    post("Content-Length: 5\r\n", "hello", "/unread") + get(),
    [body("unread"), OK],
  ),
  keeps("RFC 9112, 2.2", "an empty line between two requests is ignored", `${get()}\r\n${get()}`, [
    OK,
    OK,
  ]),
  keeps(
    "RFC 9112, 2.2",
    "an empty line behind a body is ignored",
    `${post("Content-Length: 5\r\n", "hello")}\r\n${get()}`,
    [HELLO, OK],
  ),
  closes(
    PIPELINING,
    "what came before a malformed request is answered first",
    `${get("/wait/20")}GET / HTTP/9.9\r\n\r\n`,
    [body("20"), 400],
  ),
  closes(
    PIPELINING,
    "what came before a request that is refused is answered first",
    get("/wait/20") + head("GET / HTTP/1.1", "") + get("/hidden"),
    [body("20"), 400],
  ),
  closes(
    PIPELINING,
    "several before a malformed request are answered first",
    `${get("/wait/20")}${get()}${get("/wait/10")}BAD\r\n\r\n`,
    [body("20"), OK, body("10"), 400],
  ),
  closes(
    PIPELINING,
    "nothing behind a malformed request is answered",
    `${get()}BAD\r\n\r\n${get("/hidden")}`,
    [OK, 400],
  ),
  closes(
    PIPELINING,
    "`close` in the middle ends it there",
    get("/wait/10") + get("/", "Connection: close\r\n") + get("/hidden"),
    [body("10"), OK],
  ),
];

/** Where a server may, but need not. */
const INVITED = { status: 100, optional: true } as const;

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

const ASKS = "Content-Length: 5\r\nExpect: 100-continue\r\n";

export const expectations: readonly Row[] = [
  keeps(EXPECT, "a body that is asked for is invited", [post(ASKS, ""), "hello"], [100, HELLO]),
  keeps(
    EXPECT,
    "the expectation has no case",
    [post("Content-Length: 5\r\nExpect: 100-Continue\r\n", ""), "hello"],
    [100, HELLO],
  ),
  keeps(
    EXPECT,
    "chunks that are asked for are invited",
    [post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", ""), "5\r\nhello\r\n0\r\n\r\n"],
    [100, HELLO],
  ),
  closes(EXPECT, "a body that nobody reads is not invited", post(ASKS, "", "/unread"), [
    { status: 200, body: "unread", headers: { connection: "close" } },
  ]),
  closes(
    EXPECT,
    "a body that is too large is not invited",
    post("Content-Length: 11\r\nExpect: 100-continue\r\n", "", "/limited"),
    [{ status: 413, headers: { connection: "close" } }],
  ),
  closes(EXPECT, "a body for nobody is not invited", post(ASKS, "", "/none"), [404]),
  closes(
    EXPECT,
    "a body by the wrong method is not invited",
    head("DELETE /echo HTTP/1.1", HOST + ASKS),
    [405],
  ),
  refused(EXPECT, "a body without a host is not invited", head("POST /echo HTTP/1.1", ASKS)),
  {
    section: EXPECT,
    rule: "an expectation without a body is met",
    send: get("/", "Expect: 100-continue\r\n"),
    answers: [INVITED, OK],
    // Node closes a connection whose client was not told to go on.
    then: "any",
  },
  keeps(EXPECT, "a body that comes without an invitation is read", post(ASKS, "hello"), [
    INVITED,
    HELLO,
  ]),
  keeps(EXPECT, "another expectation fails", get("/", "Expect: miracles\r\n"), [417]),
  closes(EXPECT, "HTTP/1.0 expects nothing", head("POST /echo HTTP/1.0", HOST + ASKS) + "hello", [
    HELLO,
  ]),
];

export const upgrades: readonly Row[] = [
  keeps(
    UPGRADE,
    "HTTP/2 in the clear is not spoken",
    get(
      "/",
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
    ),
    [OK],
  ),
  keeps(
    UPGRADE,
    "another protocol is not spoken",
    get("/", "Connection: Upgrade\r\nUpgrade: gopher/1.0\r\n"),
    [OK],
  ),
  keeps(
    UPGRADE,
    "a list of other protocols is not spoken",
    get("/", "Connection: Upgrade\r\nUpgrade: h2c, IRC/6.9\r\n"),
    [OK],
  ),
  keeps(
    UPGRADE,
    "an Upgrade without the option of the connection is ignored",
    get("/", "Upgrade: websocket\r\n"),
    [OK],
  ),
  keeps(
    UPGRADE,
    "a POST that asks for another protocol has its body",
    post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n", "hello"),
    [HELLO],
  ),
  {
    section: UPGRADE,
    rule: "a WebSocket where there is none is an ordinary request",
    send: get(
      "/",
      `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}`,
    ),
    answers: [OK],
    // The connection was taken from node:http to become one.
    then: "closed",
  },
];
