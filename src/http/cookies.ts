/*
 * Cookies as callers give them, the `cookie` header that they make, and what a session asks of a jar.
 *
 * Strategy: a value is sent as it was given. Nobody quotes or encodes it: servers disagree on what
 * they take apart. What cannot be sent so is refused, and the error says what to do; it never has
 * the value.
 */
import { wrongType } from "../core/arguments.ts";
import { isCookieName, isCookieValue } from "./cookie.ts";

/** Cookies to send: an object of names and values, or pairs. */
export type CookiesInput =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>;

/**
 * What a session asks of a jar (`aiohttp.abc.AbstractCookieJar`). Both are called within a request,
 * and must not wait.
 */
export interface AbstractCookieJar {
  /** What to send to the URL as `cookie`; empty for none. */
  cookieHeader(url: URL): string;
  /** Takes in the `set-cookie` headers that came from the URL. */
  store(url: URL, setCookie: readonly string[]): void;
}

/** A jar that keeps nothing and sends nothing (`aiohttp.DummyCookieJar`). */
export class DummyCookieJar implements AbstractCookieJar {
  /** Nothing. */
  cookieHeader(_url: URL): string {
    return "";
  }

  /** Does nothing. */
  store(_url: URL, _setCookie: readonly string[]): void {}
}

/** Checks cookies from outside. @internal */
export function cookiePairs(
  parameter: string,
  input: CookiesInput,
): readonly (readonly [name: string, value: string])[] {
  if (typeof input !== "object" || input === null) {
    throw wrongType(parameter, "an object of cookies, or pairs", input);
  }
  const pairs = Symbol.iterator in input ? [...input] : Object.entries(input);
  for (const [name, value] of pairs) {
    if (!isCookieName(name)) throw wrongType(parameter, "cookies whose names are tokens", name);
    if (!isCookieValue(value)) throw unsendable(parameter, name, value);
  }
  return pairs;
}

function unsendable(parameter: string, name: string, value: unknown): TypeError {
  const what = `Expected \`${parameter}\` to have`;
  if (typeof value !== "string") return new TypeError(`${what} a string as cookie \`${name}\``);
  return new TypeError(
    `${what} visible ASCII without \`;\` as cookie \`${name}\`: encode it, with encodeURIComponent for one`,
  );
}

/** The `cookie` header of the pairs. @internal */
export function cookieHeaderOf(pairs: Iterable<readonly [name: string, value: string]>): string {
  return Array.from(pairs, ([name, value]) => `${name}=${value}`).join("; ");
}

/** What a `cookie` header says; what is no pair in it has an empty name. @internal */
export function parseCookieHeader(header: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const part of header.split(";")) {
    const text = part.trim();
    if (text === "") continue;
    const equals = text.indexOf("=");
    pairs.push([text.slice(0, Math.max(equals, 0)).trimEnd(), text.slice(equals + 1).trimStart()]);
  }
  return pairs;
}

/** The header `base` with the pairs in place of what it has under their names. @internal */
export function overlaidCookies(
  base: string,
  over: readonly (readonly [name: string, value: string])[],
): string {
  if (over.length === 0) return base;
  const names = new Set(over.map(([name]) => name));
  const kept = parseCookieHeader(base).filter(([name]) => !names.has(name));
  return cookieHeaderOf([...kept, ...over]);
}
