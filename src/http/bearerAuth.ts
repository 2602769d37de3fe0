/*
 * Bearer authentication (RFC 6750): whoever has the token is let in, so for https only.
 *
 * A token that ends sooner or later comes from a function, asked before each sending: a retry after a
 * refresh has the new one. What it gives is not kept; a function that refreshes keeps it itself.
 */
import { followed } from "../core/cancellable.ts";
import { INSPECT } from "../core/inspection.ts";
import { UNCERTAIN } from "../core/outside.ts";
import { type Auth, FixedAuth } from "./fixedAuth.ts";

/**
 * Bearer authentication, for the option `auth`.
 *
 * **Cancellation:** of a request that waits for a token ends that wait at once; the function's
 * promise goes on.
 *
 * @param token the token, or a function that gives the one of now; it may be async
 * @throws TypeError when the token is no string, empty, or cannot be sent; for a function, where the
 *   request is made
 *
 * @example
 * ```ts
 * import { bearerAuth } from "ambit/http";
 *
 * let token = "first";
 * const auth = bearerAuth(() => token);
 * token = "second";
 * auth.authorization(new URL("https://example.com/")); // => "Bearer second"
 * ```
 */
export function bearerAuth(token: string | (() => string | PromiseLike<string>)): Auth {
  return typeof token === "function" ? new BearerAuth(token) : new FixedAuth(headerOf(token));
}

class BearerAuth implements Auth {
  readonly #token: () => string | PromiseLike<string>;

  constructor(token: () => string | PromiseLike<string>) {
    this.#token = token;
  }

  authorization(): string | PromiseLike<string> {
    const token = this.#token();
    if (typeof token !== "object" || typeof token?.then !== "function") return headerOf(token);
    return followed(token, UNCERTAIN).then(headerOf);
  }

  [INSPECT](): string {
    return "<Bearer ***>";
  }
}

function headerOf(token: unknown): string {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  throw new TypeError(
    "Expected `token` to be a string of visible ASCII characters, without spaces",
  );
}
