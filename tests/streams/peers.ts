/**
 * Peers that know nothing of Ambit: servers straight on node:net and node:tls, and the certificate they show.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { getRunningLoop, type ExceptionContext } from "ambit";

const CERTIFICATE = join(import.meta.dirname, "certificate");
const read = (name: string): string => readFileSync(join(CERTIFICATE, name), "utf8");

/** What a server shows. */
export const identity = { key: read("localhost.key"), cert: read("localhost.pem") };
/** What a client trusts. */
export const trust = { ca: read("ca.pem") };

export interface Peer {
  readonly port: number;
  readonly path: string;
  /** Its ends of the connections that are open. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

interface PeerOptions {
  readonly tls?: boolean;
  readonly path?: string;
}

/** A server that hands each socket to `serve`. */
export async function peer(
  serve: (socket: Socket) => void,
  options: PeerOptions = {},
): Promise<Peer> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    serve(socket);
  };
  const server: Server =
    options.tls === true
      ? createTlsServer({ ...identity, allowHalfOpen: true }, accept)
      : createServer({ allowHalfOpen: true }, accept);
  const raw = new Set<Socket>();
  server.on("connection", (socket) => {
    raw.add(socket);
    socket.on("close", () => raw.delete(socket));
  });
  if (options.path === undefined) server.listen(0, "127.0.0.1");
  else server.listen(options.path);
  await once(server, "listening");
  return {
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    path: options.path ?? "",
    sockets,
    async close() {
      for (const socket of raw) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers one request as an HTTP/1.0 server does, and closes. */
export function answerHttp(socket: Socket): void {
  socket.once("data", () => {
    socket.write("HTTP/1.0 200 OK\r\n");
    socket.end("Content-Type: text/plain\r\nContent-Length: 12\r\n\r\nTest message");
  });
}

/** A folder for a unix socket, short enough for its path. */
export function socketPath(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "ambit-"));
  return { path: join(folder, "socket"), remove: () => rmSync(folder, { recursive: true }) };
}

/** A client without Ambit. */
export async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Collects what reaches the exception handler of the running loop, until the body ends. */
export async function collectingErrors(
  body: (told: ExceptionContext[]) => Promise<void>,
): Promise<void> {
  const loop = getRunningLoop();
  const before = loop.getExceptionHandler();
  const told: ExceptionContext[] = [];
  loop.setExceptionHandler((context) => told.push(context));
  try {
    await body(told);
  } finally {
    loop.setExceptionHandler(before);
  }
}
