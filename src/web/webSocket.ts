/*
 * webSocket: a handler that answers the opening handshake of a WebSocket, and talks.
 *
 * Strategy: an ordinary handler of GET, so that everything around handlers is around this one too. It checks the
 * handshake and answers 101; what is wrong with a handshake is thrown, and is answered like every error.
 */
import { expectFunction } from "../core/arguments.ts";
import type { Handler } from "./handler.ts";
import { Reply } from "./reply.ts";
import type { ServerRequest } from "./request.ts";
import { WebSocketBody, type WebSocketRoute } from "./webSocketBody.ts";
import { readHandshake } from "./webSocketHandshake.ts";
import { openRawServer } from "./webSocketLibrary.ts";
import { rawOptions, type WebSocketOptions, webSocketSettings } from "./webSocketOptions.ts";
import type { ServerWebSocket } from "./webSocketServer.ts";

/** Talks over a WebSocket, in the request's task. When it returns, the WebSocket is closed with 1000. */
export type WebSocketHandler<
  Params = object,
  State = object,
  App = object,
  Valid = object,
  Protocol extends string = string,
> = (
  socket: ServerWebSocket<Protocol>,
  request: ServerRequest<Params, State, App, Valid>,
) => unknown;

/**
 * A handler of GET that opens a WebSocket; `app.webSocket(path, options, handler)` makes one.
 *
 * The handler runs in the request's task. When it returns, the WebSocket is closed with 1000; when it throws, with 1011;
 * when the server stops, with 1001.
 *
 * **Cancellation:** when the connection is lost, the handler is cancelled, unless the route has `onDisconnect: "finish"`.
 * When the client closes in order, a handler that has received messages before is told by the end of its loop, or by a
 * ConnectionClosed from `receive` and `send`; one that never has is cancelled.
 *
 * @throws {@link HttpError} from the handler it gives: 426 for what is no handshake, 400 for a malformed one, 403 for a
 *   page of another origin (RFC 6455, sections 4.2 and 10.2)
 *
 * @example
 * ```ts no-run
 * import { Application } from "ambit/web";
 *
 * const app = new Application();
 * app.webSocket("/echo", async (socket) => {
 *   for await (const message of socket) await socket.send(message);
 * });
 * await app.serve({ port: 8000 });
 * ```
 */
export function webSocket<
  Params = object,
  State = object,
  App = object,
  Valid = object,
  const Protocol extends string = never,
>(
  handler: WebSocketHandler<Params, State, App, Valid, Protocol>,
  options: WebSocketOptions<Protocol> = {},
): Handler<Params, State, App, Valid> {
  expectFunction("handler", handler);
  const settings = webSocketSettings(options);
  let route: WebSocketRoute | null = null;
  const open = async (given: ServerRequest<Params, State, App, Valid>): Promise<Reply> => {
    const request = given as ServerRequest;
    const handshake = await readHandshake(request, settings);
    route ??= {
      settings,
      raw: openRawServer(rawOptions(settings)),
      handle: handler as WebSocketRoute["handle"],
    };
    return new Reply(new WebSocketBody(route, request, handshake), { status: 101 });
  };
  // By this a server knows that it must not let upgrades go by.
  return Object.assign(open, { upgrades: true });
}
