/*
 * The cookies of a session as its requests see them: what a hop sends, what an answer teaches.
 *
 * Strategy: a session has a jar unless it is told not to. While the jar is empty and the request has
 * no cookies of its own, nothing is computed; an answer without `set-cookie` costs one look.
 */
import { wrongType } from "../core/arguments.ts";
import { CookieJar } from "./cookieJar.ts";
import {
  type AbstractCookieJar,
  cookiePairs,
  type CookiesInput,
  DummyCookieJar,
  overlaidCookies,
  parseCookieHeader,
} from "./cookies.ts";
import type { HeaderRecord } from "./headers.ts";

/** Cookies of one request, checked. @internal */
export type CookiePairs = readonly (readonly [name: string, value: string])[];

/** @internal */
export const NO_COOKIES: CookiePairs = [];

/** Checks the cookies of a request. @internal */
export function requestCookies(input: CookiesInput | undefined): CookiePairs {
  return input === undefined ? NO_COOKIES : cookiePairs("options.cookies", input);
}

/** @internal */
export class SessionCookies {
  readonly #jar: AbstractCookieJar;

  constructor(jar: AbstractCookieJar) {
    this.#jar = jar;
  }

  /** Whether no URL would get a cookie. */
  get idle(): boolean {
    const jar = this.#jar;
    return jar instanceof CookieJar ? jar.size === 0 : jar instanceof DummyCookieJar;
  }

  /**
   * The `cookie` header for a hop; empty for none. The jar's cookies give way to those of a header
   * that the caller set, those to the request's own.
   */
  header(url: URL, explicit: string | null, own: CookiePairs): string {
    let header = this.#jar.cookieHeader(url);
    if (explicit !== null) header = overlaidCookies(header, parseCookieHeader(explicit));
    return overlaidCookies(header, own);
  }

  /** Takes in what an answer sets. */
  learn(url: string, headers: HeaderRecord): void {
    const set = headers["set-cookie"];
    if (set !== undefined) this.#jar.store(new URL(url), typeof set === "string" ? [set] : set);
  }
}

/**
 * What the options `cookieJar` and `cookies` of a session make. Cookies given without
 * a `baseUrl` go to every host, as in aiohttp.
 * @internal
 */
export function sessionCookiesOf(
  jar: AbstractCookieJar | undefined,
  cookies: CookiesInput | false | undefined,
  baseUrl: string | undefined,
): SessionCookies {
  // A request may have cookies of its own all the same.
  if (cookies === false) return new SessionCookies(new DummyCookieJar());
  if (jar !== undefined) expectJar(jar);
  const kept = jar ?? new CookieJar();
  if (cookies !== undefined) {
    if (!(kept instanceof CookieJar))
      throw new TypeError("Expected `options.cookies` to come with no `cookieJar`, or a CookieJar");
    kept.update(cookies, baseUrl);
  }
  return new SessionCookies(kept);
}

function expectJar(jar: AbstractCookieJar): void {
  if (typeof jar?.cookieHeader === "function" && typeof jar.store === "function") return;
  throw wrongType("options.cookieJar", "a CookieJar, or what has its two functions", jar);
}
