/*
 * The origin of the page that a request came from (RFC 6454): whether it is one of this application's own.
 *
 * Hosts are compared, not schemes: behind a proxy that ends TLS and is not trusted, a server does not know its own scheme.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { ServerRequest } from "./request.ts";

const EXPECTED = "origins such as https://example.org";

/** An origin that an option names, in lower case. @internal */
export function expectOrigin(name: string, origin: unknown): string {
  if (typeof origin !== "string") throw wrongType(name, EXPECTED, origin);
  const url = URL.canParse(origin) ? new URL(origin) : null;
  // What `Origin` says of a scheme that browsers know no origins of, such as an extension's, stands as it is.
  const own = url === null || url.origin === "null" ? origin : url.origin;
  if (url === null || own.toLowerCase() !== origin.toLowerCase())
    throw outOfRange(name, EXPECTED, origin);
  return origin.toLowerCase();
}

/** Whether that origin has the host that was asked for. @internal */
export function isOwnOrigin(origin: string, { host }: Pick<ServerRequest, "host">): boolean {
  try {
    const { protocol, host: from } = new URL(origin);
    // Without a port that goes without saying, by the origin's scheme.
    return from !== "" && new URL(`${protocol}//${host}`).host === from;
  } catch {
    return false;
  }
}
