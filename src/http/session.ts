/*
 * ClientSession: the HTTP client, in aiohttp's shape.
 *
 * This file checks what callers hand in and puts a request together; the exchange does the rest. A
 * request whose place is free is handed to undici in the same turn. Limits, so far: no request
 * bodies, cookies, redirects, retries, proxies or decompression. Answers come as they are.
 */
import { expectAbortSignal, expectLimit, outOfRange, wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { Connector } from "./connector.ts";
import { ClientError } from "./errors.ts";
import { Exchange } from "./exchange.ts";
import { type HeaderList, headerList, type HeadersInput, hasHeader, overlaid } from "./headers.ts";
import { Limits } from "./limits.ts";
import { redact } from "./redaction.ts";
import { ClientResponse } from "./response.ts";
import { checkedBaseUrl, type ParamsInput, type Target, targetOf } from "./target.ts";

/** How long a request may take. */
export interface ClientTimeout {
  /**
   * Milliseconds from when the request is sent to when its body has come; Infinity for no limit.
   * Default 300,000.
   */
  readonly total?: number;
}

/** How a session is made. */
export interface SessionOptions {
  /** What relative URLs are resolved against; its path must end in `/`. */
  readonly baseUrl?: string | URL;
  /** Headers of every request; those of the request win. */
  readonly headers?: HeadersInput;
  /** How many requests may be open at a time; 0 or Infinity for any number. Default 100. */
  readonly limit?: number;
  /** How many of them to one origin; 0 (default) or Infinity for any number. */
  readonly limitPerHost?: number;
  /** Milliseconds for a whole request, or `{ total }`; Infinity for no limit. Default 300,000. */
  readonly timeout?: number | ClientTimeout;
  /** Throws a ClientResponseError for a status of 400 or more. Default false. */
  readonly raiseForStatus?: boolean;
}

/** What a request may have of its own. */
export interface RequestOptions {
  /** Headers of this request; they win over those of the session. */
  readonly headers?: HeadersInput;
  /** Added to the query of the URL. */
  readonly params?: ParamsInput;
  /** In place of the session's. */
  readonly timeout?: number | ClientTimeout;
  /** In place of the session's. */
  readonly raiseForStatus?: boolean;
  /**
   * Aborting it ends the request, which fails with the signal's reason. Not needed to cancel a
   * task.
   */
  readonly signal?: AbortSignal;
}

/** What a session is doing; see {@link ClientSession.statistics}. */
export interface SessionStatistics extends HostStatistics {
  /** Connections that are open, being opened or being closed. */
  readonly connections: number;
  /** True after `close`. */
  readonly closed: boolean;
  /** The same, by origin; only origins that have requests. */
  readonly hosts: Readonly<Record<string, HostStatistics>>;
}

/** How many requests are going on. */
export interface HostStatistics {
  /**
   * Requests that are sent and not done: their body has not come whole, and they were not released.
   */
  readonly open: number;
  /** Requests that wait because of a limit. */
  readonly queued: number;
}

const TIMEOUT = 300_000;
const LIMIT = 100;
const NO_OPTIONS: RequestOptions = {};
const DEFAULT_HEADERS: HeaderList = ["accept", "*/*", "user-agent", "ambit"];

/**
 * An HTTP client: keeps connections, limits and defaults for many requests
 * (`aiohttp.ClientSession`).
 *
 * Requests beyond `limit` or `limitPerHost` wait their turn, first come first served; waiting does
 * not count for the timeout. Connecting may take 30 s. Redirects are not followed yet. Close it, or
 * have it disposed of.
 *
 * **Cancellation:** cancelling whoever waits for a request or its body closes the request, queued
 * or sent.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import type { AddressInfo } from "node:net";
 * import { ClientSession } from "ambit/http";
 *
 * const server = createServer((request, answer) => answer.end(request.url)).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
 * await using session = new ClientSession({ baseUrl, timeout: 5000 });
 * const response = await session.get("flags", { params: { code: "br" } });
 * await response.text(); // => "/flags?code=br"
 * server.close();
 * ```
 */
export class ClientSession implements AsyncDisposable {
  readonly #baseUrl: string | undefined;
  readonly #headers: HeaderList;
  readonly #timeout: number;
  readonly #raiseForStatus: boolean;
  readonly #connector: Connector;

  /**
   * @throws RangeError when a limit is no whole number of at least 0, a timeout not above 0, or
   *   `baseUrl` no http or https URL whose path ends in `/`
   * @throws TypeError when an option is of the wrong type, or a header cannot be sent
   */
  constructor(options: SessionOptions = {}) {
    const {
      baseUrl,
      headers,
      limit = LIMIT,
      limitPerHost = 0,
      timeout,
      raiseForStatus = false,
    } = options;
    this.#baseUrl = baseUrl === undefined ? undefined : checkedBaseUrl(baseUrl);
    this.#headers =
      headers === undefined
        ? DEFAULT_HEADERS
        : overlaid(DEFAULT_HEADERS, headerList("options.headers", headers));
    this.#timeout = timeout === undefined ? TIMEOUT : totalOf(timeout);
    this.#raiseForStatus = raiseForStatus;
    const [total, perHost] = [limitOf("limit", limit), limitOf("limitPerHost", limitPerHost)];
    this.#connector = new Connector(new Limits(total, perHost));
  }

  /** True after {@link ClientSession.close} was called. */
  get closed(): boolean {
    return this.#connector.closed;
  }

  /** `GET`s a URL: {@link ClientSession.request} with that method. */
  get(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("GET", url, options);
  }

  /**
   * Sends a request; gives the response when its head has come.
   *
   * **Cancellation:** the request is taken out of its queue, or its connection closed. Nothing is
   * left pending.
   *
   * @param method such as `"GET"`; sent as it is, in capitals if it is one of the usual ones
   * @param url whole, or relative to `baseUrl`; user info in it is sent as Basic authorization
   * @throws {@link InvalidUrlError} when the URL is no http or https URL
   * @throws {@link ClientConnectionError} when no connection is made, or it ends before the head
   *   has come
   * @throws {@link ClientTimeoutError} when the timeout passes before that
   * @throws {@link ClientResponseError} for a status of 400 or more, with `raiseForStatus`
   * @throws {@link SessionClosedError} when the session is closed, or was meanwhile
   * @throws TypeError or RangeError when an argument is not as it should be
   */
  async request(
    method: string,
    url: string | URL,
    options: RequestOptions = NO_OPTIONS,
  ): Promise<ClientResponse> {
    const timeout = options.timeout === undefined ? this.#timeout : totalOf(options.timeout);
    const exchange = this.#prepare(method, url, options);
    try {
      this.#connector.add(exchange);
      if (options.signal !== undefined) exchange.obey(options.signal);
      if (!this.#connector.limits.tryEnter(exchange)) await exchange.queue();
      await exchange.send(timeout);
    } catch (error) {
      // A wait that was refused, because a cancel is due, has cleaned up nothing.
      exchange.release();
      // Made in a callback of the socket's, it would tell of undici; now its stack tells who
      // waited.
      if (error instanceof ClientError) Error.captureStackTrace(error);
      throw error;
    }
    const response = new ClientResponse(exchange);
    if (options.raiseForStatus ?? this.#raiseForStatus) response.raiseForStatus();
    return response;
  }

  #prepare(method: string, url: string | URL, options: RequestOptions): Exchange {
    const { headers, params, signal } = options;
    const verb = checkedMethod(method);
    if (signal !== undefined) expectAbortSignal("options.signal", signal);
    const target = targetOf(verb, url, this.#baseUrl, params);
    const list =
      headers === undefined
        ? this.#headers
        : overlaid(this.#headers, headerList("options.headers", headers));
    return new Exchange(this.#connector, verb, target, authorized(list, target));
  }

  /** What the session is doing now. */
  statistics(): SessionStatistics {
    const { limits, connections, closed } = this.#connector;
    const hosts: Record<string, HostStatistics> = {};
    for (const { origin, open, queued } of limits.hosts.values())
      hosts[origin] = Object.freeze({ open, queued });
    return Object.freeze({
      open: limits.open,
      queued: limits.queued,
      connections,
      closed,
      hosts: Object.freeze(hosts),
    });
  }

  /**
   * Closes every connection; requests that are going on fail with a SessionClosedError. May be
   * called again.
   *
   * **Cancellation:** the connections close all the same; only the wait for it ends.
   */
  close(): Promise<void> {
    return this.#connector.close();
  }

  /** Closes the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const { open, queued, closed } = this.statistics();
    const base = this.#baseUrl === undefined ? "" : ` ${redact(this.#baseUrl)}`;
    return `<ClientSession${base} ${closed ? "closed" : `open=${open} queued=${queued}`}>`;
  }
}

function totalOf(timeout: number | ClientTimeout): number {
  if (typeof timeout === "number") return checkedTotal("options.timeout", timeout);
  if (typeof timeout !== "object" || timeout === null) {
    throw wrongType(
      "options.timeout",
      "a number of milliseconds, or an object with `total`",
      timeout,
    );
  }
  return checkedTotal("options.timeout.total", timeout.total ?? TIMEOUT);
}

function checkedTotal(name: string, total: number): number {
  if (typeof total !== "number") throw wrongType(name, "a number of milliseconds", total);
  if (total > 0) return total;
  throw outOfRange(name, "more than 0 milliseconds (Infinity for no limit)", total);
}

function limitOf(name: string, limit: number): number {
  expectLimit(`options.${name}`, limit, 0);
  return limit === 0 ? Infinity : limit;
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

function authorized(list: HeaderList, { authorization }: Target): HeaderList {
  if (authorization === null || hasHeader(list, "authorization")) return list;
  return list.concat("authorization", authorization);
}
