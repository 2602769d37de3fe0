/*
 * RouteHosts: which tables of routes a host may look into: its own, those of `*.example.com`, and those of all.
 *
 * Strategy: the narrowest first. Most applications have no hosts, and pay nothing for them. Hosts are compared in lower
 * case, without the port and the dot at the end (RFC 9110, section 4.2.3).
 */
import { wrongType } from "../core/arguments.ts";

/**
 * A host as routes are written for.
 *
 * @returns in lower case
 * @throws TypeError when it has a port, or a star elsewhere than in `*.`
 * @internal
 */
export function hostPattern(host: string): string {
  const name = typeof host === "string" && host.startsWith("*.") ? host.slice(2) : host;
  if (typeof name === "string" && /^(?:[^\s:/?#@*[\]]+|\[[0-9a-f:.]+\])$/i.test(name))
    return withoutDot(host.toLowerCase());
  throw wrongType("host", "a host without a port: `api.example.com`, `*.example.com`", host);
}

/** @internal */
export class RouteHosts<T> {
  readonly #exact: Map<string, T> = new Map();
  /** By `.example.com`, the longest first. */
  readonly #below: [suffix: string, table: T][] = [];
  readonly #all: T;
  readonly #everywhere: readonly T[];

  /** @param tables by host, or null for all */
  constructor(tables: ReadonlyMap<string | null, T>, all: T) {
    this.#all = all;
    this.#everywhere = [all];
    for (const [host, table] of tables) {
      if (host === null) continue;
      if (host.startsWith("*.")) this.#below.push([host.slice(1), table]);
      else this.#exact.set(host, table);
    }
    this.#below.sort(([one], [other]) => other.length - one.length);
  }

  /** The tables for the host of a request, the narrowest first. */
  for(authority: string): readonly T[] {
    if (this.#exact.size === 0 && this.#below.length === 0) return this.#everywhere;
    const host = withoutDot(withoutPort(authority.toLowerCase()));
    const exact = this.#exact.get(host);
    const below = this.#below.filter(
      ([suffix]) => host.length > suffix.length && host.endsWith(suffix),
    );
    return [...(exact === undefined ? [] : [exact]), ...below.map(([, table]) => table), this.#all];
  }
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d*$/, "");
}

function withoutDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}
