/*
 * One cookie of a jar. A record that does not change: a server that sets it anew makes a new one.
 *
 * Its value is a secret more often than not: `inspect` shows all but that.
 */
import { INSPECT } from "../core/inspection.ts";

/** What a cookie is made of. @internal */
export interface CookieFields {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: "strict" | "lax" | "none" | null;
  readonly expires: number | null;
}

/** A cookie, as a {@link CookieJar} keeps it. Printing it does not show its value. */
export class Cookie {
  /** Its name. */
  readonly name: string;
  /** Its value, as it is sent. */
  readonly value: string;
  /** The host or domain it is sent to, in lower case; empty for any host. */
  readonly domain: string;
  /** Whether it is sent to that host only, not to those below it. */
  readonly hostOnly: boolean;
  /** The path it is sent to, with all below it. */
  readonly path: string;
  /** Whether it is sent over encrypted connections only. */
  readonly secure: boolean;
  /** Whether scripts of a page may not see it: nothing to a client, but kept. */
  readonly httpOnly: boolean;
  /** Which pages may cause it to be sent: nothing to a client, but kept. */
  readonly sameSite: "strict" | "lax" | "none" | null;
  /** Until when it is sent, in milliseconds since 1970; null for as long as the jar lives. */
  readonly expires: number | null;

  /** @internal */
  constructor(fields: CookieFields) {
    this.name = fields.name;
    this.value = fields.value;
    this.domain = fields.domain;
    this.hostOnly = fields.hostOnly;
    this.path = fields.path;
    this.secure = fields.secure;
    this.httpOnly = fields.httpOnly;
    this.sameSite = fields.sameSite;
    this.expires = fields.expires;
    Object.freeze(this);
  }

  /** @internal */
  [INSPECT](): string {
    const { name, domain, hostOnly, path, secure, httpOnly } = this;
    const where = domain === "" ? "any host" : `${hostOnly ? "" : "*."}${domain}${path}`;
    return `<Cookie ${name}=*** for ${where}${secure ? " secure" : ""}${httpOnly ? " httpOnly" : ""}>`;
  }
}

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What undici sends as a header, without `;`, which ends a value. */
const OCTETS = /^[\x20-\x3a\x3c-\x7e\x80-\xff]*$/;
/** RFC 6265bis, 5.6: longer ones are not stored. */
const LONGEST = 4096;

/** What a server has set can go into a header as it is. Servers' names are freer than tokens. @internal */
export function isSendable(name: string, value: string): boolean {
  const length = name.length + value.length;
  return length <= LONGEST && OCTETS.test(value) && OCTETS.test(name) && !name.includes("=");
}

/** A name that a caller may give a cookie: a token (RFC 6265, 4.1.1). @internal */
export function isCookieName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name);
}

/** A value that a caller may give a cookie, and any server gets as it was given. @internal */
export function isCookieValue(value: unknown): value is string {
  return (
    typeof value === "string" && /^[\x20-\x3a\x3c-\x7e]*$/.test(value) && value === value.trim()
  );
}
