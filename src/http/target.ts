/*
 * Where a request goes: a URL as the caller gave it, resolved and taken apart.
 *
 * User info in a URL becomes a Basic `authorization` header and is taken out of the URL, as browsers' address bars,
 * curl and aiohttp do; so nobody finds it in `response.url`.
 */
import { wrongType } from "../core/arguments.ts";
import { InvalidUrlError } from "./errors.ts";
import { redact } from "./redaction.ts";

/** Query parameters to add to a URL: an object, pairs, or `URLSearchParams`. An object's undefined values are left out. */
export type ParamsInput =
  | Readonly<Record<string, string | number | boolean | undefined>>
  | Iterable<readonly [name: string, value: string]>;

/** @internal */
export interface Target {
  /** The whole URL, without user info and fragment. */
  readonly url: string;
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** The Basic credentials that were in the URL, or null. */
  readonly authorization: string | null;
}

/** The base URL of a session. @internal */
export function checkedBaseUrl(baseUrl: string | URL): string {
  const url = parse("baseUrl", baseUrl, undefined);
  if (url.pathname.endsWith("/") && url.search === "" && url.hash === "") return url.href;
  throw new RangeError(
    `Expected \`baseUrl\` to have a path that ends in \`/\` and no query, got \`${redact(String(baseUrl))}\``,
  );
}

/** @internal */
export function targetOf(
  method: string,
  input: string | URL,
  baseUrl: string | undefined,
  params: ParamsInput | undefined,
): Target {
  const url = parse(method, input, baseUrl);
  if (params !== undefined) addParams(url, params);
  const authorization = url.username === "" && url.password === "" ? null : takeUserInfo(url);
  if (url.hash !== "") url.hash = "";
  return { url: url.href, origin: url.origin, path: url.pathname + url.search, authorization };
}

function parse(method: string, input: string | URL, baseUrl: string | undefined): URL {
  if (typeof input !== "string" && !(input instanceof URL))
    throw wrongType("url", "a string or a URL", input);
  // Not `new URL` in a try: its error keeps the whole input, secrets included, as a property.
  const text = String(input);
  if (!URL.canParse(text, baseUrl)) throw invalid(method, text, whyNot(text, baseUrl));
  const url = new URL(text, baseUrl);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw invalid(method, text, `\`${url.protocol}\` is not http: or https:`);
}

function invalid(method: string, url: string, words: string): InvalidUrlError {
  return new InvalidUrlError({ method, url }, words);
}

function whyNot(text: string, baseUrl: string | undefined): string {
  const relative = baseUrl === undefined && !/^[a-z][a-z0-9+.-]*:/i.test(text);
  return relative ? "not a whole URL, and the session has no `baseUrl`" : "not a valid URL";
}

function addParams(url: URL, params: ParamsInput): void {
  if (typeof params !== "object" || params === null) {
    throw wrongType("params", "an object, pairs, or URLSearchParams", params);
  }
  const pairs = Symbol.iterator in params ? params : Object.entries(params);
  for (const [name, value] of pairs)
    if (value !== undefined) url.searchParams.append(name, String(value));
}

function takeUserInfo(url: URL): string {
  const userInfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = url.password = "";
  return `Basic ${Buffer.from(userInfo, "utf8").toString("base64")}`;
}
