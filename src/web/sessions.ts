/*
 * sessions: a middleware that knows a visitor again.
 *
 * Strategy: the session is there before the handler, and kept after it, before the answer goes out: only when it changed,
 * or would end too early. An id that nobody here has given out is never taken over. When its time is up is written in
 * what is kept, in the time of day, so that processes agree and a copied cookie ends too.
 * Limits: of two requests of one visitor at a time the later one wins, whole. What a body changes while it is being sent
 * comes too late. A session in a cookie can't be taken back before it ends: who has a copy may use it until then.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Middleware } from "./handler.ts";
import { HttpError } from "./httpError.ts";
import type { ServerRequest } from "./request.ts";
import type { SecretKeys } from "./secretKeys.ts";
import { Session, type SessionRecord } from "./session.ts";
import { CookieKeeper, type SessionKeeper, StoreKeeper } from "./sessionKeeper.ts";
import type { SessionStore } from "./sessionStore.ts";
import { type CookieOptions, deleteCookie, setCookie } from "./setCookie.ts";

/** How long sessions live, what they begin with, and their cookie. */
export interface SessionSettings<Data extends object = Record<string, unknown>> {
  /** What a new session holds; gives `data` its type. Default: nothing. */
  readonly initial?: () => Data;
  /** The name of the cookie. Default `session`. `__Host-session` is safer, where there is https always. */
  readonly name?: string;
  /** How long a session lasts that nobody uses, in milliseconds. Default a day. */
  readonly idleTimeout?: number;
  /** How long it lasts at most, in milliseconds; Infinity for no end. Default 30 days. */
  readonly lifetime?: number;
  /** Whether it outlives the browser. Default true. */
  readonly persistent?: boolean;
  /** More about the cookie. */
  readonly cookie?: Omit<CookieOptions, "maxAge" | "expires" | "httpOnly">;
}

/** Sessions that travel in the cookie. */
export interface CookieSessionOptions<
  Data extends object = Record<string, unknown>,
> extends SessionSettings<Data> {
  /** What they are signed with: the first key signs, all of them verify. */
  readonly keys: SecretKeys;
  /** Whether they are encrypted, too, so that the visitor can't read them. Default false. */
  readonly encrypt?: boolean;
}

/** Sessions that are kept in a store. */
export interface StoreSessionOptions<
  Data extends object = Record<string, unknown>,
> extends SessionSettings<Data> {
  readonly store: SessionStore;
}

/** What a middleware for sessions adds to `request.state`. */
export interface SessionState<Data = Record<string, unknown>> {
  readonly session: Session<Data>;
}

interface Rules<Data> extends Required<Omit<SessionSettings, "initial">> {
  readonly initial: () => Data;
  readonly keeper: SessionKeeper;
}

const DAY = 86_400_000;

/**
 * Gives each request the session of its visitor, as `request.state.session`. With `keys` it travels in the cookie, signed
 * and up to 4096 bytes, without a store; with a `store` only an id travels.
 *
 * It is kept when the handler answers or throws an HttpError, if it changed; a visitor for whom nothing is kept gets no
 * cookie. What uses a session is not for shared caches: the answer gets `Vary: Cookie` and `Cache-Control: private`.
 *
 * @throws TypeError or RangeError when an option is none
 *
 * @example
 * ```ts
 * import { sessions } from "ambit/web";
 *
 * const keys = "a secret of at least thirty-two bytes";
 * const visits = sessions({ keys, initial: () => ({ count: 0 }) });
 * typeof visits; // => "function"
 * ```
 */
export function sessions<Data extends object = Record<string, unknown>>(
  options: CookieSessionOptions<Data> | StoreSessionOptions<Data>,
): Middleware<SessionState<Data>> {
  const rules = rulesOf(options);
  return async (request, next) => {
    const now = getRunningLoop().wallTime();
    const session = new Session(await opened(request, rules, now), rules.initial, now);
    let reply;
    try {
      reply = await next({ session });
    } catch (error) {
      // An answer, too; of any other error nobody knows how far it got.
      if (error instanceof HttpError) await kept(request, session, rules);
      throw error;
    }
    await kept(request, session, rules);
    return reply;
  };
}

function rulesOf<Data extends object>(
  options: CookieSessionOptions<Data> | StoreSessionOptions<Data>,
): Rules<Data> {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object with `keys` or a `store`", options);
  const { name = "session", idleTimeout = DAY, lifetime = 30 * DAY, persistent = true } = options;
  expectPositive("options.idleTimeout", idleTimeout);
  expectPositive("options.lifetime", lifetime);
  return {
    name,
    idleTimeout,
    lifetime,
    persistent,
    cookie: options.cookie ?? {},
    initial: options.initial ?? ((): Data => ({}) as Data),
    keeper:
      "store" in options
        ? new StoreKeeper(options.store)
        : new CookieKeeper(name, options.keys, options.encrypt ?? false),
  };
}

function expectPositive(name: string, value: unknown): void {
  if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
  if (!(value > 0)) throw outOfRange(name, "a number of milliseconds of more than 0", value);
}

type AnyRequest = Pick<ServerRequest, "cookies" | "replyHeaders" | "scheme">;

async function opened<Data>(
  request: AnyRequest,
  rules: Rules<Data>,
  now: number,
): Promise<SessionRecord | null> {
  const cookie = request.cookies.get(rules.name);
  if (cookie === undefined) return null;
  const record = await rules.keeper.open(cookie);
  return record !== null && remaining(record, rules, now) > 0 ? record : null;
}

/** How many milliseconds it has left. */
function remaining(
  { created, touched }: Pick<SessionRecord, "created" | "touched">,
  { idleTimeout, lifetime }: Pick<Rules<never>, "idleTimeout" | "lifetime">,
  now: number,
): number {
  return Math.min(touched + idleTimeout, created + lifetime) - now;
}

async function kept<Data>(
  request: AnyRequest,
  session: Session<Data>,
  rules: Rules<Data>,
): Promise<void> {
  const { keeper, name, cookie } = rules;
  const now = getRunningLoop().wallTime();
  // A tenth of the time: so that not each request writes, and who comes now and then never loses it.
  const fate = session.fate(now - session.touched > rules.idleTimeout / 10);
  if (session.asked || fate === "save") keepPrivate(request);
  if (fate === "save") return save(request, session, rules, now);
  if (fate !== "destroy") return;
  await keeper.forget(session.replaces ?? session.id);
  deleteCookie(request, name, cookie);
}

async function save<Data>(
  request: AnyRequest,
  session: Session<Data>,
  rules: Rules<Data>,
  now: number,
): Promise<void> {
  const { keeper, name, cookie, persistent } = rules;
  const record = session.record(now);
  const left = remaining(record, rules, now);
  const known = session.isNew ? null : (session.replaces ?? session.id);
  const value = left > 0 ? await keeper.keep(record, known, left) : null;
  if (value === null) return deleteCookie(request, name, cookie);
  const maxAge = persistent && left !== Infinity ? { maxAge: left } : {};
  setCookie(request, name, value, { ...cookie, ...maxAge });
}

/** No shared cache may give one visitor what was made for another. */
function keepPrivate({ replyHeaders }: AnyRequest): void {
  replyHeaders.vary("Cookie");
  if (!replyHeaders.has("cache-control")) replyHeaders.set("cache-control", "private, no-cache");
}
