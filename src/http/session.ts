/*
 * ClientSession: the HTTP client, in aiohttp's shape.
 *
 * The face of all the rest: a call is checked and put together in call.ts. A plain one, with nothing
 * between it and the network, is sent from here: one exchange, in the same turn if its place is free.
 * Everything else goes through pipeline.ts.
 */
import { INSPECT } from "../core/inspection.ts";
import { Call } from "./call.ts";
import { Connector, type ConnectorStatistics } from "./connector.ts";
import { Exchange } from "./exchange.ts";
import { followed, performed } from "./pipeline.ts";
import { redact } from "./redaction.ts";
import { isRedirect } from "./redirects.ts";
import { NO_OPTIONS, type RequestOptions } from "./requestOptions.ts";
import { responded } from "./responding.ts";
import type { ClientResponse } from "./response.ts";
import { type SessionOptions, type SessionSettings, settingsOf } from "./sessionOptions.ts";
import type { ClientWebSocket } from "./webSocket.ts";
import { connectWebSocket } from "./webSocketConnect.ts";
import type { WebSocketOptions } from "./webSocketOptions.ts";

/**
 * An HTTP client: keeps connections, limits and defaults for many requests
 * (`aiohttp.ClientSession`).
 *
 * Requests beyond `limit` or `limitPerHost` wait their turn, first come first served; waiting does
 * not count for the total timeout. Connecting may take 30 s. Redirects are followed, up to ten of
 * them; nothing is tried again unless a retry policy says so. Close it, or have it disposed of.
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
  readonly #settings: SessionSettings;
  readonly #connector: Connector;

  /**
   * @throws RangeError when a limit is no whole number of at least 0, a timeout not above 0, or
   *   `baseUrl` no http or https URL whose path ends in `/`
   * @throws TypeError when an option is of the wrong type, or a header cannot be sent
   */
  constructor(options: SessionOptions = {}) {
    this.#settings = settingsOf(options);
    const { connector, limit, limitPerHost } = options;
    this.#connector = Connector.of(connector, limit, limitPerHost);
  }

  /** True after {@link ClientSession.close} was called. */
  get closed(): boolean {
    return this.#connector.closed;
  }

  /** {@link ClientSession.request} with `GET`. */
  get(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("GET", url, options);
  }

  /** {@link ClientSession.request} with `HEAD`. */
  head(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("HEAD", url, options);
  }

  /** {@link ClientSession.request} with `OPTIONS`. */
  options(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("OPTIONS", url, options);
  }

  /** {@link ClientSession.request} with `POST`. */
  post(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("POST", url, options);
  }

  /** {@link ClientSession.request} with `PUT`. */
  put(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("PUT", url, options);
  }

  /** {@link ClientSession.request} with `PATCH`. */
  patch(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("PATCH", url, options);
  }

  /** {@link ClientSession.request} with `DELETE`. */
  delete(url: string | URL, options: RequestOptions = NO_OPTIONS): Promise<ClientResponse> {
    return this.request("DELETE", url, options);
  }

  /**
   * Sends a request; gives the response when its head has come, after redirects and retries.
   *
   * Around each sending run the middlewares; cookies and authentication come in after them.
   *
   * **Cancellation:** the request is taken out of its queue, or its connection closed. Nothing is
   * left pending.
   *
   * @param method such as `"GET"`; sent as it is, in capitals if it is one of the usual ones
   * @param url whole, or relative to `baseUrl`; user info in it is sent as Basic authorization
   * @throws {@link InvalidUrlError} when the URL is no http or https URL
   * @throws {@link ClientConnectionError} when no connection is made, or it ends before the head
   *   has come
   * @throws {@link ClientTimeoutError} when a timeout passes before that
   * @throws {@link TooManyRedirectsError} when it is redirected more often than `redirects` allows
   * @throws {@link RedirectUrlError} when it is redirected to no http or https URL
   * @throws {@link ClientResponseError} for a status of 400 or more, with `raiseForStatus`
   * @throws {@link SessionClosedError} when the session is closed, or was meanwhile
   * @throws TypeError or RangeError when an argument is not as it should be
   */
  async request(
    method: string,
    url: string | URL,
    options: RequestOptions = NO_OPTIONS,
  ): Promise<ClientResponse> {
    const call = new Call(this.#settings, method, url, options);
    let response: ClientResponse;
    try {
      if (call.plain) {
        const exchange = new Exchange(this.#connector, call);
        try {
          await exchange.perform(call.signal);
        } catch (error) {
          throw await exchange.abandon(error);
        }
        response = responded(call, exchange, exchange.incoming);
        if (isRedirect(exchange.status) && call.redirects > 0)
          response = await followed(call, this.#connector, response, exchange.deadline);
      } else response = await performed(call, this.#connector);
    } finally {
      call.body?.discard?.();
    }
    if (call.raiseForStatus === true) response.raiseForStatus();
    else if (call.raiseForStatus !== false) await judged(response, call.raiseForStatus);
    return response;
  }

  /**
   * Opens a WebSocket (`aiohttp.ClientSession.ws_connect`).
   *
   * The handshake is a `GET` like others: with the session's headers, cookies, authentication and
   * middlewares, through redirects and its connector; `timeout` is for it alone. The WebSocket holds
   * no place under the limits. The session's close ends it.
   *
   * **Cancellation:** the connection is closed, whatever it has come to.
   *
   * @param url ws, wss, http or https; or relative to `baseUrl`
   * @throws {@link WebSocketHandshakeError} when the server answers with something else
   * @throws as {@link ClientSession.request} does
   *
   * @example
   * ```ts
   * import { once } from "node:events";
   * import type { AddressInfo } from "node:net";
   * import { ClientSession } from "ambit/http";
   * import { WebSocketServer } from "ws";
   *
   * const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
   * server.on("connection", (peer) => peer.on("message", (data) => peer.send(`got ${data}`)));
   * await once(server, "listening");
   * await using session = new ClientSession();
   * await using socket = await session.wsConnect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
   * await socket.sendStr("hello");
   * await socket.receiveStr(); // => "got hello"
   * server.close();
   * ```
   */
  wsConnect(url: string | URL, options?: WebSocketOptions): Promise<ClientWebSocket> {
    return connectWebSocket(this.#settings, this.#connector, url, options);
  }

  /** What the session is doing now; with a shared connector, what all its sessions are. */
  statistics(): ConnectorStatistics {
    return this.#connector.statistics();
  }

  /**
   * Closes every connection; requests that are going on fail with a SessionClosedError. May be
   * called again.
   *
   * **Cancellation:** the connections close all the same; only the wait for it ends.
   */
  async close(): Promise<void> {
    const { transport } = this.#settings;
    const closing = this.closed ? undefined : transport?.close?.();
    await this.#connector.close();
    await closing;
  }

  /** Closes the session. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    const { open, queued, closed } = this.statistics();
    const { baseUrl } = this.#settings;
    const base = baseUrl === undefined ? "" : ` ${redact(baseUrl)}`;
    return `<ClientSession${base} ${closed ? "closed" : `open=${open} queued=${queued}`}>`;
  }
}

/** A response that its judge throws for is nobody's. */
async function judged(
  response: ClientResponse,
  judge: (response: ClientResponse) => void | PromiseLike<void>,
): Promise<void> {
  try {
    await judge(response);
  } catch (error) {
    response.release();
    throw error;
  }
}
