/*
 * csrf: refuses what the pages of other sites make a visitor's browser send (cross-site request forgery).
 *
 * Strategy: a browser says itself where a request comes from: `Sec-Fetch-Site`, which no page can change, or else `Origin`
 * (as Go's http.CrossOriginProtection decides, since 1.25). So no tokens in forms, and nothing kept. Who sends neither is
 * no browser, or one from before 2020 asking its own site: there is no page that could have tricked it.
 * Limits: GET and HEAD pass whatever they are, as links must: a handler that changes something on GET is not protected.
 * WebSockets look at origins themselves.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import type { Middleware } from "./handler.ts";
import { Forbidden } from "./httpError.ts";
import { expectOrigin, isOwnOrigin } from "./pageOrigin.ts";
import type { ServerRequest } from "./request.ts";

/** Who may do what other sites may not. */
export interface CsrfOptions {
  /** Other origins whose pages may send anything: `https://admin.example.com`, without a path. */
  readonly trustedOrigins?: readonly string[];
  /** Requests that need no protection, as they carry no cookies that count: a webhook, a token endpoint. */
  readonly exempt?: (request: ServerRequest) => boolean;
}

/** They change nothing (RFC 9110, section 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * Refuses requests that change something and come from another site's page, with a 403. Pages of the same site but of
 * another host (`shop.example.com` to `example.com`) are other origins, too: name them, if they are yours.
 *
 * @throws TypeError or RangeError when an option is none
 *
 * @example
 * ```ts
 * import { csrf } from "ambit/web";
 *
 * const guard = csrf({ trustedOrigins: ["https://admin.example.com"] });
 * typeof guard; // => "function"
 * ```
 */
export function csrf(options: CsrfOptions = {}): Middleware {
  const { trustedOrigins = [], exempt = (): boolean => false } = options;
  if (!Array.isArray(trustedOrigins))
    throw wrongType("options.trustedOrigins", "a list of origins", trustedOrigins);
  expectFunction("options.exempt", exempt);
  const trusted = new Set(
    trustedOrigins.map((origin) => expectOrigin("options.trustedOrigins", origin)),
  );
  return (request, next) => {
    if (SAFE.has(request.method)) return next();
    const why = objection(request);
    if (why === null || isTrusted(request, trusted) || exempt(request as ServerRequest))
      return next();
    throw new Forbidden(why);
  };
}

type Headed = Pick<ServerRequest, "headers" | "host">;

function isTrusted({ headers }: Headed, trusted: ReadonlySet<string>): boolean {
  const origin = headers.get("origin");
  return origin !== null && trusted.has(origin.toLowerCase());
}

/** Why it may not be; null when it may. */
function objection(request: Headed): string | null {
  const site = request.headers.get("sec-fetch-site");
  // `none`: the visitor himself, by the address bar or a bookmark.
  if (site === "same-origin" || site === "none") return null;
  if (site !== null) return `the request comes from another site's page (${word(site)})`;
  const origin = request.headers.get("origin");
  if (origin === null || isOwnOrigin(origin, request)) return null;
  return `the request comes from a page of another origin (${word(origin)})`;
}

function word(value: string): string {
  return value.replace(/[^\w.:/-]/g, "?").slice(0, 100);
}
