/*
 * One proxy: where it is, how to speak to it, and what to show of it.
 *
 * Its key tells proxies apart for the pool, credentials and headers included: connections that were
 * made for one user are not another's. The key is never shown.
 * Limits: HTTP proxies (over TCP or TLS) and SOCKS5; of authentication, Basic and SOCKS5's user and
 * password.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { type HeaderList, headerList, type HeadersInput } from "./headers.ts";
import { redact } from "./redaction.ts";

/** A proxy and what it is to be sent. */
export interface ProxyOptions {
  /** Such as `"http://proxy:3128"`; see {@link ProxyInput}. */
  readonly url: string | URL;
  /** For the proxy alone: in a CONNECT request, or with a request that it passes on. */
  readonly headers?: HeadersInput;
  /** In place of user and password in the URL. */
  readonly auth?: { readonly username: string; readonly password: string };
}

/**
 * Which proxy to use: a URL (`http:`, `https:`, `socks5:` or `socks5h:`, user and password may stand
 * in it), an object, `"env"` for what the environment says, or null for none.
 */
export type ProxyInput = string | URL | ProxyOptions | null;

/** @internal */
export interface ProxyTarget {
  readonly kind: "http" | "https" | "socks5";
  readonly hostname: string;
  readonly port: number;
  readonly username: string | null;
  readonly password: string;
  /** For the proxy alone, its `proxy-authorization` included. */
  readonly headers: HeaderList;
  /** The same for two inputs only if they are the same proxy and user. */
  readonly key: string;
  /** What may be printed. */
  readonly shown: string;
}

const KINDS: Readonly<Record<string, ProxyTarget["kind"]>> = {
  "http:": "http",
  "https:": "https",
  "socks5:": "socks5",
  // The name for "have the proxy look names up", which is what happens with both.
  "socks5h:": "socks5",
  "socks:": "socks5",
};
const PORTS = { http: 80, https: 443, socks5: 1080 } as const;
const EXPECTED = "a URL of http:, https: or socks5:";

/** Checks a proxy from outside; `name` is what an error calls it. @internal */
export function proxyTarget(name: string, input: string | URL | ProxyOptions): ProxyTarget {
  const whole = typeof input === "string" || input instanceof URL ? { url: input } : input;
  if (typeof whole !== "object" || whole === null)
    throw wrongType(name, `${EXPECTED}, an object with \`url\`, "env", or null`, input);
  if (whole !== undefined && typeof whole.url !== "string" && !(whole.url instanceof URL))
    throw wrongType(`${name}.url`, EXPECTED, whole.url);
  const url = parsed(name, String(whole.url));
  const kind = KINDS[url.protocol];
  if (kind === undefined || url.hostname === "")
    throw outOfRange(name, EXPECTED, redact(String(whole.url)));
  return targetOf(name, kind, url, whole);
}

function parsed(name: string, text: string): URL {
  // The environment's variables often have no scheme; `host:3128` would be one called `host:`.
  const url = text.includes("://") ? text : `http://${text}`;
  try {
    return new URL(url);
  } catch {
    // Node's error is no cause: it has the whole input as a property, secrets included.
    throw outOfRange(name, EXPECTED, redact(url));
  }
}

function targetOf(
  name: string,
  kind: ProxyTarget["kind"],
  url: URL,
  { headers, auth }: ProxyOptions,
): ProxyTarget {
  const username = auth?.username ?? decoded(url.username);
  const password = auth?.password ?? decoded(url.password);
  if (typeof username !== "string" || typeof password !== "string")
    throw wrongType(`${name}.auth`, "an object with `username` and `password`", auth);
  const known = username !== "" || password !== "";
  if (kind === "socks5") checkForSocks(name, username, password);
  const list = headers === undefined ? [] : [...headerList(`${name}.headers`, headers)];
  if (known && kind !== "socks5") list.push("proxy-authorization", basic(username, password));
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? PORTS[kind] : Number(url.port);
  const shown = `${kind}://${url.hostname}:${port}`;
  return {
    kind,
    hostname,
    port,
    username: known ? username : null,
    password,
    headers: list,
    key: JSON.stringify([shown, username, password, list]),
    shown,
  };
}

/** RFC 1929 has a byte for each length. */
function checkForSocks(name: string, username: string, password: string): void {
  for (const text of [username, password])
    if (Buffer.byteLength(text) > 255)
      throw new RangeError(
        `Expected \`${name}\` to have a user and a password of at most 255 bytes`,
      );
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
