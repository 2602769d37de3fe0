/*
 * CookieJar: the cookies of a session, in aiohttp's shape, by the rules of RFC 6265bis.
 *
 * Strategy: a face; what it holds is in cookieEntries.ts, what a `set-cookie` means in setCookie.ts.
 * Making a jar and reading it loads nothing: tough-cookie comes in with the first `set-cookie`. Time
 * is the loop's time of day, so that cookies expire in virtual time, too.
 * Limits: those of cookieEntries.ts. Third-party rules and SameSite are a browser's concern.
 */
import { isIP } from "node:net";
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { getRunningLoop } from "../core/scope.ts";
import { Cookie } from "./cookie.ts";
import { CookieEntries } from "./cookieEntries.ts";
import { type CookieFileFormat, readCookieFile, writeCookieFile } from "./cookieJarFile.ts";
import {
  type AbstractCookieJar,
  cookieHeaderOf,
  cookiePairs,
  type CookiesInput,
} from "./cookies.ts";
import { coversHost, hostOf, readSetCookie } from "./setCookie.ts";

/** How a jar is made. */
export interface CookieJarOptions {
  /** Whether hosts that are IP addresses may set cookies. Default false, as in aiohttp. */
  readonly unsafe?: boolean;
  /** Origins of plain http, such as `"http://localhost:8080"`, that Secure cookies are for, too. */
  readonly treatAsSecureOrigin?: string | URL | readonly (string | URL)[];
}

/** How a jar is saved. */
export interface CookieJarSaveOptions {
  /**
   * `"json"` (default) keeps all; `"netscape"` is what `curl -b` and `-c` read and write, which knows
   * no SameSite, whole seconds only, and no cookies for any host.
   */
  readonly format?: CookieFileFormat;
}

/**
 * The cookies of a session (`aiohttp.CookieJar`). Each session has one, unless it is made with
 * another, or with `cookies: false`.
 *
 * A server sets cookies for its own host or a domain above it that is no public suffix (`com`,
 * `github.io`). Iterating gives all cookies that have not expired.
 *
 * @example
 * ```ts
 * import { CookieJar } from "ambit/http";
 *
 * const jar = new CookieJar();
 * jar.store(new URL("https://shop.example.com/"), ["id=7; Domain=example.com", "x=1; Path=/cart"]);
 * jar.cookieHeader(new URL("https://www.example.com/cart")); // => "id=7"
 * jar.cookieHeader(new URL("https://shop.example.com/cart/2")); // => "x=1; id=7"
 * jar.clearDomain("shop.example.com");
 * [...jar].map((cookie) => cookie.name); // => ["id"]
 * ```
 */
export class CookieJar implements AbstractCookieJar, Iterable<Cookie> {
  readonly #entries = new CookieEntries();
  readonly #unsafe: boolean;
  readonly #secureOrigins: ReadonlySet<string>;

  /** @throws TypeError when an option is of the wrong type, or an origin no URL */
  constructor(options: CookieJarOptions = {}) {
    const { unsafe = false, treatAsSecureOrigin = [] } = options;
    if (typeof unsafe !== "boolean") throw wrongType("options.unsafe", "true or false", unsafe);
    this.#unsafe = unsafe;
    this.#secureOrigins = originsOf(treatAsSecureOrigin);
  }

  /** How many cookies it has; those that have expired may count, too. */
  get size(): number {
    return this.#entries.size;
  }

