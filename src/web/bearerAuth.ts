/*
 * bearerAuth: tokens (RFC 6750).
 *
 * Strategy: each of the three errors has its status and its code in the challenge, by which a client sees whether to log
 * in, to get a fresh token, or to ask for more rights. A token in the query is not looked at: it would be in every log.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import type { UserState } from "./basicAuth.ts";
import { challenge, credentialsOf } from "./challenge.ts";
import type { Middleware } from "./handler.ts";
import { BadRequest, Forbidden, Unauthorized } from "./httpError.ts";
import type { ServerRequest } from "./request.ts";

/** Tells whose token that is; null for nobody's. May throw {@link InvalidToken} to say why. */
export type TokenCheck<User> = (
  token: string,
  request: ServerRequest,
) => User | null | undefined | Promise<User | null | undefined>;

/** Who may enter. */
export interface BearerAuthOptions<User> {
  readonly check: TokenCheck<User>;
  /** What is protected, for the client. */
  readonly realm?: string;
  /** What a token must allow, for the client: names with spaces between them. */
  readonly scope?: string;
}

/** 401: the token is not good (any more): `error="invalid_token"`. */
export class InvalidToken extends Unauthorized {
  override name = "InvalidToken";

  constructor(message = "the token is not valid", realm?: string) {
    super(challenge("Bearer", { realm, error: "invalid_token", ...described(message) }), message);
  }
}

/** 403: the token is good, but not for this: `error="insufficient_scope"`. */
export class InsufficientScope extends Forbidden {
  override name = "InsufficientScope";

  /** @param scope what it would have to allow: names with spaces between them */
  constructor(scope: string, message = "the token does not allow this") {
    const parameters = { error: "insufficient_scope", ...described(message), scope };
    super(message, { headers: { "www-authenticate": challenge("Bearer", parameters) } });
  }
}

/** Section 3: neither quotes nor backslashes, not even escaped. */
function described(message: string): { error_description: string } {
  return { error_description: message.replace(/["\\]/g, "'") };
}

/**
 * Lets in who sends a good token in `Authorization: Bearer`, as `request.state.user`: what `check` gives.
 *
 * @throws TypeError when `check` is no function
 *
 * @example
 * ```ts
 * import { bearerAuth, safeEqual } from "ambit/web";
 *
 * const robots = bearerAuth({
 *   check: (token) => (safeEqual(token, "8f3a-the-token") ? { name: "robot" } : null),
 * });
 * typeof robots; // => "function"
 * ```
 */
export function bearerAuth<User>(options: BearerAuthOptions<User>): Middleware<UserState<User>> {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object with a `check`", options);
  const { check, realm, scope } = options;
  expectFunction("options.check", check);
  return async (request, next) => {
    const token = tokenOf(request as ServerRequest, realm, scope);
    const user = await check(token, request as ServerRequest);
    if (user === null || user === undefined) throw new InvalidToken(undefined, realm);
    return next({ user });
  };
}

function tokenOf({ headers }: ServerRequest, realm?: string, scope?: string): string {
  const credentials = credentialsOf(headers);
  if (headers.getAll("authorization").length > 1)
    throw malformed("there are several Authorization headers");
  // Section 3.1: who has sent no token is told no error.
  if (credentials?.scheme !== "bearer")
    throw new Unauthorized(challenge("Bearer", { realm, scope }));
  if (!/^[\w.~+/-]+=*$/.test(credentials.token)) throw malformed("the token is malformed");
  return credentials.token;
}

function malformed(message: string): BadRequest {
  const parameters = { error: "invalid_request", ...described(message) };
  return new BadRequest(message, {
    headers: { "www-authenticate": challenge("Bearer", parameters) },
  });
}
