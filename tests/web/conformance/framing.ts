/*
 * How long a body is: Content-Length and Transfer-Encoding (RFC 9112, section 6).
 *
 * In each request that is refused another one lies where a server that reads the first in another way would find it.
 */
import { get, head, HOST, post, refused, type Row, served } from "./row.ts";

const FRAMING = "RFC 9112, 6.3";
const LENGTH = "RFC 9110, 8.6";
const CODING = "RFC 9112, 6.1";
const HIDDEN = get("/hidden");

function length(value: string, body = "hello"): string {
  return post(`Content-Length:${value}\r\n`, body + HIDDEN);
}

function coding(value: string, fields = ""): string {
  return post(`${fields}Transfer-Encoding:${value}\r\n`, `5\r\nhello\r\n0\r\n\r\n${HIDDEN}`);
}

const HELLO = { status: 200, body: "hello" };

export const lengths: readonly Row[] = [
  served(LENGTH, "a body is as long as it is said", post("Content-Length: 5\r\n", "hello"), HELLO),
  served(LENGTH, "a body may be empty", post("Content-Length: 0\r\n", ""), {
    status: 200,
    body: "",
  }),
  served(FRAMING, "a body without a length is empty", post("", ""), { status: 200, body: "" }),
  served(
    LENGTH,
    "white space around a length is not part of it",
    post("Content-Length: \t5 \r\n", "hello"),
    HELLO,
  ),
  served(LENGTH, "a length may begin with zeros", post("Content-Length: 005\r\n", "hello"), HELLO),
  served(
    "RFC 9110, 9.3.1",
    "a GET may have a body, which is not the next request",
    get("/", "Content-Length: 5\r\n") + "hello",
  ),
  served(
    LENGTH,
    "a body may come in pieces",
    [post("Content-Length: 5\r\n", "h"), "el", "lo"],
    HELLO,
  ),
  served(
    FRAMING,
    "a body that nobody reads is not the next request",
    post("Content-Length: 9\r\n", "GET / HTT", "/unread"),
    { status: 200, body: "unread" },
  ),
  refused(LENGTH, "an empty length is refused", length("")),
  refused(LENGTH, "a length of white space is refused", length(" \t")),
  refused(LENGTH, "a length with a plus is refused", length(" +5")),
  refused(LENGTH, "a negative length is refused", length(" -5")),
  refused(LENGTH, "minus zero is no length", length(" -0")),
  refused(LENGTH, "a hexadecimal length is refused", length(" 0x5")),
  refused(LENGTH, "an octal length is refused", length(" 0o5")),
  refused(LENGTH, "a length with a point is refused", length(" 5.0")),
  refused(LENGTH, "a length with an exponent is refused", length(" 5e0")),
  refused(LENGTH, "a length with an underscore is refused", length(" 0_5")),
  refused(LENGTH, "a length with white space in it is refused", length(" 1 5")),
  refused(LENGTH, "a length with a tab in it is refused", length(" 1\t5")),
  refused(LENGTH, "a length in words is refused", length(" five")),
  refused(LENGTH, "a quoted length is refused", length(' "5"')),
  refused(LENGTH, "a length with a semicolon is refused", length(" 5;")),
  refused(LENGTH, "digits beyond ASCII are refused", length(" \xd9\xa5")),
  refused(
    LENGTH,
    "a length beyond 64 bits is refused",
    length(" 18446744073709551621"),
    [400, 413],
  ),
  refused(
    LENGTH,
    "a length of thirty digits is refused",
    length(" 123456789012345678901234567890"),
    [400, 413],
  ),
  refused(LENGTH, "a list of the same length is refused", length(" 5, 5")),
  refused(LENGTH, "a list of lengths is refused", length(" 5, 6")),
  refused(LENGTH, "two lengths are refused", length(" 5\r\nContent-Length: 6")),
  refused(LENGTH, "the same length twice is refused", length(" 5\r\nContent-Length: 5")),
  refused(LENGTH, "two lengths are refused whatever their case", length(" 5\r\ncontent-LENGTH: 6")),
  {
    section: "RFC 9112, 8",
    rule: "a body that ends too early is not served",
    send: post("Content-Length: 10\r\n", "hello"),
    answers: [{ status: 400, optional: true }],
    then: "finished",
  },
];

