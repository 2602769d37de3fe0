/*
 * How a session is made: the options, and what they become once they are checked.
 *
 * Strategy: everything is checked once, in the session's constructor, and becomes a record that each
 * request reads. What is off is null or empty there, so a request pays one `if` for it.
 */
import { expectFunction, expectInteger, wrongType } from "../core/arguments.ts";
import { type AuthInput, sessionAuthOf } from "./auth.ts";
import type { AbstractCookieJar, CookiesInput } from "./cookies.ts";
import type { Auth } from "./fixedAuth.ts";
import type { Connector } from "./connector.ts";
import type { ConnectorOptions } from "./connectorOptions.ts";
import { ACCEPT_ENCODING } from "./codings.ts";
import { type HeaderList, headerList, type HeadersInput, overlaid } from "./headers.ts";
import { type Middleware, middlewaresOf } from "./middleware.ts";
import { type ProxyRules, proxyRules } from "./proxy.ts";
import type { ProxyInput } from "./proxyTarget.ts";
import {
  DEFAULT_RULES,
  type ReadingOptions,
  type ReadingRules,
  readingRulesOf,
} from "./readingRules.ts";
import type { ClientResponse } from "./response.ts";
import { type RetryInput, type RetryPolicy, retryPolicyOf } from "./retryPolicy.ts";
import { type Netrc, netrcOf } from "./netrc.ts";
import { type SessionCookies, sessionCookiesOf } from "./sessionCookies.ts";
import { checkedBaseUrl } from "./target.ts";
import { type ClientTimeout, DEFAULT_TIMEOUTS, type Timeouts, timeoutsOf } from "./timeouts.ts";
import type { Transport } from "./transport.ts";
import { type AnyTraceConfig, tracesOf } from "./tracing.ts";

/**
 * Whether a response of status 400 or more throws a ClientResponseError; or what to do with each
 * response before the caller gets it: what the function throws is thrown.
 */
export type RaiseForStatus = boolean | ((response: ClientResponse) => void | PromiseLike<void>);

/** What session and request may both say; the request's word goes first. */
export interface CommonOptions extends ReadingOptions {
  /** Milliseconds for a whole request, or {@link ClientTimeout}; Infinity for no limit. */
  readonly timeout?: number | ClientTimeout;
  /** Throws a ClientResponseError for a status of 400 or more, or calls a function. Default false. */
  readonly raiseForStatus?: RaiseForStatus;
  /**
   * How many redirects are followed before a TooManyRedirectsError; false for none: they come as
   * they are. Default 10.
   */
  readonly redirects?: number | boolean;
  /** When to try again: a policy, its options, or how often to try in all; null (default) for never. */
  readonly retry?: RetryInput;
  /** Around every sending; the session's outside the request's. */
  readonly middlewares?: readonly Middleware[];
  /** The proxy to go through; `"env"` for what the environment says. Default: none. */
  readonly proxy?: ProxyInput;
}

/** How a session is made. */
export interface SessionOptions extends CommonOptions {
  /** What relative URLs are resolved against; its path must end in `/`. */
  readonly baseUrl?: string | URL;
  /** Headers of every request; those of the request win. */
  readonly headers?: HeadersInput;
  /** How many requests may be open at a time; 0 or Infinity for any number. Default 100. */
  readonly limit?: number;
  /** How many of them to one origin; 0 (default) or Infinity for any number. */
  readonly limitPerHost?: number;
  /**
   * How connections are made and kept; or a {@link Connector} that several sessions share, which
   * stays open when the session is closed.
   */
  readonly connector?: ConnectorOptions | Connector;
  /**
   * Where cookies are kept, so that several sessions share them, or of another kind. Default: a
   * {@link CookieJar} of its own.
   */
  readonly cookieJar?: AbstractCookieJar;
  /**
   * Cookies to begin with, for the host of `baseUrl` or, without one, for every host; false to keep
   * and send none.
   */
  readonly cookies?: CookiesInput | false;
  /**
   * Who requests are from: only to the origin of `baseUrl`, if there is one. Not sent on where a
   * redirect leads to another origin.
   */
  readonly auth?: AuthInput;
  /**
   * Whether requests that say nothing else are from whom the netrc file names for their host: true
   * for the usual file (see {@link Netrc.load}), a path, or a {@link Netrc}. Default false.
   */
  readonly netrc?: boolean | string | Netrc;
  /** What to call as requests run. */
  readonly traces?: readonly AnyTraceConfig[];
  /** What answers in place of the network. */
  readonly transport?: Transport;
}

/** The options of a session, checked and complete. @internal */
export interface SessionSettings {
  readonly baseUrl: string | undefined;
  readonly headers: HeaderList;
  readonly timeouts: Timeouts;
  readonly raiseForStatus: RaiseForStatus;
  readonly redirects: number;
  readonly retry: RetryPolicy | null;
  readonly middlewares: readonly Middleware[];
  readonly traces: readonly AnyTraceConfig[];
  readonly transport: Transport | null;
  readonly cookies: SessionCookies | null;
  readonly auth: Auth | null;
  readonly netrc: Auth | null;
  readonly proxies: ProxyRules;
  readonly reading: ReadingRules;
}

const REDIRECTS = 10;
const DEFAULT_HEADERS: HeaderList = ["accept", "*/*", "user-agent", "ambit"];
const COMPRESSED_HEADERS: HeaderList = [...DEFAULT_HEADERS, "accept-encoding", ACCEPT_ENCODING];

/** @internal */
export function settingsOf(options: SessionOptions): SessionSettings {
  const { baseUrl, headers, timeout, raiseForStatus = false, redirects = REDIRECTS } = options;
  const reading = readingRulesOf(options, DEFAULT_RULES);
  const defaults = reading.decompress ? COMPRESSED_HEADERS : DEFAULT_HEADERS;
  return {
    baseUrl: baseUrl === undefined ? undefined : checkedBaseUrl(baseUrl),
    headers:
      headers === undefined ? defaults : overlaid(defaults, headerList("options.headers", headers)),
    timeouts: timeout === undefined ? DEFAULT_TIMEOUTS : timeoutsOf(timeout, DEFAULT_TIMEOUTS),
    raiseForStatus: checkedRaise(raiseForStatus),
    redirects: redirectsOf(redirects),
    retry: retryPolicyOf(options.retry),
    middlewares: middlewaresOf("options.middlewares", options.middlewares),
    traces: tracesOf(options.traces),
    transport: checkedTransport(options.transport),
    cookies: sessionCookiesOf(options.cookieJar, options.cookies, baseUrl?.toString()),
    auth: sessionAuthOf(options.auth, baseUrl),
    netrc: netrcOf(options.netrc),
    proxies: proxyRules("options.proxy", options.proxy),
    reading,
  };
}

/** @internal */
export function checkedRaise(raise: RaiseForStatus): RaiseForStatus {
  if (typeof raise !== "boolean") expectFunction("options.raiseForStatus", raise);
  return raise;
}

/** How many redirects are followed. @internal */
export function redirectsOf(redirects: number | boolean): number {
  if (typeof redirects === "boolean") return redirects ? REDIRECTS : 0;
  expectInteger("options.redirects", redirects, 0);
  return redirects;
}

function checkedTransport(transport: Transport | undefined): Transport | null {
  if (transport === undefined) return null;
  if (typeof transport?.send === "function") return transport;
  throw wrongType("options.transport", "an object with a function `send`", transport);
}
