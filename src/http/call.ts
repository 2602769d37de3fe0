/*
 * One call of the session: its arguments, checked, with the session's settings behind them.
 *
 * It lives over all redirects and retries. A call that is plain (nothing between it and the network)
 * is itself what the exchange sends.
 */
import { expectAbortSignal, outOfRange, wrongType } from "../core/arguments.ts";
import { type AuthInput, authOf } from "./auth.ts";
import { withBodyHeaders } from "./bodyHeaders.ts";
import { requestBodyOf } from "./bodyOptions.ts";
import { ClientRequest } from "./clientRequest.ts";
import { ACCEPT_ENCODING } from "./codings.ts";
import type { Credentials } from "./credentials.ts";
import type { Auth } from "./fixedAuth.ts";
import { type HeaderList, hasHeader, headerList, overlaid } from "./headers.ts";
import { type Middleware, middlewaresOf } from "./middleware.ts";
import { NO_PROXIES, type ProxyRules, proxyRules } from "./proxy.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import { type ReadingRules, readingRulesOf } from "./readingRules.ts";
import type { RequestBody } from "./requestBody.ts";
import type { RequestOptions } from "./requestOptions.ts";
import { type RetryPolicy, retryPolicyOf } from "./retryPolicy.ts";
import {
  type CookiePairs,
  NO_COOKIES,
  requestCookies,
  type SessionCookies,
} from "./sessionCookies.ts";
import type { Sending } from "./sending.ts";
import {
  checkedRaise,
  type RaiseForStatus,
  redirectsOf,
  type SessionSettings,
} from "./sessionOptions.ts";
import { targetOf } from "./target.ts";
import { type Timeouts, timeoutsOf } from "./timeouts.ts";
import { type AnyTraceConfig, type TraceSink } from "./tracing.ts";

/** @internal */
export class Call implements Sending, Credentials {
  readonly method: string;
  readonly url: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: RequestBody | null;
  readonly timeouts: Timeouts;
  readonly trace: TraceSink | null = null;
  /** For the URL that it begins with. */
  readonly proxy: ProxyTarget | null;
  readonly proxies: ProxyRules;
  readonly attempt: number = 1;
  readonly fragment: string;
  readonly raiseForStatus: RaiseForStatus;
  readonly redirects: number;
  readonly retry: RetryPolicy | null;
  readonly middlewares: readonly Middleware[];
  readonly expectContinue: number;
  readonly auth: Auth | null;
  readonly ownCookies: CookiePairs;
  readonly signal: AbortSignal | undefined;
  readonly traceContext: unknown;
  readonly reading: ReadingRules;
  readonly settings: SessionSettings;

  constructor(
    settings: SessionSettings,
    method: string,
    url: string | URL,
    options: RequestOptions,
  ) {
    const { headers, params, signal, timeout, raiseForStatus, redirects, middlewares } = options;
    const { proxy } = options;
    this.method = checkedMethod(method);
    if (signal !== undefined) expectAbortSignal("options.signal", signal);
    this.settings = settings;
    this.signal = signal;
    this.timeouts =
      timeout === undefined ? settings.timeouts : timeoutsOf(timeout, settings.timeouts);
    this.raiseForStatus =
      raiseForStatus === undefined ? settings.raiseForStatus : checkedRaise(raiseForStatus);
    this.redirects = redirects === undefined ? settings.redirects : redirectsOf(redirects);
    this.retry = options.retry === undefined ? settings.retry : retryPolicyOf(options.retry);
    this.middlewares =
      middlewares === undefined
        ? settings.middlewares
        : settings.middlewares.concat(middlewaresOf("options.middlewares", middlewares));
    this.auth = options.auth === undefined ? settings.auth : requestAuth(options.auth);
    this.ownCookies = requestCookies(options.cookies);
    this.expectContinue = patienceOf(options.expectContinue);
    this.traceContext = options.traceContext;
    const target = targetOf(this.method, url, settings.baseUrl, params);
    this.url = target.url;
    this.origin = target.origin;
    this.path = target.path;
    this.proxies = proxy === undefined ? settings.proxies : proxyRules("options.proxy", proxy);
    this.proxy = this.proxies === NO_PROXIES ? null : this.proxies.for(new URL(target.url));
    this.fragment = target.fragment;
    this.body = requestBodyOf(options);
    const own =
      headers === undefined
        ? settings.headers
        : overlaid(settings.headers, headerList("options.headers", headers));
    this.reading = readingRulesOf(options, settings.reading);
    // A part of a compressed body cannot be decoded (and Fetch has it so, too).
    const plain = !this.reading.decompress || (headers !== undefined && hasHeader(own, "range"));
    const list = plain ? withoutDefaultCodings(own) : own;
    this.headers = completed(list, target.authorization, this.body);
  }

  get cookies(): SessionCookies | null {
    return this.settings.cookies;
  }

  get netrc(): Auth | null {
    return this.settings.netrc;
  }

  get traces(): readonly AnyTraceConfig[] {
    return this.settings.traces;
  }

  /** True when nothing stands between it and the network. */
  get plain(): boolean {
    const { transport, traces, cookies, netrc } = this.settings;
    return (
      this.retry === null &&
      this.middlewares.length === 0 &&
      this.auth === null &&
      netrc === null &&
      this.ownCookies === NO_COOKIES &&
      cookies?.idle !== false &&
      transport === null &&
      traces.length === 0
    );
  }

  /** The first request of an attempt. */
  request(attempt: number): ClientRequest {
    const headers = new Headers();
    const list = this.headers;
    for (let i = 0; i < list.length; i += 2) {
      headers.append(list[i] as string, list[i + 1] as string);
    }
    const url = new URL(this.url + this.fragment);
    return new ClientRequest(this.method, url, headers, this.body, attempt, 0);
  }
}

function requestAuth(auth: AuthInput | null): Auth | null {
  return auth === null ? null : authOf("options.auth", auth);
}

/** How long a body waits for a 100 unless the caller says it: as long as curl's. */
const EXPECT_TIME = 1000;

function patienceOf(expectContinue: boolean | number | undefined): number {
  if (expectContinue === undefined || expectContinue === false) return 0;
  if (expectContinue === true) return EXPECT_TIME;
  if (typeof expectContinue !== "number")
    throw wrongType("options.expectContinue", "true, false or milliseconds", expectContinue);
  if (expectContinue > 0) return expectContinue;
  throw outOfRange("options.expectContinue", "more than 0 milliseconds", expectContinue);
}

const METHODS = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);

function checkedMethod(method: string): string {
  if (METHODS.has(method)) return method;
  if (typeof method !== "string") throw wrongType("method", "a string", method);
  const upper = method.toUpperCase();
  if (METHODS.has(upper)) return upper;
  if (upper !== "CONNECT" && /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(method)) return method;
  throw outOfRange("method", "a method of HTTP, other than CONNECT", method);
}

/** Asks for no compressed body, unless the caller did. */
function withoutDefaultCodings(list: HeaderList): HeaderList {
  const at = list.indexOf(ACCEPT_ENCODING);
  return at > 0 && list[at - 1] === "accept-encoding" ? list.toSpliced(at - 1, 2) : list;
}

/** With what URL and body bring, unless the caller gave others. */
function completed(
  list: HeaderList,
  authorization: string | null,
  body: RequestBody | null,
): HeaderList {
  let all = list;
  if (authorization !== null && !hasHeader(all, "authorization"))
    all = all.concat("authorization", authorization);
  return withBodyHeaders(all, body);
}
