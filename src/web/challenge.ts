/*
 * Challenges and credentials of HTTP authentication (RFC 9110, section 11).
 */
import type { RequestHeaders } from "./requestHeaders.ts";

/** What a client has sent to say who it is. @internal */
export interface Credentials {
  /** In lower case. */
  readonly scheme: string;
  /** What follows it. */
  readonly token: string;
}

/** Null when there are none, or more than one: nobody can tell which of them count. @internal */
export function credentialsOf(headers: RequestHeaders): Credentials | null {
  const [value, ...others] = headers.getAll("authorization");
  if (value === undefined || others.length > 0) return null;
  const [, scheme = "", token = ""] = /^([^\s]+)(?: +(.*))?$/.exec(value.trim()) ?? [];
  return { scheme: scheme.toLowerCase(), token };
}

/** A challenge with its parameters, quoted; what a header can't carry becomes a question mark. @internal */
export function challenge(
  scheme: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const parts = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${quotable(value)}"`],
  );
  return parts.length === 0 ? scheme : `${scheme} ${parts.join(", ")}`;
}

function quotable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&");
}
