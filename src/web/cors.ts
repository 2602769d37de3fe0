/*
 * cors: lets pages of other origins read answers (the CORS protocol of WHATWG Fetch).
 *
 * Strategy: the headers go into `request.replyHeaders`, so that a page can read an error too. What depends on the origin
 * says so in `Vary`, also where no origin was sent: a cache must not give one page what was made for another. A preflight
 * is answered here and does not reach the handler; one that is refused says why, to the developer who looks.
 * Limits: CORS protects nothing. It lets browsers relax: a request of an origin that is not allowed is handled as any
 * other, only its page can't read the answer. Against what such requests do, there is `csrf`.
 */
import { expectMilliseconds, wrongType } from "../core/arguments.ts";
import { type CorsOrigins, originMatcher, type OriginMatcher } from "./corsOrigins.ts";
import type { Middleware } from "./handler.ts";
import { Forbidden } from "./httpError.ts";
import { empty } from "./replies.ts";
import type { Reply } from "./reply.ts";
import type { ServerRequest } from "./request.ts";

/** Whose pages may read what. */
export interface CorsOptions {
  /** Whose pages: `*` for all, origins, expressions that match a whole origin, or a function. */
  readonly origins: CorsOrigins;
  /** Whether cookies and other credentials may be used; not together with `*`. Default false. */
  readonly credentials?: boolean;
  /** Default GET, HEAD, PUT, PATCH, POST, DELETE. */
  readonly methods?: readonly string[];
  /** Headers that pages may send. Default: those that they ask for. */
  readonly allowHeaders?: readonly string[];
  /** Headers of answers that pages may read, besides those that they always may. */
  readonly exposeHeaders?: readonly string[];
  /** How long browsers may keep the answer to a preflight, in milliseconds; they cut it to two hours or a day. Default 10 minutes. */
  readonly maxAge?: number;
  /** Whether pages from outside may reach this private network. Default false. */
  readonly privateNetwork?: boolean;
}

interface Rules {
  readonly matches: OriginMatcher;
  readonly credentials: boolean;
  readonly methods: readonly string[];
  /** In lower case. */
  readonly allowHeaders: readonly string[] | null;
  readonly exposeHeaders: string;
  readonly maxAge: string;
  readonly privateNetwork: boolean;
}

const METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Lets pages of other origins read the answers. Preflights are answered with a 204, or with a 403 that says what is not
 * allowed.
 *
 * @throws TypeError for `*` together with credentials, or when an option is none
 *
 * @example
 * ```ts
 * import { cors } from "ambit/web";
 *
 * const open = cors({ origins: "*" });
 * const ours = cors({ origins: ["https://app.example.com"], credentials: true });
 * cors({ origins: "*", credentials: true }); // throws TypeError
 * ```
 */
export function cors(options: CorsOptions): Middleware {
  const rules = rulesOf(options);
  return async (request, next) => {
    const origin = request.headers.get("origin");
    const isPreflight =
      request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    const allowed = await allow(request as ServerRequest, origin, rules);
    if (origin === null || !isPreflight) return next();
    if (!allowed) throw new Forbidden(`CORS: the origin ${shown(origin)} is not allowed`);
    return preflight(request as ServerRequest, rules);
  };
}

function rulesOf(options: CorsOptions): Rules {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object with `origins`", options);
  const { origins, credentials = false, maxAge = 600_000, privateNetwork = false } = options;
  if (origins === "*" && credentials)
    throw new TypeError(
      'Expected `options.origins` to name origins, as `credentials` is true: got "*"',
    );
  expectMilliseconds("options.maxAge", maxAge);
  const allowHeaders = options.allowHeaders ?? null;
  return {
    matches: originMatcher(origins),
    credentials,
    methods: tokens("options.methods", options.methods ?? METHODS),
    allowHeaders:
      allowHeaders &&
      tokens("options.allowHeaders", allowHeaders).map((name) => name.toLowerCase()),
    exposeHeaders: tokens("options.exposeHeaders", options.exposeHeaders ?? []).join(", "),
    maxAge: String(Math.max(0, Math.floor(maxAge / 1000))),
    privateNetwork,
  };
}

function tokens(name: string, list: readonly string[]): readonly string[] {
  if (!Array.isArray(list) || !list.every((each) => TOKEN.test(String(each))))
    throw wrongType(name, "a list of names", list);
  return list;
}

/** Whether the page may; with the headers that say so. */
async function allow(
  request: ServerRequest,
  origin: string | null,
  { matches, credentials, exposeHeaders }: Rules,
): Promise<boolean> {
  const headers = request.replyHeaders;
  if (matches === "*") {
    // Without an origin too: a cache may give this to a page.
    headers.set("access-control-allow-origin", "*");
  } else {
    headers.vary("Origin");
    if (origin === null || !(await matches(origin, request))) return false;
    headers.set("access-control-allow-origin", origin);
    if (credentials) headers.set("access-control-allow-credentials", "true");
  }
  if (exposeHeaders !== "") headers.set("access-control-expose-headers", exposeHeaders);
  return true;
}

function preflight(request: ServerRequest, rules: Rules): Reply {
  const { headers, replyHeaders } = request;
  const asked = (name: string): string => headers.get(`access-control-request-${name}`) ?? "";
  replyHeaders.vary("Access-Control-Request-Method");
  replyHeaders.vary("Access-Control-Request-Headers");
  const reply = empty();
  reply.headers.set("access-control-allow-methods", allowedMethods(asked("method"), rules));
  const names = allowedHeaders(asked("headers"), rules);
  if (names !== "") reply.headers.set("access-control-allow-headers", names);
  reply.headers.set("access-control-max-age", rules.maxAge);
  if (rules.privateNetwork && asked("private-network") === "true")
    reply.headers.set("access-control-allow-private-network", "true");
  return reply;
}

function allowedMethods(asked: string, { methods }: Rules): string {
  if (methods.includes(asked)) return methods.join(", ");
  throw new Forbidden(`CORS: the method ${shown(asked)} is not allowed`);
}

function allowedHeaders(asked: string, { allowHeaders }: Rules): string {
  const names = asked.split(",").map((name) => name.trim());
  const wanted = names.filter((name) => name !== "");
  const refused = wanted.find(
    (name) =>
      !TOKEN.test(name) || (allowHeaders !== null && !allowHeaders.includes(name.toLowerCase())),
  );
  if (refused !== undefined)
    throw new Forbidden(`CORS: the header ${shown(refused)} is not allowed`);
  return (allowHeaders ?? wanted).join(", ");
}

function shown(value: string): string {
  return value.replace(/[^\x21-\x7e]/g, "?").slice(0, 100);
}
