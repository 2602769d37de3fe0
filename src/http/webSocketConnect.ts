/*
 * Opening a WebSocket: the session's settings, a request like others, and what is made of its answer.
 *
 * The whole of it runs in one cancel scope, which the session's close ends; from then on the WebSocket
 * is what the session's close ends.
 */
import { CancelScope } from "../core/cancelScope.ts";
import { getRunningLoop } from "../core/scope.ts";
import { Call } from "./call.ts";
import type { Connector, Sendable } from "./connector.ts";
import { ClientError } from "./errors.ts";
import { performed } from "./pipeline.ts";
import type { ClientResponse } from "./response.ts";
import { WebSocketHandshakeError } from "./responseErrors.ts";
import type { SessionSettings } from "./sessionOptions.ts";
import { type Timeouts, timeoutsOf } from "./timeouts.ts";
import type { TraceSink } from "./tracing.ts";
import { ClientWebSocket } from "./webSocket.ts";
import { dial } from "./webSocketDial.ts";
import { WebSocketHandshake } from "./webSocketHandshake.ts";
import type { WebSocketLink } from "./webSocketLink.ts";
import { type WebSocketOptions, webSocketSettings } from "./webSocketOptions.ts";

/** A WebSocket on its way, and then open: what the session's close ends. */
class Opening implements Sendable {
  readonly method: string;
  readonly url: string;
  readonly origin: string;
  readonly timeouts: Timeouts;
  readonly trace: TraceSink | null;
  readonly scope: CancelScope = new CancelScope();
  /** Why it was given up. */
  failure: Error | null = null;
  link: WebSocketLink | null = null;

  constructor({ method, url, origin, timeouts, trace }: Call) {
    this.method = method;
    this.url = url.replace(/^http/, "ws");
    this.origin = origin;
    this.timeouts = timeouts;
    this.trace = trace;
  }

  fail(error: Error): void {
    if (this.link !== null) return this.link.fail(error);
    this.failure ??= error;
    this.scope.cancel();
  }
}

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
  const own = webSocketSettings(options);
  const ended = (): void => connector.remove(opening);
  const { timeout } = options;
  const timeouts =
    timeout === undefined ? settings.timeouts : timeoutsOf(timeout, settings.timeouts);
  const handshake = new WebSocketHandshake(own, timeouts, getRunningLoop(), dial, ended);
  const handing: SessionSettings = { ...settings, transport: handshake, raiseForStatus: false };
  // For a request, `compress` is about its body.
  const { compress: _, ...ofRequest } = options;
  const call = new Call(handing, "GET", overHttp(url), ofRequest);
  const opening = new Opening(call);
  connector.add(opening);
  try {
    return new ClientWebSocket(await open(opening, call, connector, handshake));
  } catch (error) {
    connector.remove(opening);
    handshake.discard();
    if (error instanceof ClientError) Error.captureStackTrace(error);
    throw error;
  }
}

async function open(
  opening: Opening,
  call: Call,
  connector: Connector,
  handshake: WebSocketHandshake,
): Promise<WebSocketLink> {
  const { value } = await opening.scope.run(() => performed(call, connector));
  // A failure that came when the answer was there already counts, too: nobody has the WebSocket yet.
  if (opening.failure !== null) throw opening.failure;
  const { status, statusText, headers } = value as ClientResponse;
  const { link } = handshake;
  if (link === null) throw new WebSocketHandshakeError(opening, status, statusText, headers);
  opening.link = link;
  return link;
}

/** The same URL, as the requests of the session know it. */
function overHttp(url: string | URL): string | URL {
  const text = String(url);
  return /^wss?:/i.test(text) ? text.replace(/^ws/i, "http") : url;
}
