/*
 * Answers: HEAD, those without a body, informational ones, lengths, what a handler may not get onto the wire; and the
 * limits of a request (RFC 9110, sections 6, 8, 9 and 15; RFC 9112, section 6; RFC 6585).
 */
import { get, head, post, refused, type Row, served } from "./row.ts";

const HEAD = "RFC 9110, 9.3.2";
const FRAMING = "RFC 9112, 6.3";

function headOf(target: string): string {
  return head(`HEAD ${target} HTTP/1.1`);
}

function headed(rule: string, target: string, answer: Row["answers"][number]): Row {
  return {
    section: HEAD,
    rule,
    send: headOf(target),
    methods: ["HEAD"],
    answers: [answer],
    then: "kept",
  };
}

export const answers: readonly Row[] = [
  headed("HEAD has the length of GET, and no body", "/", {
    status: 200,
    headers: { "content-length": "4", "content-type": /text\/plain/ },
  }),
  headed("HEAD of JSON has its length and type", "/json", {
    status: 200,
    headers: { "content-length": "11", "content-type": /^application\/json/ },
  }),
  headed("HEAD of a stream has no body", "/stream", {
    status: 200,
    headers: { "content-length": null },
  }),
  headed("HEAD of what is not found has no body", "/none", 404),
  headed("HEAD of what fails has no body", "/fail", 500),
  headed("HEAD of an answer without a body has none", "/nothing", 204),
  headed("HEAD where only POST is offered is refused", "/echo", 405),
  {
    section: HEAD,
    rule: "HEAD and GET at once are told apart",
    send: headOf("/") + get(),
    methods: ["HEAD", "GET"],
    answers: [
      { status: 200, body: "" },
      { status: 200, body: "home" },
    ],
    then: "kept",
  },
  served("RFC 9110, 15.3.5", "a 204 has neither a body nor a length", get("/nothing"), {
    status: 204,
    headers: { "content-length": null, "transfer-encoding": null },
  }),
  served(
    "RFC 9110, 15.3.5",
    "a 204 has no body even when it's given one",
    get("/nothing-with-body"),
    { status: 204, headers: { "content-length": null, "transfer-encoding": null } },
  ),
  served("RFC 9110, 15.3.6", "a 205 has no body", get("/reset"), { status: 205, body: "" }),
  served("RFC 9110, 15.4.5", "a 304 has no body even when it's given one", get("/same"), {
    status: 304,
    headers: { "transfer-encoding": null },
  }),
  served(FRAMING, "a 201 without a body has the length 0", get("/made"), {
    status: 201,
    body: "",
    headers: { "content-length": "0" },
  }),
  served(FRAMING, "an empty text has the length 0", get("/blank"), {
    status: 200,
    body: "",
    headers: { "content-length": "0" },
  }),
  served(FRAMING, "the length is counted in bytes", get("/unicode"), {
    status: 200,
    body: "\xe2\x82\xac",
    headers: { "content-length": "3" },
  }),
  served("RFC 9112, 7.1", "a stream comes in chunks", get("/stream"), {
    status: 200,
    body: "onetwo",
    headers: { "transfer-encoding": "chunked", "content-length": null },
  }),
  served("RFC 9112, 7.1", "an empty piece does not end a stream", get("/stream-with-empty"), {
    status: 200,
    body: "onetwo",
  }),
  served("RFC 9110, 5.5", "a header that would hold a line break is never sent", get("/split"), {
    status: 500,
    headers: { "x-split": null },
  }),
  served(
    "RFC 9110, 10.2.2",
    "a place that would hold a line break is encoded",
    get("/redirect?to=%0d%0aX-Evil:%201"),
    { status: 302, headers: { "x-evil": null, location: /%0D%0A/i } },
  ),
  served("RFC 9110, 15.5.5", "what is not found is a 404", get("/none"), { status: 404 }),
  served("RFC 9110, 15.6.1", "an error of a handler is a 500 that tells nothing", get("/fail"), {
    status: 500,
    body: /^(?!.*secret)/s,
  }),
  {
    section: "RFC 9110, 15.2; RFC 8297",
    rule: "an early hint comes before the answer",
    send: get("/hint"),
    answers: [
      { status: 103, headers: { link: "</a.css>; rel=preload" } },
      { status: 200, body: "hinted" },
    ],
    then: "kept",
  },
  {
    section: "RFC 9110, 15.2",
    rule: "HTTP/1.0 gets no informational answer",
    send: head("GET /hint HTTP/1.0"),
    answers: [{ status: 200, body: "hinted" }],
    then: "closed",
  },
  served("RFC 9110, 6.5", "trailers come behind a stream", get("/trailing"), {
    status: 200,
    body: "one",
    trailers: { "x-sum": "3" },
  }),
];

const LARGE = "x".repeat(200_000);

export const limits: readonly Row[] = [
  served("RFC 9110, 2.3", "a head of 8 KiB is served", get("/", `X-Test: ${"a".repeat(8000)}\r\n`)),
  served("RFC 9110, 4.1", "a target of 8000 bytes is served", get(`/?${"a".repeat(8000)}`)),
  refused(
    "RFC 6585, 5",
    "a field that is too large is refused",
    get("/", `X-Test: ${"a".repeat(70_000)}\r\n`),
    431,
  ),
  refused(
    "RFC 6585, 5",
    "a name that is too large is refused",
    get("/", `${"a".repeat(70_000)}: a\r\n`),
    431,
  ),
  refused(
    "RFC 6585, 5",
    "fields that are too large together are refused",
    get("/", `X-Test: ${"a".repeat(1000)}\r\n`.repeat(80)),
    431,
  ),
  refused("RFC 6585, 5", "too many fields are refused", get("/", "A: b\r\n".repeat(100)), 431),
  refused("RFC 6585, 5", "a thousand fields are refused", get("/", "A: b\r\n".repeat(1000)), 431),
  refused(
    "RFC 9110, 15.5.15",
    "a target that is too long is refused",
    get(`/${"a".repeat(70_000)}`),
    [414, 431],
  ),
  refused(
    "RFC 9110, 15.5.14",
    "a body that is announced too large is refused at once",
    post("Content-Length: 1000000\r\n", "", "/limited"),
    413,
  ),
  {
    section: "RFC 9110, 15.5.14",
    rule: "a body that is a little too large is refused, and let go by",
    send: [post("Content-Length: 11\r\n", "", "/limited"), "hello world"],
    answers: [413],
    then: "kept",
  },
  refused(
    "RFC 9110, 15.5.14",
    "a body that is announced too large is refused while it comes",
    post(`Content-Length: ${LARGE.length}\r\n`, LARGE, "/limited"),
    413,
  ),
  refused(
    "RFC 9110, 15.5.14",
    "chunks are refused when they have become too large",
    post("Transfer-Encoding: chunked\r\n", "6\r\nabcdef\r\n6\r\nghijkl\r\n", "/limited"),
    413,
  ),
  refused(
    "RFC 9110, 15.5.14",
    "a chunk that is too large is refused",
    post(
      "Transfer-Encoding: chunked\r\n",
      `${LARGE.length.toString(16)}\r\n${LARGE}\r\n0\r\n\r\n`,
      "/limited",
    ),
    413,
  ),
  served(
    "RFC 9110, 15.5.14",
    "a body as large as it may be is served",
    post("Content-Length: 10\r\n", "0123456789", "/limited"),
    { status: 200, body: "0123456789" },
  ),
  served(
    "RFC 9110, 15.5.14",
    "chunks as large as they may be are served",
    post("Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "/limited"),
    { status: 200, body: "0123456789" },
  ),
];
