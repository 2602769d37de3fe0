/*
 * What a `set-cookie` header means, coming from a URL: the storage rules of RFC 6265bis, 5.7.
 *
 * Strategy: tough-cookie knows the grammar, the dates and the public suffixes. Its own jar is not
 * used: that asks the system's clock, starts Max-Age anew whenever the cookie is sent, compares
 * decoded paths, and lets plain http replace a Secure cookie.
 * Limits: a cookie that breaks a rule is left out silently, as the RFC says.
 */
import { isIP } from "node:net";
import { getRunningLoop } from "../core/scope.ts";
import { Cookie, isSendable } from "./cookie.ts";
import { toughCookie } from "./toughCookie.ts";

type Parsed = NonNullable<ReturnType<ReturnType<typeof toughCookie>["Cookie"]["parse"]>>;

/** The host of a URL as cookies know it. @internal */
export function hostOf(url: URL): string {
  const { hostname } = url;
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

/** Whether the cookie's domain covers the host. @internal */
export function coversHost(domain: string, host: string): boolean {
  if (domain === host) return true;
  return host.endsWith(`.${domain}`) && isIP(host) === 0;
}

/** Whether the cookie's path covers the path of a request (RFC 6265, 5.1.4). @internal */
export function coversPath(cookiePath: string, path: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return (
    path.length === cookiePath.length || cookiePath.endsWith("/") || path[cookiePath.length] === "/"
  );
}

/**
 * The cookie that the header sets, or null when it may not; one that has expired already deletes.
 * @internal
 */
export function readSetCookie(
  header: string,
  url: URL,
  secureOrigin: boolean,
  now: number,
): Cookie | null {
  const parsed = toughCookie().Cookie.parse(header);
  if (parsed === undefined || !isSendable(parsed.key, parsed.value)) return null;
  if (parsed.secure && !secureOrigin) return null;
  const scope = scopeOf(parsed.domain, hostOf(url));
  if (scope === null) return null;
  const path = parsed.path ?? toughCookie().defaultPath(url.pathname);
  if (!keepsPrefix(parsed, scope.hostOnly)) return null;
  return new Cookie({
    name: parsed.key,
    value: parsed.value,
    ...scope,
    path,
    secure: parsed.secure,
    httpOnly: parsed.httpOnly,
    sameSite: (parsed.sameSite ?? null) as Cookie["sameSite"],
    expires: expiryOf(parsed, now),
  });
}

type Scope = Pick<Cookie, "domain" | "hostOnly">;

function scopeOf(attribute: string | null, host: string): Scope | null {
  if (attribute === null) return { domain: host, hostOnly: true };
  const { getPublicSuffix } = toughCookie();
  const domain = canonical(attribute);
  // A host that is a public suffix may set cookies for itself, never for those below it.
  if (domain === host && isSuffix(getPublicSuffix, domain)) return { domain, hostOnly: true };
  if (domain === undefined || !coversHost(domain, host)) return null;
  if (isIP(domain) === 0 && isSuffix(getPublicSuffix, domain)) return null;
  return { domain, hostOnly: isIP(domain) !== 0 };
}

function canonical(domain: string): string | undefined {
  try {
    return toughCookie().canonicalDomain(domain);
  } catch {
    return undefined;
  }
}

function isSuffix(
  registrable: ReturnType<typeof toughCookie>["getPublicSuffix"],
  domain: string,
): boolean {
  // What tough-cookie calls the public suffix is the domain right below it.
  return registrable(domain, { allowSpecialUseDomain: true, ignoreError: true }) === undefined;
}

/** RFC 6265bis, 4.1.3: a server may trust what such names promise. Case does not matter in 5.7. */
function keepsPrefix({ key, secure, path }: Parsed, hostOnly: boolean): boolean {
  if (/^__secure-/i.test(key)) return secure;
  if (/^__host-/i.test(key)) return secure && hostOnly && path === "/";
  return true;
}

/** RFC 6265, 5.3: Max-Age wins over Expires. An absolute time: nothing that happens later moves it. */
function expiryOf({ maxAge, expires }: Parsed, now: number): number | null {
  if (typeof maxAge === "number") return maxAge <= 0 ? 0 : Math.min(now + maxAge * 1000, FOREVER);
  if (maxAge === "-Infinity") return 0;
  if (maxAge === "Infinity") return FOREVER;
  return expires instanceof Date ? expires.getTime() : null;
}

/** The last instant that a Date can stand for. */
const FOREVER = 8.64e15;

/** The cookies that headers set, in their order. @internal */
export function cookiesSetBy(
  header: string | readonly string[] | undefined,
  url: URL,
): readonly Cookie[] {
  const now = getRunningLoop().wallTime();
  const values = header === undefined ? [] : typeof header === "string" ? [header] : header;
  // Whether a Secure cookie may come over this connection is for the jar to say.
  const cookies = values.map((value) => readSetCookie(value, url, true, now));
  return cookies.filter((cookie) => cookie !== null);
}
