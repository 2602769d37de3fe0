/*
 * How a request says who it is from: what the option `auth` takes, and what becomes of it.
 *
 * Strategy: one small object that gives the `authorization` header for a URL, at once where it can;
 * who sends decides whether that URL may have it. Printing one never shows a secret, nor does an
 * error.
 */
import { wrongType } from "../core/arguments.ts";
import { basicAuth, type BasicCredentials } from "./basicAuth.ts";
import { type Auth, FixedAuth } from "./fixedAuth.ts";

/**
 * Who a request is from: login and password (Basic); the whole header, such as `"Bearer abc"`; or
 * what {@link basicAuth}, {@link bearerAuth} or a function of your own gives.
 */
export type AuthInput = BasicCredentials | string | Auth;

/** Checks what a caller gave. @internal */
export function authOf(parameter: string, input: AuthInput): Auth {
  if (typeof input === "string") return headerAuth(parameter, input);
  if (typeof input === "object" && input !== null) {
    if ("authorization" in input && typeof input.authorization === "function") return input;
    if ("login" in input) return basicAuth(input.login, input.password ?? "");
  }
  throw wrongType(
    parameter,
    "`{ login, password }`, a header such as `Bearer …`, or an Auth",
    input,
  );
}

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*$/;

function headerAuth(parameter: string, header: string): Auth {
  if (HEADER.test(header)) return new FixedAuth(header);
  // Not shown: it may be a token whose scheme was forgotten.
  throw new TypeError(
    `Expected \`${parameter}\` to be a whole header such as \`Bearer …\`: for a token alone there is bearerAuth(token)`,
  );
}

/** The option `auth` of a session: with a base URL, for that origin alone. @internal */
export function sessionAuthOf(
  input: AuthInput | undefined,
  baseUrl: string | URL | undefined,
): Auth | null {
  if (input === undefined) return null;
  const auth = authOf("options.auth", input);
  if (baseUrl === undefined) return auth;
  const { origin } = new URL(baseUrl);
  return { authorization: (url) => (url.origin === origin ? auth.authorization(url) : null) };
}
