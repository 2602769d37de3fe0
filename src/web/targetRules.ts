/*
 * The target of a request: its four forms (RFC 9112, section 3.2), taken apart into what the router looks at.
 *
 * Strategy: one walk over the characters by a table, for this runs with each request; only a path with dot segments is
 * rewritten (RFC 3986, section 5.2.4), `%2e` read as a dot as URLs do, so that the router and `new URL` agree.
 * Limits: letters beyond ASCII, controls, `"`, `#`, `<`, `>` and, in a path, `\`, `%00` and a `%` without its two digits
 * are refused. ``[]^`{|}`` are let in, though no URI has them, for browsers send them. `//a` stays as it is: a path
 * whose first segment is empty; who makes a Location of a path must see to it.
 */
import type { Exchange } from "./exchange.ts";
import { checkHead, HEADER_COUNT, refuse, type RequestRefusal } from "./headRules.ts";
import { isAuthority } from "./hostRules.ts";

/** Where a request goes. @internal */
export interface RequestTarget {
  /** Percent-encoded, without dot segments; begins with `/`, or is `*` for the server as a whole (OPTIONS). */
  readonly path: string;
  /** What follows the `?`, or the empty string. */
  readonly search: string;
  /** Of an absolute target, else the Host header; empty when an HTTP/1.0 client sent none. */
  readonly authority: string;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const QUESTION = 0x3f;

/** By their code: what a path may hold (1), and what a query may (2). */
const ALLOWED = new Uint8Array(128);
for (let code = 0x21; code < 0x7f; code++)
  ALLOWED[code] = '"#<>'.includes(String.fromCharCode(code)) ? 0 : 3;
ALLOWED[0x5c] = 2;
const IN_PATH = 1;
const IN_QUERY = 2;

/** Only with a case of their own is a method asked for more than once: it must be a token (RFC 9110, section 9.1). */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Where a request goes, or why it isn't let in.
 * @param headerCount How many header fields it may have
 * @internal
 */
export function parseTarget(
  exchange: Pick<Exchange, "method" | "target" | "httpVersion" | "rawHeaders" | "peer">,
  headerCount: number = HEADER_COUNT,
): RequestTarget | RequestRefusal {
  const host = checkHead(exchange, headerCount);
  if (typeof host !== "string") return host;
  const { method, target } = exchange;
  if (method !== "GET" && method !== "POST") {
    if (!METHOD.test(method)) return refuse(400, "the method is not a token");
    // Its target has a form of its own, and there is nothing here that it could connect to.
    if (method === "CONNECT") return refuse(501, "CONNECT is not for this server");
  }
  if (target.charCodeAt(0) === SLASH) return parsePath(target, 0, host);
  if (target === "*" && method === "OPTIONS") return { path: "*", search: "", authority: host };
  return parseAbsolute(target, exchange);
}

/** `http://host/path?query`: its authority is what counts, not Host's (RFC 9112, section 3.2.2). */
function parseAbsolute(
  target: string,
  { peer }: Pick<Exchange, "peer">,
): RequestTarget | RequestRefusal {
  const [start, scheme] = /^(https?):\/\//i.exec(target) ?? [];
  if (start === undefined || scheme === undefined)
    return refuse(400, "the target is neither a path nor an http URL");
  const rest = target.slice(start.length);
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  if (!isAuthority(authority)) return refuse(400, "the target's host is not valid");
  // RFC 9110, section 7.4: who asks for https must have been heard by nobody else.
  if (scheme.length === "https".length && !peer.secure)
    return refuse(421, "an https target came over a connection that is not secured");
  const path = end === -1 ? "" : rest.slice(end);
  return parsePath(path.charCodeAt(0) === SLASH ? path : `/${path}`, 0, authority);
}

function parsePath(
  target: string,
  from: number,
  authority: string,
): RequestTarget | RequestRefusal {
  let hasDots = false;
  for (let at = from; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code === QUESTION) return withSearch(target, at, hasDots, authority);
    if (code > 127 || ((ALLOWED[code] as number) & IN_PATH) === 0) return refuseCharacter("path");
    if (code === PERCENT && !isEncoded(target, at))
      return refuse(400, "the path has a % that encodes nothing, or a NUL");
    if (code === SLASH) hasDots ||= isDot(target, at + 1);
  }
  return { path: hasDots ? withoutDots(target) : target, search: "", authority };
}

function withSearch(
  target: string,
  question: number,
  hasDots: boolean,
  authority: string,
): RequestTarget | RequestRefusal {
  for (let at = question + 1; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code > 127 || ((ALLOWED[code] as number) & IN_QUERY) === 0) return refuseCharacter("query");
  }
  const path = target.slice(0, question);
  return {
    path: hasDots ? withoutDots(path) : path,
    search: target.slice(question + 1),
    authority,
  };
}

function refuseCharacter(where: string): RequestRefusal {
  return refuse(400, `the ${where} has a character that must be percent-encoded`);
}

/** Two hexadecimal digits, and not those of NUL, at which names of files end. */
function isEncoded(text: string, percent: number): boolean {
  const high = hexadecimal(text.charCodeAt(percent + 1));
  const low = hexadecimal(text.charCodeAt(percent + 2));
  return high !== -1 && low !== -1 && high + low > 0;
}

/** The value of a digit; -1 for anything else. */
function hexadecimal(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Whether a segment begins with a dot, encoded or not. */
function isDot(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (
    code === DOT ||
    (code === PERCENT && text[at + 1] === "2" && (text.charCodeAt(at + 2) | 0x20) === 0x65)
  );
}

/** `/a/./b/../c` becomes `/a/c`; nothing leads out of the root. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  const segments = path.split("/");
  for (const [index, segment] of segments.entries()) {
    const plain = segment.length > 6 ? segment : segment.replaceAll(/%2e/gi, ".");
    const isDots = plain === "." || plain === "..";
    // The first is what stands before the first slash.
    if (plain === ".." && kept.length > 1) kept.pop();
    if (!isDots) kept.push(segment);
    // What is in a folder is not the folder: a slash stays at the end.
    else if (index === segments.length - 1) kept.push("");
  }
  return kept.join("/");
}
