/*
 * Opening a WebSocket: a request like others, answered by a handshake, and what is made of its answer.
 *
 * The session's settings hold for the handshake; the WebSocket is what the session's close ends from
 * then on.
 */
import { Call } from "./call.ts";
import type { Connector, Endable } from "./connector.ts";
import { ClientError } from "./errors.ts";
import { performed } from "./pipeline.ts";
import { WebSocketHandshakeError } from "./responseErrors.ts";
import type { SessionSettings } from "./sessionOptions.ts";
import { timeoutsOf } from "./timeouts.ts";
import { ClientWebSocket } from "./webSocket.ts";
import { WebSocketHandshake } from "./webSocketHandshake.ts";
import type { WebSocketLink } from "./webSocketLink.ts";
import { type WebSocketOptions, webSocketSettings } from "./webSocketOptions.ts";
import { proxyRules } from "./proxy.ts";

/** Opens a WebSocket for a session. @internal */
export async function connectWebSocket(
  settings: SessionSettings,
  connector: Connector,
  url: string | URL,
  options: WebSocketOptions = {},
): Promise<ClientWebSocket> {
  if (settings.transport !== null) {
    throw new TypeError("wsConnect: the session's `transport` answers requests, not WebSockets");
  }
  // For a request, `compress` is about its body.
  const { compress: _, ...ofRequest } = options;
  const { timeout, proxy } = options;
  const timeouts =
    timeout === undefined ? settings.timeouts : timeoutsOf(timeout, settings.timeouts);
  const dialling = {
    tools: connector.tools,
    proxies: proxy === undefined ? settings.proxies : proxyRules("options.proxy", proxy),
    socketConnect: timeouts.socketConnect,
  };
  const held = new Held(connector);
  const handshake = new WebSocketHandshake(webSocketSettings(options), timeouts, dialling, () =>
    held.letGo(),
  );
  const handing: SessionSettings = { ...settings, transport: handshake, raiseForStatus: false };
  const call = new Call(handing, "GET", overHttp(url), ofRequest);
  try {
    const { status, statusText, headers, url: at } = await performed(call, connector);
    const { link } = handshake;
    if (link === null) {
      const subject = { method: "GET", url: at.replace(/^http/, "ws") };
      throw new WebSocketHandshakeError(subject, status, statusText, headers);
    }
    held.hold(link);
    return new ClientWebSocket(link);
  } catch (error) {
    handshake.discard();
    if (error instanceof ClientError) Error.captureStackTrace(error);
    throw error;
  }
}

/** The WebSocket among what ends with the session. */
class Held implements Endable {
  readonly method = "GET";
  readonly #connector: Connector;
  #link: WebSocketLink | null = null;

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  get url(): string {
    return this.#link?.subject.url ?? "";
  }

  hold(link: WebSocketLink): void {
    this.#link = link;
    if (link.state !== "closed") this.#connector.add(this);
  }

  letGo(): void {
    this.#connector.remove(this);
  }

  fail(error: Error): void {
    this.#link?.fail(error);
  }
}

/** The same URL, as the requests of the session know it. */
function overHttp(url: string | URL): string | URL {
  const text = String(url);
  return /^wss?:/i.test(text) ? text.replace(/^ws/i, "http") : url;
}
