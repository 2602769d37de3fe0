/*
 * Where a request goes: a URL as the caller gave it, resolved and taken apart.
 *
 * User info in a URL becomes a Basic `authorization` header and is taken out of the URL, as
 * browsers' address bars, curl and aiohttp do; so nobody finds it in `response.url`.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { withoutDotSegments } from "./dotSegments.ts";
import { InvalidUrlError } from "./errors.ts";
import { appendTo, type NamedValues } from "./namedValues.ts";
import { redact } from "./redaction.ts";

/** @internal */
export interface Target {
  /** The whole URL, without user info and fragment. */
  readonly url: string;
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** With its `#`; empty for none. It is not sent. */
  readonly fragment: string;
  /** The Basic credentials that were in the URL, or null. */
  readonly authorization: string | null;
}

/** The base URL of a session. @internal */
export function checkedBaseUrl(baseUrl: string | URL): string {
  const url = parsed(String(baseUrl));
  const whole = url?.protocol === "http:" || url?.protocol === "https:";
  // Without the slash, resolving a relative URL would drop the last part of the path.
  if (whole && url.pathname.endsWith("/") && url.search + url.hash === "") return url.href;
  const expected = "an http or https URL whose path ends in `/`, without query";
  throw outOfRange("options.baseUrl", expected, redact(String(baseUrl)));
}

/** @internal */
export function targetOf(
  method: string,
  input: string | URL,
  baseUrl: string | undefined,
  params: NamedValues | undefined,
): Target {
  const url = parse(method, input, baseUrl);
  if (params !== undefined) appendTo(url.searchParams, "params", params);
  const authorization = url.username === "" && url.password === "" ? null : takeUserInfo(url);
  const fragment = url.hash;
  if (fragment !== "") url.hash = "";
  const { href, origin, pathname, search } = url;
  return { url: href, origin, path: pathname + search, fragment, authorization };
}

function parse(method: string, input: string | URL, baseUrl: string | undefined): URL {
  if (typeof input !== "string" && !(input instanceof URL))
    throw wrongType("url", "a string or a URL", input);
  const text = String(input);
  const url = parsed(text, baseUrl);
  if (url === null) throw invalid(method, text, whyNot(text, baseUrl));
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw invalid(method, text, `\`${url.protocol}\` is not http: or https:`);
}

function parsed(text: string, baseUrl?: string): URL | null {
  try {
    return withoutDotSegments(new URL(text, baseUrl));
  } catch {
    // Node's error is not kept as a cause: it has the whole input as a property, secrets included.
    return null;
  }
}

function invalid(method: string, url: string, words: string): InvalidUrlError {
  return new InvalidUrlError({ method, url }, words);
}

function whyNot(text: string, baseUrl: string | undefined): string {
  const relative = baseUrl === undefined && !/^[a-z][a-z0-9+.-]*:/i.test(text);
  return relative ? "not a whole URL, and the session has no `baseUrl`" : "not a valid URL";
}

function takeUserInfo(url: URL): string {
  const userInfo = `${decoded(url.username)}:${decoded(url.password)}`;
  url.username = url.password = "";
  return `Basic ${Buffer.from(userInfo, "utf8").toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
