/*
 * A server behind TLS that speaks HTTP/2, HTTP/1.1 or both, and remembers what it saw.
 */
import type { Server as HttpsServer } from "node:https";
import { createServer } from "node:https";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type SecureServerOptions,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { identity } from "../streams/peers.ts";

export type SecureAnswer = (request: Http2ServerRequest, answer: Http2ServerResponse) => void;

export interface SecureOptions extends SecureServerOptions {
  /** Speaks HTTP/1.1 only, whatever the client offers. */
  readonly plain?: boolean;
}

export class SecureOrigin implements AsyncDisposable {
  readonly #server: Http2SecureServer | HttpsServer;
  readonly #sockets = new Set<Socket>();
  readonly sessions: Set<ServerHttp2Session> = new Set();
  port = 0;
  /** Requests that came, as `2.0 GET /path`. */
  readonly seen: string[] = [];
  /** Those that were reset or cut before they were answered. */
  readonly aborted: string[] = [];
  open = 0;
  most = 0;
  /** TCP connections that were ever made. */
  connections = 0;
  /** How many TLS handshakes resumed a session. */
  resumed = 0;
  /** The server name that each TLS connection asked for. */
  readonly names: (string | false | null)[] = [];

  private constructor(answer: SecureAnswer, { plain = false, ...options }: SecureOptions) {
    const listener = (request: Http2ServerRequest, response: Http2ServerResponse): void => {
      this.#note(request, response);
      answer(request, response);
    };
    this.#server = plain
      ? createServer({ ...identity, ...(options as object) }, listener as never)
      : createSecureServer({ ...identity, allowHTTP1: true, ...options }, listener);
    this.#server.on("connection", (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    });
    this.#server.on("secureConnection", (socket: TLSSocket) => {
      if (socket.isSessionReused()) this.resumed++;
      this.names.push((socket as TLSSocket & { servername: string | false }).servername);
    });
    this.#server.on("session", (session: ServerHttp2Session) => {
      this.sessions.add(session);
      session.on("error", () => undefined).on("close", () => this.sessions.delete(session));
    });
  }

  static async start(
    answer: SecureAnswer = hello,
    options: SecureOptions = {},
  ): Promise<SecureOrigin> {
    const origin = new SecureOrigin(answer, options);
    await new Promise<void>((resolve) => origin.#server.listen(0, "127.0.0.1", resolve));
    origin.port = (origin.#server.address() as AddressInfo).port;
    return origin;
  }

  get url(): string {
    return `https://localhost:${this.port}`;
  }

  get connected(): number {
    return this.#sockets.size;
  }

  #note(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const what = `${request.httpVersion} ${request.method} ${request.url}`;
    this.seen.push(what);
    this.most = Math.max(this.most, ++this.open);
    request.on("aborted", () => this.aborted.push(what));
    response.on("close", () => this.open--);
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function hello(request: Http2ServerRequest, answer: Http2ServerResponse): void {
  answer.end(`hello ${request.url}`);
}

/** As `hangs` of origin.ts: `/hang…` is never answered, `/half…` with a byte of the body. */
export function hangs(request: Http2ServerRequest, answer: Http2ServerResponse): void {
  if (request.url.startsWith("/hang")) return;
  if (request.url.startsWith("/half")) answer.write("x");
  else hello(request, answer);
}
