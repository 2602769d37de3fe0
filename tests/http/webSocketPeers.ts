/*
 * Servers for the tests of the WebSocket client: a real one, of `ws`, and one that writes frames by
 * hand, also wrong ones.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createSecureServer as createHttp2Server } from "node:http2";
import { createServer as createSecureServer } from "node:https";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";
import { identity } from "../streams/peers.ts";
import { RawOrigin } from "./origin.ts";

export type Serve = (peer: WebSocket, request: IncomingMessage) => void;

interface PeerOptions extends ServerOptions {
  readonly tls?: boolean;
  /** With TLS: would speak HTTP/2 with who offers that. */
  readonly http2?: boolean;
  /** A unix socket to listen on. */
  readonly at?: string;
}

/** A WebSocket server on `ws`. Unless told otherwise it sends back what it gets. */
export class WsServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #connections = new Set<Socket>();
  url = "";
  /** The requests for a WebSocket that came. */
  readonly requests: IncomingMessage[] = [];
  /** Sockets that were opened, and what they were closed with. */
  readonly peers: WebSocket[] = [];
  readonly closed: [code: number, reason: string][] = [];

  private constructor(serve: Serve, { tls = false, http2 = false, ...options }: PeerOptions) {
    if (http2) this.#server = createHttp2Server({ ...identity, allowHTTP1: true }) as never;
    else this.#server = tls ? createSecureServer(identity) : createServer();
    this.#sockets = new WebSocketServer({ ...options, server: this.#server });
    this.#server.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
    });
    this.#sockets.on("connection", (peer, request) => {
      this.peers.push(peer);
      this.requests.push(request);
      peer.on("error", () => undefined);
      peer.on("close", (code, reason) => this.closed.push([code, reason.toString()]));
      serve(peer, request);
    });
  }

  static async start(serve: Serve = echo, options: PeerOptions = {}): Promise<WsServer> {
    const { at, ...rest } = options;
    const server = new WsServer(serve, rest);
    if (at === undefined) server.#server.listen(0, "127.0.0.1");
    else server.#server.listen(at);
    await once(server.#server, "listening");
    if (at !== undefined) return server;
    const { port } = server.#server.address() as AddressInfo;
    server.url = rest.tls === true ? `wss://localhost:${port}/` : `ws://127.0.0.1:${port}/`;
    return server;
  }

  /** Connections there are now. */
  get connected(): number {
    return this.#connections.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.terminate();
    for (const socket of this.#connections) socket.destroy();
    this.#sockets.close();
    this.#server.close();
    await once(this.#server, "close");
  }
}

export function echo(peer: WebSocket): void {
  peer.on("message", (data, binary) => peer.send(data, { binary }));
}

/** The answer that agrees to a request for a WebSocket. */
export function agreement(request: string, ...more: string[]): string {
  const key = /sec-websocket-key: *(\S+)/i.exec(request)?.[1] ?? "";
  const accept = createHash("sha1")
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  return [...lines, `Sec-WebSocket-Accept: ${accept}`, ...more, "", ""].join("\r\n");
}

/** A server that agrees, and then does with the connection what it likes. */
export async function rawPeer(
  serve: (socket: Socket) => void,
  ...more: string[]
): Promise<RawOrigin> {
  const origin = await RawOrigin.accept((socket) => {
    socket.once("data", (request) => {
      socket.write(agreement(request.toString(), ...more));
      serve(socket);
    });
  });
  origin.url = origin.url.replace(/^http/, "ws");
  return origin;
}

/** A frame as a server sends it: not masked. */
export function frame(opcode: number, payload: Uint8Array | string, first = 0x80): Buffer {
  const body = Buffer.from(payload as string);
  return Buffer.concat([Buffer.from([first | opcode, body.length]), body]);
}