export const codings: readonly Row[] = [
  served(
    CODING,
    "chunks are read",
    post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    HELLO,
  ),
  served(
    "RFC 9112, 7",
    "a coding has no case",
    post("Transfer-Encoding: ChunKed\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    HELLO,
  ),
  served(
    CODING,
    "white space around a coding is not part of it",
    post("Transfer-Encoding:\t chunked \r\n", "5\r\nhello\r\n0\r\n\r\n"),
    HELLO,
  ),
  refused(FRAMING, "a length and chunks are refused", coding(" chunked", "Content-Length: 5\r\n")),
  refused(FRAMING, "chunks and a length are refused", coding(" chunked\r\nContent-Length: 5")),
  refused(
    FRAMING,
    "a length of zero and chunks are refused",
    coding(" chunked", "Content-Length: 0\r\n"),
  ),
  refused(
    FRAMING,
    "a length and an unknown coding are refused",
    coding(" xchunked", "Content-Length: 5\r\n"),
  ),
  refused(FRAMING, "a length and an empty coding are refused", coding("", "Content-Length: 5\r\n")),
  refused(CODING, "an empty coding is refused", coding("")),
  refused(CODING, "a coding of white space is refused", coding(" \t")),
  refused(CODING, "an unknown coding is refused", coding(" xchunked"), [400, 501]),
  refused(
    CODING,
    "`chunked` with a letter more is another coding",
    coding(" chunkedx"),
    [400, 501],
  ),
  refused(CODING, "`identity` is no coding any more", coding(" identity"), [400, 501]),
  refused(FRAMING, "a coding that doesn't end with chunks is refused", coding(" gzip")),
  refused(FRAMING, "a coding behind the chunks is refused", coding(" chunked, gzip")),
  refused(FRAMING, "identity behind the chunks is refused", coding(" chunked, identity")),
  refused(CODING, "a coding that nobody reads is refused", coding(" gzip, chunked"), [400, 501]),
  refused(
    CODING,
    "identity before the chunks is refused",
    coding(" identity, chunked"),
    [400, 501],
  ),
  refused(CODING, "chunks of chunks are refused", coding(" chunked, chunked")),
  refused(
    CODING,
    "chunks of chunks are refused in two fields, too",
    coding(" chunked\r\nTransfer-Encoding: chunked"),
  ),
  refused(
    CODING,
    "two fields with an unknown coding are refused",
    coding(" chunked\r\nTransfer-Encoding: x"),
    [400, 501],
  ),
  refused(
    CODING,
    "two fields with an unknown coding first are refused",
    coding(" x\r\nTransfer-Encoding: chunked"),
    [400, 501],
  ),
  refused(CODING, "chunks with a parameter are refused", coding(" chunked;q=1"), [400, 501]),
  refused(CODING, "chunks with a semicolon are refused", coding(" chunked;"), [400, 501]),
  refused(CODING, "a quoted coding is refused", coding(' "chunked"'), [400, 501]),
  refused(CODING, "a vertical tab is part of a coding", coding(" \x0bchunked")),
  refused(CODING, "a form feed is part of a coding", coding(" chunked\x0c")),
  refused(CODING, "a NUL behind a coding is refused", coding(" chunked\0")),
  refused(CODING, "a no-break space is part of a coding", coding(" \xa0chunked"), [400, 501]),
  refused(CODING, "a comma behind the chunks is refused", coding(" chunked,"), [400, 501]),
  refused(CODING, "a comma before the chunks is refused", coding(" , chunked"), [400, 501]),
  refused(CODING, "a line break before the chunks is refused", coding("\n chunked")),
  refused(
    CODING,
    "chunks in HTTP/1.0 are refused",
    head("POST /echo HTTP/1.0", `${HOST}Transfer-Encoding: chunked\r\n`) +
      "5\r\nhello\r\n0\r\n\r\n",
  ),
  refused(
    CODING,
    "chunks in HTTP/1.0 are refused beside a length",
    head(
      "POST /echo HTTP/1.0",
      `${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n`,
    ) + "5\r\nhello\r\n0\r\n\r\n",
  ),
];
