/*
 * Placement: where the routes of a blueprint or a group are, and what they have in common (Sanic's words).
 */
import { wrongType } from "../core/arguments.ts";
import { ANY_CUSTOM_TYPES } from "./parameters.ts";
import { parsePattern } from "./pathPattern.ts";
import { checkRouteOptions } from "./routeDefaults.ts";
import { hostPattern } from "./routeHosts.ts";
import type { RouteOptions } from "./routeOptions.ts";

/** Where routes are, and what they have in common. What lies further inside wins, but for prefixes and names, which add up. */
export interface Placement<Prefix extends string = string> {
  /** Stands before each path: `/users`; may hold parameters. */
  readonly urlPrefix?: Prefix;
  /** The host, or the hosts, that the routes are for: `api.example.com`, `*.example.com`. Default: all. */
  readonly host?: string | readonly string[];
  /** Stands before all prefixes: 1 is `/v1`. */
  readonly version?: number | string;
  /** What stands before the version. Default `/v`. */
  readonly versionPrefix?: string;
  /** Whether `/a` and `/a/` are two things. Default false. */
  readonly strictSlashes?: boolean;
  /** Stands before the names of routes, with a dot: `users.show`. */
  readonly name?: string;
  /** What holds for each route that does not say otherwise. */
  readonly routeOptions?: Omit<RouteOptions, "name">;
}

/**
 * @throws SyntaxError or TypeError for what is no prefix, host or version
 * @internal
 */
export function checkPlacement(placement: Placement): void {
  const { host, name, routeOptions, urlPrefix, version, versionPrefix } = placement;
  if (urlPrefix !== undefined) checkPrefix("urlPrefix", urlPrefix);
  if (versionPrefix !== undefined) checkPrefix("versionPrefix", versionPrefix);
  if (version !== undefined && !/^[\w.-]+$/.test(String(version)))
    throw wrongType("version", "a number or a word", version);
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw wrongType("name", "a text that is not empty", name);
  for (const each of hostsOf(host)) if (each !== null) hostPattern(each);
  checkRouteOptions(routeOptions ?? {});
}

function checkPrefix(what: string, prefix: unknown): void {
  if (typeof prefix !== "string") throw wrongType(what, "a string", prefix);
  const { segments } = parsePattern(prefix, ANY_CUSTOM_TYPES);
  if (segments.at(-1)?.kind === "rest")
    throw wrongType(what, "a path behind which something can follow", prefix);
}

/** @internal */
export function hostsOf(host: Placement["host"]): readonly (string | null)[] {
  if (host === undefined) return [null];
  return typeof host === "string" ? [host] : host;
}
