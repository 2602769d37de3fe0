/*
 * Which methods may reach a server twice without harm (RFC 9110, 9.2.2).
 */

/** @internal */
export const IDEMPOTENT: ReadonlySet<string> = new Set([
  "DELETE",
  "GET",
  "HEAD",
  "OPTIONS",
  "PUT",
  "TRACE",
]);
