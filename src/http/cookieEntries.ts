/*
 * What a jar holds: one Map per domain, in order of creation.
 *
 * Strategy: a request looks under its host and the domains above it, nowhere else, so it costs the
 * same however many hosts the jar knows. What has expired is removed where it is met.
 * Limits: 180 cookies per domain, as in Chromium; beyond that those go that were not used for the
 * longest time. The number of domains has no limit.
 */
import { isIP } from "node:net";
import type { Cookie } from "./cookie.ts";
import { coversHost, coversPath } from "./setCookie.ts";

/** Whose cookies are asked for. @internal */
export interface CookieQuery {
  readonly host: string;
  readonly path: string;
  /** Whether Secure cookies may be sent. */
  readonly secure: boolean;
  readonly now: number;
}

interface Entry {
  readonly cookie: Cookie;
  /** When it was first set, and last used, counted by all that happens in the jar. */
  readonly created: number;
  used: number;
}

const PER_DOMAIN = 180;

/** @internal */
export class CookieEntries {
  readonly #domains = new Map<string, Map<string, Entry>>();
  #events = 0;

  get domains(): number {
    return this.#domains.size;
  }

  /** How many there are, expired ones that were not met yet included. */
  get size(): number {
    let size = 0;
    for (const entries of this.#domains.values()) size += entries.size;
    return size;
  }

  /** Those that have not expired, the oldest first. */
  all(now: number): Cookie[] {
    const entries = [...this.#domains.values()].flatMap((each) => [...each.values()]);
    entries.sort((a, b) => a.created - b.created);
    return entries.map(({ cookie }) => cookie).filter((cookie) => isAlive(cookie, now));
  }

  /** Those to send, longest paths first, then the oldest (RFC 6265, 5.4). */
  matching(query: CookieQuery): Cookie[] {
    const found: Entry[] = [];
    for (const domain of covering(query.host)) this.#collect(domain, query, found);
    const named = new Set(found.map(({ cookie }) => cookie.name));
    const shared: Entry[] = [];
    this.#collect("", query, shared);
    // A cookie for any host gives way to one of its name that is for this host.
    found.push(...shared.filter(({ cookie }) => !named.has(cookie.name)));
    found.sort((a, b) => b.cookie.path.length - a.cookie.path.length || a.created - b.created);
    return found.map(({ cookie }) => cookie);
  }

  #collect(domain: string, { host, path, secure, now }: CookieQuery, into: Entry[]): void {
    const entries = this.#domains.get(domain);
    if (entries === undefined) return;
    for (const [key, entry] of entries) {
      const { cookie } = entry;
      if (!isAlive(cookie, now)) entries.delete(key);
      else if (cookie.hostOnly && domain !== "" && domain !== host) continue;
      else if (coversPath(cookie.path, path) && (secure || !cookie.secure)) {
        entry.used = ++this.#events;
        into.push(entry);
      }
    }
    this.#prune(domain, entries);
  }

  /** Whether a Secure cookie would be shadowed by this one (RFC 6265bis, 5.7, step 16). */
  hasSecure({ name, domain, hostOnly, path }: Cookie): boolean {
    const below = hostOnly
      ? []
      : [...this.#domains.keys()].filter((each) => coversHost(domain, each));
    return [...covering(domain), ...below].some((each) => {
      for (const { cookie } of this.#domains.get(each)?.values() ?? [])
        if (cookie.secure && cookie.name === name && coversPath(cookie.path, path)) return true;
      return false;
    });
  }

  /** Adds or replaces it; one that has expired only removes. */
  put(cookie: Cookie, now: number): void {
    const key = `${cookie.path}\0${cookie.name}`;
    const { domain } = cookie;
    let entries = this.#domains.get(domain);
    if (!isAlive(cookie, now)) {
      entries?.delete(key);
      if (entries !== undefined) this.#prune(domain, entries);
      return;
    }
    if (entries === undefined) this.#domains.set(domain, (entries = new Map()));
    const event = ++this.#events;
    entries.set(key, { cookie, created: entries.get(key)?.created ?? event, used: event });
    if (entries.size > PER_DOMAIN) makeRoom(entries, now);
  }

  clear(condition: (cookie: Cookie) => boolean): void {
    for (const [domain, entries] of this.#domains) {
      for (const [key, { cookie }] of entries) if (condition(cookie)) entries.delete(key);
      this.#prune(domain, entries);
    }
  }

  #prune(domain: string, entries: Map<string, Entry>): void {
    if (entries.size === 0) this.#domains.delete(domain);
  }
}

function isAlive({ expires }: Cookie, now: number): boolean {
  return expires === null || expires > now;
}

/** The host, and the domains above it. */
function covering(host: string): string[] {
  if (isIP(host) !== 0) return [host];
  const domains = [];
  for (let domain = host; domain !== "";) {
    domains.push(domain);
    const dot = domain.indexOf(".");
    domain = dot === -1 ? "" : domain.slice(dot + 1);
  }
  return domains;
}

function makeRoom(entries: Map<string, Entry>, now: number): void {
  let oldest: string | null = null;
  let used = Infinity;
  for (const [key, entry] of entries) {
    if (!isAlive(entry.cookie, now)) entries.delete(key);
    else if (entry.used < used) [oldest, used] = [key, entry.used];
  }
  if (entries.size > PER_DOMAIN && oldest !== null) entries.delete(oldest);
}
