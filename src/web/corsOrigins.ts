/*
 * Which origins a rule of CORS is for.
 *
 * An expression must match the whole origin: `/\.example\.com/` alone would also match `https://www.example.com.evil.test`.
 */
import { wrongType } from "../core/arguments.ts";
import { expectOrigin } from "./pageOrigin.ts";
import type { ServerRequest } from "./request.ts";

/** Tells whether pages of that origin may; may look at the request, or ask a database. */
export type CorsOriginFunction = (
  origin: string,
  request: ServerRequest,
) => boolean | PromiseLike<boolean>;

/** Whose pages: `*` for all, origins, expressions that match a whole origin, or a function. */
export type CorsOrigins = string | RegExp | readonly (string | RegExp)[] | CorsOriginFunction;

/** @internal */
export type OriginMatcher = "*" | CorsOriginFunction;

const NAME = "options.origins";

/** @internal */
export function originMatcher(origins: CorsOrigins): OriginMatcher {
  if (origins === "*") return "*";
  if (typeof origins === "function") return origins;
  const list: unknown =
    typeof origins === "string" || origins instanceof RegExp ? [origins] : origins;
  if (!Array.isArray(list) || list.length === 0)
    throw wrongType(NAME, '"*", origins, expressions or a function', origins);
  const names = new Set<string>();
  const expressions: RegExp[] = [];
  for (const each of list) {
    if (each instanceof RegExp) expressions.push(whole(each));
    // What sandboxed frames and local files send: anybody can.
    else if (each === "null") throw wrongType(NAME, "origins: anybody can send null", each);
    else names.add(expectOrigin(NAME, each));
  }
  return (origin) =>
    names.has(origin.toLowerCase()) || expressions.some((expression) => expression.test(origin));
}

/** One that matches from end to end, and keeps no place between two tests. */
function whole({ source, flags }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`, flags.replace(/[gmy]/g, ""));
}
