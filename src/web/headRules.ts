/*
 * The head of a request, before anybody acts on it: what a server must refuse whatever it serves.
 *
 * Rules: exactly one valid Host (RFC 9112, section 3.2), a framing that can be read in one way only (section 6),
 * a version that is spoken here (section 2.3), not too many fields.
 * Strategy: one walk over the raw fields. Much of it is refused by node:http's parser already; not all of it, and not
 * by every version: Node.js 20 takes an empty Transfer-Encoding for none, that of 20.18 takes names with spaces, and all
 * take `HTTP/2.0` for a version.
 * Limits: what a parser has left out cannot be seen here: that of 20.18 lets pass two bytes of anything for the CRLF
 * behind a chunk, and a CR alone for an empty line.
 */
import type { Exchange } from "./exchange.ts";
import { isAuthority } from "./hostRules.ts";

/** Why a request isn't let in. To be answered with `Connection: close`: what follows it can't be trusted. @internal */
export interface RequestRefusal {
  /** The status. */
  readonly refused: number;
  /** For the client. */
  readonly why: string;
}

/** How many fields a head may have, when nobody says otherwise. @internal */
export const HEADER_COUNT = 100;

/** Before its version 9, node:http's parser took anything but a colon for part of a name. */
const TAKES_ANY_NAME = Number.parseInt(process.versions["llhttp"] ?? "0", 10) < 9;
/** Which characters a name may hold, by their code: a walk costs a third of what an expression does. */
const TOKEN = new Uint8Array(128);
for (let code = 0x21; code < 0x7f; code++)
  TOKEN[code] = /[!#$%&'*+.^_`|~0-9A-Za-z-]/.test(String.fromCharCode(code)) ? 1 : 0;

/**
 * The value of Host, empty when an HTTP/1.0 client sent none; or why the request isn't let in.
 * @internal
 */
export function checkHead(
  { httpVersion, rawHeaders }: Pick<Exchange, "httpVersion" | "rawHeaders">,
  headerCount: number = HEADER_COUNT,
): string | RequestRefusal {
  if (httpVersion !== "1.1" && httpVersion !== "1.0")
    return refuse(505, `HTTP/${httpVersion} is not spoken here`);
  if (rawHeaders.length > headerCount * 2)
    return refuse(431, `the request has more than ${headerCount} header fields`);
  let host: string | null = null;
  let length: string | null = null;
  let coding: string | null = null;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (TAKES_ANY_NAME && !isToken(name)) return refuse(400, "a header's name is not a token");
    if (isNamed(name, "Host", "host")) {
      if (host !== null) return refuse(400, "the request has more than one Host");
      host = rawHeaders[at + 1] as string;
    } else if (isNamed(name, "Content-Length", "content-length")) {
      if (length !== null) return refuse(400, "the request has more than one Content-Length");
      length = rawHeaders[at + 1] as string;
    } else if (isNamed(name, "Transfer-Encoding", "transfer-encoding")) {
      if (coding !== null) return refuse(400, "the request has more than one Transfer-Encoding");
      coding = rawHeaders[at + 1] as string;
    }
  }
  return (
    checkLength(length) ?? checkCoding(coding, length, httpVersion) ?? checkHost(host, httpVersion)
  );
}

/** @internal */
export function refuse(status: number, why: string): RequestRefusal {
  return { refused: status, why };
}

function isToken(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code > 127 || TOKEN[code] !== 1) return false;
  }
  return name !== "";
}

/** Most clients write a name in one of two ways. */
function isNamed(name: string, usual: string, lower: string): boolean {
  return (
    name.length === lower.length &&
    (name === usual || name === lower || name.toLowerCase() === lower)
  );
}

function checkHost(host: string | null, version: string): string | RequestRefusal {
  if (host === null) return version === "1.0" ? "" : refuse(400, "the request has no Host");
  return isAuthority(host) ? host : refuse(400, "the request has no valid Host");
}

function checkLength(length: string | null): RequestRefusal | null {
  if (length === null) return null;
  for (let at = 0; at < length.length; at++) {
    const code = length.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return refuse(400, "Content-Length is not a number");
  }
  return length === "" ? refuse(400, "Content-Length is empty") : null;
}

/** Only `chunked` is read here; who has sent more is told so (RFC 9112, section 6.1). */
function checkCoding(
  coding: string | null,
  length: string | null,
  version: string,
): RequestRefusal | null {
  if (coding === null) return null;
  if (version === "1.0") return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
  if (length !== null) return refuse(400, "the request has Content-Length and Transfer-Encoding");
  const codings = coding.toLowerCase();
  if (codings === "chunked") return null;
  // Not trim(): to that a vertical tab is white space, to HTTP it is part of another coding.
  const each = codings.split(/[ \t]*,[ \t]*/);
  if (each.at(-1) !== "chunked")
    return refuse(400, "the request's last Transfer-Encoding is not chunked");
  if (each.indexOf("chunked") < each.length - 1) return refuse(400, "the request is chunked twice");
  return refuse(501, "no Transfer-Encoding but chunked is read here");
}
