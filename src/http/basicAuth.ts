/*
 * Basic authentication (RFC 7617): login and password, readable by whoever sees the request, so for
 * https only. Both are sent as UTF-8, which is what its `charset` parameter knows.
 */
import { wrongType } from "../core/arguments.ts";
import { type Auth, FixedAuth } from "./fixedAuth.ts";

/** A user's name and password. */
export interface BasicCredentials {
  /** The user's name; without `:`, which ends it. */
  readonly login: string;
  /** Default: empty. */
  readonly password?: string;
}

/**
 * Basic authentication, for the option `auth` (`aiohttp.BasicAuth`).
 *
 * @param login the user's name; without `:`, which ends it
 * @throws TypeError when one is no string, or cannot be sent
 *
 * @example
 * ```ts
 * import { basicAuth } from "ambit/http";
 *
 * const auth = basicAuth("Aladdin", "open sesame");
 * auth.authorization(new URL("https://example.com/")); // => "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
 * ```
 */
export function basicAuth(login: string, password: string): Auth {
  expectCredentials(login, password);
  if (login.includes(":")) throw wrongType("login", "a name without `:`, which ends it", login);
  return new FixedAuth(basicHeader(login, password));
}

/** @internal */
export function basicHeader(login: string, password: string): string {
  return `Basic ${Buffer.from(`${login}:${password}`, "utf8").toString("base64")}`;
}

/** Checks a login and a password; errors do not show the password. @internal */
export function expectCredentials(login: string, password: string): void {
  if (typeof login !== "string" || hasControls(login)) {
    throw wrongType("login", "a string without control characters", login);
  }
  if (typeof password !== "string" || hasControls(password))
    throw new TypeError("Expected `password` to be a string without control characters");
}

function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- They are what must not be there (RFC 7617, 2).
  return /[\x00-\x1f\x7f]/.test(text);
}
