/*
 * What of a URL may be printed.
 *
 * URLs carry secrets: a user's password before the host, a token in the query. Error texts and
 * inspect output end up in logs, so they show a URL only through `redact`. It works on text, not on
 * a URL object: what has to be shown may be no URL at all.
 * Limits: knows secrets by the names of query parameters. A secret in the path is printed.
 */

const USER_INFO = /^([a-z][a-z0-9+.-]*:)?([/\\]{2})[^/\\?#]*@/i;
const QUERY_VALUE = /([?&;]([^=&;#]*)=)[^&;#]+/g;
const SECRET =
  /(pass(wor)?d?$|passphrase|secret|token|session|signature|credential|(^|[^a-z])(auth|code|jwt|key|pwd|sig|sid)$|apikey|authorization)/i;

/** Whether what has this name sounds like a secret. @internal */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}

/**
 * The URL with user info and the values of secret-sounding query parameters replaced by `***`.
 * @internal
 */
export function redact(url: string): string {
  return url
    .replace(USER_INFO, "$1$2***@")
    .replace(QUERY_VALUE, (whole, start: string, name: string) =>
      SECRET.test(name) ? `${start}***` : whole,
    );
}
