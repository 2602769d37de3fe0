/*
 * What is known of a socket: asked for at once, since Node forgets it when the socket closes; certificates, which are
 * large, only when somebody wants them.
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Address, TlsInfo, TransportInfo } from "./transport.ts";

/** @internal */
export class SocketInfo implements TransportInfo {
  readonly socket: Socket;
  readonly peername: Address | undefined;
  readonly sockname: Address | undefined;
  readonly tls: TlsInfo | undefined;

  constructor(socket: Socket, peerPath?: string, ownPath?: string) {
    this.socket = socket;
    this.peername =
      peerPath ?? addressOf(socket.remoteAddress, socket.remotePort, socket.remoteFamily);
    this.sockname = ownPath ?? addressOf(socket.localAddress, socket.localPort, socket.localFamily);
    this.tls = socket instanceof TLSSocket ? new TlsFacts(socket) : undefined;
  }
}

class TlsFacts implements TlsInfo {
  readonly protocol: string | null;
  readonly cipher: string;
  readonly alpnProtocol: string | null;
  readonly authorized: boolean;
  readonly servername: string | null;
  readonly #socket: TLSSocket;
  #certificate: object | null | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.protocol = socket.getProtocol();
    this.cipher = socket.getCipher().standardName;
    this.alpnProtocol = textOrNull(socket.alpnProtocol);
    this.authorized = socket.authorized;
    this.servername = textOrNull((socket as { servername?: unknown }).servername);
  }

  get peerCertificate(): object | null {
    if (this.#certificate !== undefined) return this.#certificate;
    const certificate = this.#socket.getPeerCertificate() as object | null;
    const found = certificate !== null && Object.keys(certificate).length > 0 ? certificate : null;
    return (this.#certificate = found);
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** @internal */
export function addressOf(
  address: string | undefined,
  port: number | undefined,
  family: string | undefined,
): Address | undefined {
  if (address === undefined || port === undefined) return undefined;
  return { address, port, family: family === "IPv6" ? "IPv6" : "IPv4" };
}

/** `127.0.0.1:80`, `[::1]:80`, or a path. @internal */
export function addressWords(address: Address): string {
  if (typeof address === "string") return address;
  return address.family === "IPv6"
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}
