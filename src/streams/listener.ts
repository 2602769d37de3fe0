/*
 * Listener: where a server's connections come from. `NodeListener` is a listening socket of Node's; a network in memory
 * brings its own.
 */
import {
  createServer as createPlain,
  type ListenOptions,
  type Server as NodeServer,
  type Socket,
} from "node:net";
import { createServer as createTls, type TLSSocket } from "node:tls";
import { OUTSIDE } from "../core/outside.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Loop } from "../core/loop.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { addressOf, SocketInfo } from "./socketInfo.ts";
import { SocketTransport } from "./socketTransport.ts";
import type { TlsOptions } from "./tlsOptions.ts";
import type { Address, Protocol, Transport } from "./transport.ts";

/** Is handed each new connection: calls `open` with the protocol that handles it. */
export type Accept = (open: (protocol: Protocol) => Transport) => void;

/** Where a server's connections come from. */
export interface Listener {
  /** Where it listens; empty while it does not. */
  readonly addresses: readonly Address[];
  /** Whether connections come from outside the program, see {@link Transport}. */
  readonly outside: boolean;
  /** Begins to listen; every connection that comes is handed to `accept`. */
  listen(accept: Accept): Promise<void>;
  /** Stops listening, and drops what is not a connection yet. What was accepted stays. May be called again. */
  close(): void;
}

/** How a socket listens. @internal */
export interface ListenPlan {
  readonly where: ListenOptions;
  readonly sockets: { readonly noDelay: boolean; readonly keepAlive: boolean };
  readonly tls: TlsOptions | null;
  /** Milliseconds. */
  readonly handshakeTimeout: number;
}

/** A listening socket of Node's. @internal */
export class NodeListener implements Listener {
  readonly outside = true;
  readonly #plan: ListenPlan;
  /** Made for each beginning anew: one that was given up may still come to listen, and is closed then. */
  #server: NodeServer | null = null;
  readonly #loop: Loop = getRunningLoop();
  /** Connections whose handshake is under way. */
  readonly #unready = new Set<Socket>();
  #accept: Accept | null = null;

  constructor(plan: ListenPlan) {
    this.#plan = plan;
  }

  #make(): NodeServer {
    const { sockets, tls, handshakeTimeout } = this.#plan;
    const common = { ...sockets, allowHalfOpen: true };
    if (tls === null) {
      return createPlain(common).on("connection", (socket) => this.#take(socket));
    }
    return createTls({ ...common, ...tls, handshakeTimeout })
      .on("connection", (socket) => this.#greet(socket))
      .on("tlsClientError", (error, socket) => this.#refuse(error, socket))
      .on("secureConnection", (socket) => this.#ready(socket));
  }

  get addresses(): readonly Address[] {
    const address = this.#server?.address() ?? null;
    if (address === null) return [];
    if (typeof address === "string") return [address];
    return [addressOf(address.address, address.port, address.family) as Address];
  }

  async listen(accept: Accept): Promise<void> {
    this.#accept = accept;
    await suspend<void, NodeListener>(NodeListener.#startListening, this, "startServer");
  }

  close(): void {
    if (this.#server?.listening === true) this.#server.close();
    for (const socket of this.#unready) socket.destroy();
  }

  /** Too many open files, for one: that connection is lost, the server goes on. */
  readonly #report = (exception: Error): void => {
    this.#loop.callExceptionHandler({
      message: "a server could not accept a connection",
      exception,
    });
  };

  #greet(socket: Socket): void {
    this.#unready.add(socket);
    socket.once("close", () => this.#unready.delete(socket));
  }

  #ready(socket: TLSSocket): void {
    const { _parent: raw } = socket as unknown as { readonly _parent?: Socket };
    if (raw !== undefined) this.#unready.delete(raw);
    // A runtime that does not tell which one it was.
    else
      for (const each of this.#unready)
        if (each.remotePort === socket.remotePort) this.#unready.delete(each);
    this.#take(socket);
  }

  /** Any passer-by can fail at a handshake: that is told in debug mode only, as in asyncio. */
  #refuse(exception: Error, socket: TLSSocket): void {
    // Node leaves the connection open when the handshake took too long.
    socket.destroy();
    if (this.#loop.debug) {
      this.#loop.callExceptionHandler({
        message: "the handshake of a connection failed",
        exception,
      });
    }
  }

  #take(socket: Socket): void {
    const { path } = this.#plan.where;
    const info = new SocketInfo(socket, path === undefined ? undefined : "", path);
    this.#accept?.((protocol) => new SocketTransport(socket, protocol, info));
  }

  static #startListening(
    this: void,
    wait: Wait<void>,
    listener: NodeListener,
  ): Cleanup<void, NodeListener> {
    const server = (listener.#server = listener.#make());
    const fail = (error: Error): void => void wait.reject(error);
    server.once("error", fail);
    server.listen(listener.#plan.where, () => {
      server.off("error", fail).on("error", listener.#report);
      wait.resolve();
    });
    return () => {
      // Listening may still be about to begin, when a name is being looked up.
      server.once("listening", () => server.close());
      server.close();
    };
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return true;
  }
}
