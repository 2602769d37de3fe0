/*
 * What OpenTelemetry's stable conventions for HTTP call things (semantic conventions, version 1.23 and later).
 */

const METHODS: ReadonlySet<string> = new Set([
  "CONNECT",
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "POST",
  "PUT",
  "QUERY",
  "TRACE",
]);

/** What stands for a method in names and attributes: what a client makes up must not become one. @internal */
export function knownMethod(method: string): string | null {
  return METHODS.has(method) ? method : null;
}

/** Parameters whose values are keys to something (the conventions name these). */
const SECRETS = /([?&]|^)(AWSAccessKeyId|Signature|sig|X-Goog-Signature)=[^&#]*/g;

/** A query or URL without what would be a key to something. @internal */
export function withoutSecrets(text: string): string {
  return text.includes("=") ? text.replace(SECRETS, "$1$2=REDACTED") : text;
}

/** A URL as `url.full`: no user info. @internal */
export function fullUrl(url: string): string {
  const clean = withoutSecrets(url);
  const at = clean.indexOf("@");
  if (at === -1) return clean;
  const start = clean.indexOf("//") + 2;
  const end = clean.slice(start).search(/[/?#]/);
  if (end !== -1 && at > start + end) return clean;
  return `${clean.slice(0, start)}REDACTED:REDACTED@${clean.slice(at + 1)}`;
}

type HostAndPort = readonly [host: string, port: number | null];

let lastAuthority = "";
let last: HostAndPort = ["", null];

/** Host and port of an authority, of which an IPv6 address stands in brackets. @internal */
export function hostAndPort(authority: string): HostAndPort {
  // A server is called by one name, most of the time.
  if (authority === lastAuthority) return last;
  last = parsedAuthority(authority);
  lastAuthority = authority;
  return last;
}

function parsedAuthority(authority: string): HostAndPort {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  if (match === null) return [authority, null];
  const [, host = "", port] = match;
  return [
    host.startsWith("[") ? host.slice(1, -1) : host,
    port === undefined ? null : Number(port),
  ];
}
