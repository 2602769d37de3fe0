/*
 * setCookie: cookies on the way out, safe unless asked otherwise.
 *
 * Strategy: the line goes into `request.replyHeaders`, and so onto whatever is answered, an error page too; and the
 * request knows whether it came over https, on which `Secure` depends. What a browser would silently drop (RFC 6265bis,
 * sections 4.1.3 and 5.7) is an error here, where the stack still names who set it.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { ServerRequest } from "./request.ts";

/** A request, whatever its types. */
export type CookieRequest = Pick<ServerRequest, "scheme" | "replyHeaders">;

/** Whose cookie it is. */
export interface CookieScope {
  /** Below which path it is sent. Default `/`. */
  readonly path?: string;
  /** Also for the hosts below that one. Default: for this very host alone. */
  readonly domain?: string;
}

/** What a cookie may do. */
export interface CookieOptions extends CookieScope {
  /** How long it lives, in milliseconds, rounded down to seconds; browsers cut it to 400 days. Default: until the browser ends. */
  readonly maxAge?: number;
  /** When it ends, for what knows no `maxAge`. */
  readonly expires?: Date;
  /** Out of reach for scripts of the page. Default true. */
  readonly httpOnly?: boolean;
  /** For https alone. Default: when the request came over https, as far as proxies are trusted. */
  readonly secure?: boolean;
  /** Whether it comes with requests that other sites cause: `lax` (default) with links alone. `none` needs `secure`. */
  readonly sameSite?: "strict" | "lax" | "none";
  /** One for each site that this one is embedded in (CHIPS); needs `secure`. */
  readonly partitioned?: boolean;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const PATH = /^\/[\x20-\x3a\x3c-\x7e]*$/;
// Section 4.1.1: what a value may hold, without the percent sign, which begins what was encoded.
const ENCODED = /[^!#$&'()*+\-./0-9:<=>?@A-Z[\]^_`a-z{|}~]+/g;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Section 5.7, step 5: name and value together. */
const MOST_BYTES = 4096;
const SAME_SITES = { strict: "Strict", lax: "Lax", none: "None" } as const;

/**
 * Sets a cookie with whatever this request is answered: `HttpOnly`, `SameSite=Lax`, `Secure` over https, for this host
 * alone. Any text can be a value; it is percent-encoded where it must be. A second one of that name, path and domain
 * replaces the first.
 *
 * @throws TypeError for a name, path or domain that could not be one; for `sameSite: "none"` or `partitioned` without
 *   `secure`; when the name begins with `__Secure-`, `__Host-` or `__Http-` and does not keep what that promises
 * @throws RangeError when name and value are more than 4096 bytes
 *
 * @example
 * ```ts
 * import { type Handler, setCookie } from "ambit/web";
 *
 * export const choose: Handler = (request) => {
 *   setCookie(request, "theme", "dark", { maxAge: 30 * 86_400_000, httpOnly: false });
 *   return "as you like";
 * };
 * ```
 */
export function setCookie(
  request: CookieRequest,
  name: string,
  value: string,
  options: CookieOptions = {},
): void {
  const line = cookieLine(name, value, options, request.scheme === "https");
  const headers = request.replyHeaders;
  const earlier = headers.getAll("set-cookie");
  const others = earlier.filter((each) => !replaces(line, each));
  if (others.length < earlier.length) {
    headers.delete("set-cookie");
    for (const each of others) headers.append("set-cookie", each);
  }
  headers.append("set-cookie", line);
}

/**
 * Makes the browser forget a cookie. Path and domain must be those that it was set with.
 *
 * @throws as {@link setCookie} does
 */
export function deleteCookie(
  request: CookieRequest,
  name: string,
  options: CookieScope & Pick<CookieOptions, "secure" | "sameSite" | "partitioned"> = {},
): void {
  setCookie(request, name, "", { ...options, maxAge: 0, expires: new Date(0) });
}

function cookieLine(name: string, value: string, options: CookieOptions, https: boolean): string {
  const { path = "/", httpOnly = true, secure = https } = options;
  const settled = { ...options, path, httpOnly, secure };
  expectCookie(name, value, settled);
  const encoded = value.replace(ENCODED, encodeURIComponent);
  const bytes = name.length + encoded.length;
  if (bytes > MOST_BYTES)
    throw outOfRange(`cookie ${name}`, `at most ${MOST_BYTES} bytes, name included`, bytes);
  return `${name}=${encoded}${attributes(settled)}`;
}

function attributes(options: CookieOptions): string {
  const { path, domain, maxAge, expires, sameSite = "lax" } = options;
  let line = `; Path=${path}`;
  if (domain !== undefined) line += `; Domain=${domain}`;
  if (maxAge !== undefined) line += `; Max-Age=${Math.floor(maxAge / 1000)}`;
  if (expires !== undefined) line += `; Expires=${expires.toUTCString()}`;
  if (options.httpOnly === true) line += "; HttpOnly";
  if (options.secure === true) line += "; Secure";
  line += `; SameSite=${SAME_SITES[sameSite]}`;
  return options.partitioned === true ? `${line}; Partitioned` : line;
}

/** Whether both lines are of one cookie. */
function replaces(line: string, earlier: string): boolean {
  return identity(line) === identity(earlier);
}

function identity(line: string): string {
  const name = line.slice(0, line.indexOf("="));
  return `${name};${/; Path=[^;]*/.exec(line)?.[0]};${/; Domain=[^;]*/.exec(line)?.[0]}`;
}

function expectCookie(name: unknown, value: unknown, options: CookieOptions): void {
  if (typeof name !== "string" || !NAME.test(name))
    throw wrongType(
      "name",
      "the name of a cookie: letters, digits and signs such as _ and -",
      name,
    );
  if (typeof value !== "string" || LONE_SURROGATE.test(value))
    throw wrongType(`cookie ${name}`, "well-formed text", value);
  const { path, domain, maxAge, expires, sameSite = "lax" } = options;
  if (typeof path !== "string" || !PATH.test(path))
    throw wrongType("options.path", "a path that begins with / and has no semicolon", path);
  if (domain !== undefined && !DOMAIN.test(domain))
    throw wrongType("options.domain", "the name of a host", domain);
  if (maxAge !== undefined && !(Number.isFinite(maxAge) && maxAge >= 0))
    throw outOfRange("options.maxAge", "a number of milliseconds of at least 0", maxAge);
  if (expires !== undefined && Number.isNaN(new Date(expires).getTime()))
    throw outOfRange("options.expires", "a date", expires);
  if (!Object.hasOwn(SAME_SITES, sameSite))
    throw wrongType("options.sameSite", `"strict", "lax" or "none"`, sameSite);
  expectPromises(name, options);
}

/** What the name and the attributes promise (section 4.1.3; and the prefixes for cookies that scripts can't make). */
function expectPromises(name: string, options: CookieOptions): void {
  const { path, domain, httpOnly, secure, sameSite, partitioned } = options;
  const prefix = /^__(host-http|host|http|secure)-/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const wants = (what: string): TypeError =>
    new TypeError(`the cookie ${name} must be ${what}, or browsers drop it`);
  if (secure !== true) {
    if (prefix !== "") throw wants("`secure` for its name");
    if (sameSite === "none") throw wants('`secure` for `sameSite: "none"`');
    if (partitioned === true) throw wants("`secure` for `partitioned`");
  }
  if (prefix.startsWith("host") && (path !== "/" || domain !== undefined))
    throw wants("for the path / and for no domain, for its name");
  if (prefix.endsWith("http") && httpOnly !== true) throw wants("`httpOnly` for its name");
}
