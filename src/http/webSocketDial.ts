/*
 * A connection of its own for a WebSocket, opened as the connector opens those of requests: by its
 * lookup, proxy, TLS options, unix socket and local address. It is not pooled.
 *
 * A proxy that could pass requests on is asked for a tunnel: what comes after the handshake is no
 * request. Inside TLS only HTTP/1.1 is offered: `ws` does not speak WebSocket over HTTP/2 (RFC 8441).
 */
import type { Socket } from "node:net";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { Subject } from "./errors.ts";
import { headFailure } from "./failure.ts";
import { Route } from "./route.ts";
import { type OpeningTools, SocketOpening } from "./socketOpening.ts";
import type { ProxyRules } from "./proxy.ts";

/** What the way to a server depends on. @internal */
export interface Dialling {
  readonly tools: OpeningTools;
  readonly proxies: ProxyRules;
  /** Milliseconds for one socket. */
  readonly socketConnect: number;
}

/** Opens a socket to where a URL of http or https leads. @internal */
export function dial(subject: Subject, url: URL, dialling: Dialling): Promise<Socket> {
  const { tools, proxies, socketConnect: patience } = dialling;
  const start = (wait: Wait<Socket>): Cleanup<Socket, undefined> => {
    const plan = {
      route: new Route(url.origin, proxies.for(url)),
      tunnelled: true,
      protocols: ["http/1.1"],
      patience,
      trace: null,
      bare: false,
    };
    const opening = new SocketOpening(tools, plan, (error, socket) => {
      if (socket !== null) wait.resolve(socket);
      else wait.reject(headFailure(subject, error as Error, patience));
    });
    return () => void opening.destroy();
  };
  return suspend(start, undefined, `WebSocket ${url.host} connect`);
}
