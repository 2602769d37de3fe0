/*
 * Which requests a route of a mock is for.
 *
 * Strategy: asked for what differs, not whether it matches, so that an unexpected request can be told
 * from what was expected. Values of headers and bodies are not told: they may be secrets.
 */
import { inspect, isDeepStrictEqual } from "node:util";
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { MockRequest } from "./mockRequest.ts";
import { redact } from "./redaction.ts";

/** A text, a pattern, or a function that tells. */
export type TextMatch = string | RegExp | ((text: string) => boolean);

/**
 * Where a request goes: a path, or a whole URL, in which `:name` stands for one part of the path and
 * `*` at the end for the rest; a pattern for the whole URL; or a function. Without a query, any query
 * is taken.
 */
export type UrlMatch = string | URL | RegExp | ((url: URL) => boolean);

/** What else of a request has to match. */
export interface MockConditions {
  /** Parameters of the query, among others. */
  readonly params?: Readonly<Record<string, TextMatch>>;
  /** Headers, among others; null for one that must not be there. */
  readonly headers?: Readonly<Record<string, TextMatch | null>>;
  /** The body as text. */
  readonly body?: TextMatch;
  /** The body as JSON, deeply equal. */
  readonly json?: unknown;
}

/** What matched in the path, or what differs. @internal */
export type Comparison =
  | { readonly params: Readonly<Record<string, string>> }
  | { readonly differs: string };

/** @internal */
export class MockPattern {
  readonly method: string;
  readonly #url: UrlMatch;
  readonly #conditions: MockConditions;

  constructor(method: string, url: UrlMatch, conditions: MockConditions) {
    this.method = method.toUpperCase();
    this.#url = typeof url === "string" || url instanceof URL ? checkedUrl(String(url)) : url;
    this.#conditions = conditions;
    if (typeof conditions !== "object" || conditions === null)
      throw wrongType("conditions", "an object", conditions);
  }

  compare(request: MockRequest): Comparison {
    if (this.method !== "*" && this.method !== request.method) return differs("the method");
    const params = this.#paramsOf(request.url);
    if (params === null) return differs("the URL");
    const condition = this.#unmet(request);
    return condition === null ? { params } : differs(condition);
  }

  #paramsOf(url: URL): Readonly<Record<string, string>> | null {
    const match = this.#url;
    if (typeof match === "function") return match(url) ? {} : null;
    if (match instanceof RegExp) return matches(match, url.href) ? {} : null;
    return matchUrl(String(match), url);
  }

  /** The condition that the request does not meet, in words. */
  #unmet(request: MockRequest): string | null {
    const { params = {}, headers = {}, body, json } = this.#conditions;
    for (const [name, match] of Object.entries(params)) {
      const values = request.url.searchParams.getAll(name);
      if (!values.some((value) => matches(match, value))) return `the query parameter \`${name}\``;
    }
    for (const [name, match] of Object.entries(headers)) {
      const value = request.headers.get(name);
      const met = match === null ? value === null : value !== null && matches(match, value);
      if (!met) return `the header \`${name}\``;
    }
    if (body !== undefined && !matches(body, request.text)) return "the body";
    return json === undefined || isDeepStrictEqual(jsonOf(request), json) ? null : "the JSON body";
  }

  toString(): string {
    const url = this.#url;
    const where = typeof url === "function" ? `a URL for ${url.name || "a function"}` : String(url);
    const kinds = Object.keys(this.#conditions).map((kind) => CONDITIONS[kind] ?? kind);
    const method = this.method === "*" ? "any method" : this.method;
    return `${method} ${redact(where)}${kinds.length > 0 ? ` (and ${kinds.join(", ")})` : ""}`;
  }
}

const CONDITIONS: Readonly<Record<string, string>> = {
  params: "query parameters",
  headers: "headers",
  body: "body",
  json: "JSON body",
};

function differs(what: string): Comparison {
  return { differs: what };
}

function matches(match: TextMatch, text: string): boolean {
  if (typeof match === "string") return match === text;
  if (typeof match === "function") return match(text);
  if (match instanceof RegExp) {
    match.lastIndex = 0;
    return match.test(text);
  }
  throw new TypeError(
    `Expected a string, a RegExp or a function to match with, got ${inspect(match)}`,
  );
}

/** What is no JSON is equal to nothing. */
function jsonOf(request: MockRequest): unknown {
  try {
    return request.json();
  } catch {
    return Symbol("no JSON");
  }
}

const WHOLE = /^(https?:\/\/[^/?#]+)?(\/[^?#]*)?(\?[^#]*)?$/i;

function checkedUrl(text: string): string {
  if (text !== "" && WHOLE.test(text)) return text;
  throw outOfRange("url", "a path that begins with `/`, or an http or https URL", redact(text));
}

function matchUrl(pattern: string, url: URL): Record<string, string> | null {
  const [, origin, path = "/", query] = WHOLE.exec(pattern) ?? [];
  if (origin !== undefined && new URL(origin).origin !== url.origin) return null;
  if (query !== undefined && !sameQuery(query, url)) return null;
  return matchPath(path.split("/"), url.pathname.split("/"));
}

function sameQuery(query: string, url: URL): boolean {
  const [expected, got] = [new URLSearchParams(query), new URLSearchParams(url.search)];
  expected.sort();
  got.sort();
  return String(expected) === String(got);
}

function matchPath(pattern: string[], path: string[]): Record<string, string> | null {
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    if (part === "*" && index === pattern.length - 1) {
      params["*"] = path.slice(index).join("/");
      return path.length > index ? params : null;
    }
    const actual = path[index];
    if (actual === undefined) return null;
    if (part.startsWith(":") && actual !== "") params[part.slice(1)] = decoded(actual);
    else if (part !== actual && encodeURI(part) !== actual) return null;
  }
  return pattern.length === path.length ? params : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