  /** The `cookie` header for a request to the URL: longest paths first, then the oldest. Empty for none. */
  cookieHeader(url: URL): string {
    if (this.#entries.domains === 0) return "";
    return cookieHeaderOf(this.#matching(url).map(({ name, value }) => [name, value] as const));
  }

  /** The cookies that a request to the URL would send, in that order. */
  filter(url: string | URL): Cookie[] {
    return this.#matching(new URL(url));
  }

  /** Takes in the `set-cookie` headers that came from a URL. What breaks the rules is left out. */
  store(url: URL, setCookie: readonly string[]): void {
    if (!this.#unsafe && isIP(hostOf(url)) !== 0) return;
    const secure = this.#isSecure(url);
    const now = getRunningLoop().wallTime();
    for (const header of setCookie) {
      const cookie = readSetCookie(header, url, secure, now);
      if (cookie === null || (!secure && this.#entries.hasSecure(cookie))) continue;
      this.#entries.put(cookie, now);
    }
  }

  /**
   * Puts cookies in: names and values, or all of another jar.
   *
   * Names and values go to the host of `url`, all of its paths; without `url` to every host, as
   * aiohttp's `update_cookies` has it: for sessions that talk to one service.
   *
   * @throws TypeError when a name is no token, or a value cannot be sent as it is
   */
  update(cookies: CookiesInput | CookieJar, url?: string | URL): void {
    const now = getRunningLoop().wallTime();
    const list = cookies instanceof CookieJar ? [...cookies] : fromPairs(cookies, url);
    for (const cookie of list) this.#entries.put(cookie, now);
  }

  /** Removes all cookies, or those that `condition` is true for. */
  clear(condition: (cookie: Cookie) => boolean = () => true): void {
    this.#entries.clear(condition);
  }

  /** Removes the cookies of a domain and of those below it. */
  clearDomain(domain: string): void {
    const lower = domain.toLowerCase().replace(/^\./, "");
    this.clear((cookie) => cookie.domain !== "" && coversHost(lower, cookie.domain));
  }

  /**
   * Writes the cookies to a file that nobody but its owner may read. Done when it returns: the file
   * is replaced as a whole, or left as it was.
   *
   * @throws the file system's error
   */
  save(path: string, options: CookieJarSaveOptions = {}): void {
    writeCookieFile(path, [...this], options.format ?? "json");
  }

  /**
   * Replaces the cookies with those of a file that {@link CookieJar.save} or curl wrote; what has
   * expired is left out.
   *
   * @throws SyntaxError when it is neither; the jar is as it was then
   * @throws the file system's error
   */
  load(path: string): void {
    const cookies = readCookieFile(path);
    this.#entries.clear(() => true);
    const now = getRunningLoop().wallTime();
    for (const cookie of cookies) this.#entries.put(cookie, now);
  }

  /** All cookies that have not expired, the oldest first. */
  [Symbol.iterator](): Iterator<Cookie> {
    return this.#entries.all(getRunningLoop().wallTime()).values();
  }

  #isSecure(url: URL): boolean {
    const { protocol, origin } = url;
    return protocol === "https:" || protocol === "wss:" || this.#secureOrigins.has(origin);
  }

  #matching(url: URL): Cookie[] {
    return this.#entries.matching({
      host: hostOf(url),
      path: url.pathname,
      secure: this.#isSecure(url),
      now: getRunningLoop().wallTime(),
    });
  }

  /** @internal */
  [INSPECT](): string {
    return `<CookieJar cookies=${this.size} domains=${this.#entries.domains}>`;
  }
}

const PLAIN = {
  hostOnly: true,
  path: "/",
  secure: false,
  httpOnly: false,
  sameSite: null,
  expires: null,
} as const;

function fromPairs(input: CookiesInput, url: string | URL | undefined): Cookie[] {
  const domain = url === undefined ? "" : hostOf(new URL(url));
  return cookiePairs("cookies", input).map(
    ([name, value]) => new Cookie({ ...PLAIN, name, value, domain }),
  );
}

function originsOf(input: string | URL | readonly (string | URL)[]): ReadonlySet<string> {
  const list = typeof input === "string" || input instanceof URL ? [input] : input;
  if (!Array.isArray(list)) throw wrongType("options.treatAsSecureOrigin", "origins", input);
  return new Set(list.map(originOf));
}

function originOf(input: string | URL): string {
  const origin = URL.canParse(String(input)) ? new URL(input).origin : "null";
  if (origin !== "null") return origin;
  throw wrongType("options.treatAsSecureOrigin", "origins, such as `http://localhost:80`", input);
}
