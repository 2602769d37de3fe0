/*
 * basicAuth: names and passwords (RFC 7617).
 *
 * Strategy: UTF-8, and told so to browsers. A name that nobody has takes as long as a wrong password.
 * Limits: the password comes with every request, readable for who reads the connection: use it over https alone.
 */
import { TextDecoder } from "node:util";
import { wrongType } from "../core/arguments.ts";
import { challenge, credentialsOf } from "./challenge.ts";
import type { Middleware } from "./handler.ts";
import { Unauthorized } from "./httpError.ts";
import type { ServerRequest } from "./request.ts";
import { safeEqual } from "./safeEqual.ts";

/** What a middleware that knows users adds to `request.state`. */
export interface UserState<User> {
  readonly user: User;
}

/** Tells who has that name and password; null for nobody. */
export type PasswordCheck<User> = (
  name: string,
  password: string,
  request: ServerRequest,
) => User | null | undefined | Promise<User | null | undefined>;

/** Who may enter. */
export interface BasicAuthOptions<User> {
  /** What the browser shows the visitor. Default `restricted`. */
  readonly realm?: string;
  readonly check: PasswordCheck<User>;
}

/** Who may enter: names and their passwords. */
export interface BasicUsersOptions {
  /** What the browser shows the visitor. Default `restricted`. */
  readonly realm?: string;
  readonly users: Readonly<Record<string, string>>;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Lets in who has a name and password, as `request.state.user`: what `check` gives, or the name. All others get a 401
 * that makes a browser ask for them.
 *
 * @throws TypeError when there is neither a `check` nor `users`
 *
 * @example
 * ```ts
 * import { basicAuth } from "ambit/web";
 *
 * const staff = basicAuth({ realm: "staff", users: { ada: "swordfish" } });
 * const members = basicAuth({
 *   check: async (name, password) => (password === "x" ? { name, level: 3 } : null),
 * });
 * typeof members; // => "function"
 * ```
 */
export function basicAuth(options: BasicUsersOptions): Middleware<UserState<string>>;
export function basicAuth<User>(options: BasicAuthOptions<User>): Middleware<UserState<User>>;
export function basicAuth<User>(
  options: BasicAuthOptions<User> | BasicUsersOptions,
): Middleware<UserState<User | string>> {
  const check: PasswordCheck<User | string> =
    "users" in options ? checkAgainst(options.users) : options.check;
  if (typeof check !== "function") throw wrongType("options.check", "a function", check);
  const asking = challenge("Basic", { realm: options.realm ?? "restricted", charset: "UTF-8" });
  return async (request, next) => {
    const pair = passwordOf(request as ServerRequest);
    const user = pair === null ? null : await check(...pair, request as ServerRequest);
    if (user === null || user === undefined) throw new Unauthorized(asking);
    return next({ user });
  };
}

function checkAgainst(users: Readonly<Record<string, string>>): PasswordCheck<string> {
  const passwords = new Map<string, string>();
  for (const [name, password] of Object.entries(users)) {
    if (typeof password !== "string" || password === "")
      throw wrongType("options.users", "names and their passwords", `${name}: ${typeof password}`);
    passwords.set(name.normalize("NFC"), password.normalize("NFC"));
  }
  return (name, password) => {
    const known = passwords.get(name);
    const same = safeEqual(password, known ?? "");
    return same && known !== undefined ? name : null;
  };
}

/** Section 2: a name without colons, a colon, and the password; neither has control characters. */
function passwordOf({ headers }: ServerRequest): [string, string] | null {
  const credentials = credentialsOf(headers);
  if (credentials?.scheme !== "basic" || !/^[A-Za-z0-9+/]+={0,2}$/.test(credentials.token))
    return null;
  const text = decoded(credentials.token);
  const colon = text?.indexOf(":") ?? -1;
  if (text === null || colon < 0 || /\p{Cc}/u.test(text)) return null;
  // One form of what looks the same: RFC 8265, as section 2.1 has it.
  return [text.slice(0, colon).normalize("NFC"), text.slice(colon + 1).normalize("NFC")];
}

function decoded(token: string): string | null {
  try {
    return UTF8.decode(Buffer.from(token, "base64"));
  } catch {
    return null;
  }
}
