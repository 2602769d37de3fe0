/*
 * WebSocketBody: the answer 101, whose body is a conversation.
 *
 * Strategy: the handler runs where other bodies are sent: in the request's task, after the middlewares. It runs in a
 * scope of its own, which a client that has left cancels; so it ends like any other handler, and the closing handshake is
 * still the task's to do. How the handler ends decides the code: it returned, 1000; it was cancelled, because the server
 * stops or somebody cancelled the request, 1001; it threw, 1011, without saying why unless the application debugs.
 */
import type { Duplex } from "node:stream";
import { CancelScope } from "../core/cancelScope.ts";
import { CancelledError } from "../core/errors.ts";
import { ambientScope, getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { GOING_AWAY, INTERNAL_ERROR, NORMAL } from "../webSockets/closeCodes.ts";
import { ClientDisconnected } from "./errors.ts";
import type { Exchange, Upgrade } from "./exchange.ts";
import { type LongReply, longRepliesUnder } from "./longReplies.ts";
import { ReplyBody } from "./replyBody.ts";
import type { ServerRequest } from "./request.ts";
import { BadMessage, ConnectionClosed } from "./webSocketErrors.ts";
import { type Handshake, rawRequest } from "./webSocketHandshake.ts";
import type { HoldingWebSocket, RawServer } from "./webSocketLibrary.ts";
import { type Ending, WebSocketLink } from "./webSocketLink.ts";
import type { WebSocketSettings } from "./webSocketOptions.ts";
import { ServerWebSocket } from "./webSocketServer.ts";

/** What a route's WebSockets have in common. @internal */
export interface WebSocketRoute {
  readonly settings: WebSocketSettings;
  readonly raw: RawServer;
  readonly handle: (socket: ServerWebSocket, request: ServerRequest) => unknown;
}

/** @internal */
export class WebSocketBody extends ReplyBody implements LongReply {
  readonly kind = "webSocket";
  readonly #route: WebSocketRoute;
  readonly #request: ServerRequest;
  readonly #handshake: Handshake;
  readonly #scope = new CancelScope();
  #link: WebSocketLink | null = null;

  constructor(route: WebSocketRoute, request: ServerRequest, handshake: Handshake) {
    super();
    this.#route = route;
    this.#request = request;
    this.#handshake = handshake;
  }

  async send(exchange: Exchange, _status: number, headers: string[]): Promise<void> {
    const link = this.#open(exchange, headers);
    const all = longRepliesUnder(ambientScope());
    all.add(this);
    try {
      await this.#converse(link);
    } finally {
      all.delete(this);
    }
    if (link.lostConnection)
      throw new ClientDisconnected("the connection of a WebSocket was lost without a close frame");
  }

  /** The server is about to stop. */
  goAway(): void {
    this.#link?.leave(GOING_AWAY, "");
  }

  #open(exchange: Exchange, headers: readonly string[]): WebSocketLink {
    const { settings } = this.#route;
    const { path } = this.#request;
    const { socket, head } = exchange.upgrade as Upgrade;
    exchange.takeOver?.();
    const raw = this.#accept(socket, head, headers);
    return (this.#link = new WebSocketLink({
      raw,
      socket,
      loop: getRunningLoop(),
      settings,
      label: `WebSocket ${path} of ${exchange.peer.address}`,
      onEnd: (ending) => this.#ended(ending),
    }));
  }

  /** Sends the answer to the opening handshake. */
  #accept(socket: Duplex, head: Buffer, headers: readonly string[]): HoldingWebSocket {
    const opened: HoldingWebSocket[] = [];
    // Values of headers are Latin-1, and `ws` writes them as Node's default says.
    socket.setDefaultEncoding("latin1");
    this.#route.raw.handleUpgrade(rawRequest(this.#handshake, headers), socket, head, (raw) => {
      opened.push(raw);
    });
    socket.setDefaultEncoding("utf8");
    const [raw] = opened;
    if (raw !== undefined) return raw;
    throw new ClientDisconnected("the client has left in the handshake of a WebSocket");
  }

  /** It ended, and the handler does not know. */
  #ended(ending: Ending): void {
    const { settings } = this.#route;
    const own = settings.onDisconnect ?? this.#request.onDisconnect;
    if (own === "finish") return;
    const how = ending === "lost" ? "is lost" : "has left";
    this.#scope.cancel(new ClientDisconnected(`the client of a WebSocket ${how}`));
  }

  async #converse(link: WebSocketLink): Promise<void> {
    const socket = new ServerWebSocket(link, this.#handshake.protocol);
    try {
      await this.#scope.run(async () => void (await this.#route.handle(socket, this.#request)));
    } catch (error) {
      return await this.#failed(link, error);
    }
    await finish(link, NORMAL, "");
  }

  async #failed(link: WebSocketLink, error: unknown): Promise<void> {
    if (error instanceof CancelledError) {
      await protect(() => finish(link, GOING_AWAY, ""));
      throw error;
    }
    // It was told that the client has left, and left too.
    if (error instanceof ConnectionClosed && link.refusal !== null)
      return await finish(link, NORMAL, "");
    if (error instanceof BadMessage) return await finish(link, error.code, error.message);
    const { debug } = this.#request.app;
    await finish(link, INTERNAL_ERROR, debug ? String(error) : "internal error");
    throw error;
  }
}

async function finish(link: WebSocketLink, code: number, reason: string): Promise<void> {
  link.finish(code, shortened(reason));
  await link.closing();
}

/** A reason has at most 123 bytes; what is cut off must not split a character. */
function shortened(reason: string): string {
  if (Buffer.byteLength(reason) <= 123) return reason;
  return (
    new TextDecoder().decode(Buffer.from(reason).subarray(0, 120)).replace(/\ufffd+$/, "") + "…"
  );
}
