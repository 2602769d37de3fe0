/*
 * A connection of its own for a WebSocket.
 *
 * Limits: no proxy, unix socket or TLS options.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import type { ClientRequest } from "./clientRequest.ts";
import { headFailure } from "./failure.ts";

const outsideTasks = AsyncLocalStorage.snapshot();

/** Opens a socket to where the request leads. @internal */
export function dial(request: ClientRequest): Promise<Socket> {
  const start = (wait: Wait<Socket>): Cleanup<Socket, undefined> => {
    const { url } = request;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const secure = url.protocol === "https:";
    const port = Number(url.port) || (secure ? 443 : 80);
    const servername = isIP(host) === 0 ? host : "";
    const socket = outsideTasks(() =>
      secure ? connectTls({ host, port, servername }) : connectTcp({ host, port }),
    );
    const fail = (error: Error): void => {
      wait.reject(headFailure({ method: request.method, url: url.href }, error, Infinity));
    };
    socket.once(secure ? "secureConnect" : "connect", () => {
      socket.off("error", fail);
      wait.resolve(socket);
    });
    socket.once("error", fail);
    return () => socket.destroy();
  };
  return suspend(start, undefined, `WebSocket ${request.url.host} connect`);
}
