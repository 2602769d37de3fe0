/*
 * Transport and Protocol: the two ends of the line between the bytes of a connection and who handles them, after
 * asyncio's (transports.py, protocols.py).
 *
 * A transport moves bytes: a socket, a pipe, one side of a pair in memory. It calls its protocol; streams are one
 * protocol (`streamProtocol.ts`). Rules of the calls, which every transport keeps: `dataReceived` any number of times,
 * `eofReceived` at most once after the last of them, `connectionLost` exactly once and last; `pauseWriting` and
 * `resumeWriting` in turns. None of them comes from inside a call of the transport's own, but for `pauseWriting`,
 * which may come from inside `write`.
 */
import type { Socket } from "node:net";
import { INSPECT } from "../core/inspection.ts";
import type { TlsOptions } from "./tlsOptions.ts";

/** One end of a connection: an address of IP, or the path of a unix socket ("" when it has none). */
export type Address = IpAddress | string;

/** A host's address and a port. */
export interface IpAddress {
  readonly address: string;
  readonly port: number;
  readonly family: "IPv4" | "IPv6";
}

/** What TLS agreed on. */
export interface TlsInfo {
  /** `"TLSv1.3"`, `"TLSv1.2"`. */
  readonly protocol: string | null;
  /** The cipher by its standard name. */
  readonly cipher: string;
  /** What ALPN chose; null when nothing. */
  readonly alpnProtocol: string | null;
  /** Whether the peer's certificate was verified. */
  readonly authorized: boolean;
  /** The name that the client asked for; null when it asked for none. */
  readonly servername: string | null;
  /** The peer's certificate; null when it sent none. */
  readonly peerCertificate: object | null;
}

/** What is known of a transport, by asyncio's names; what does not apply is left out. */
export interface TransportInfo {
  /** The other side. */
  readonly peername?: Address | undefined;
  /** This side. */
  readonly sockname?: Address | undefined;
  /** Node's socket, to look at; reading from it or writing to it breaks the stream. */
  readonly socket?: Socket | undefined;
  /** Present on an encrypted connection. */
  readonly tls?: TlsInfo | undefined;
  /** Anything else that a transport of one's own wants to tell. */
  readonly extra?: unknown;
}

/** How much may wait to be sent, in bytes. */
export interface WriteBufferLimits {
  /** Above it, writing pauses. Default 65,536. */
  readonly high?: number;
  /** At or below it, writing goes on. Default a quarter of `high`. */
  readonly low?: number;
}

/** What moves the bytes of one connection (`asyncio.Transport`). */
export interface Transport {
  /** What is known of it. */
  readonly info: TransportInfo;
  /**
   * Whether its peer is outside the program (a socket, a pipe) or inside (a pair in memory). Virtual time stands still
   * while a task waits for the world outside.
   */
  readonly outside: boolean;
  /** How many bytes wait to be sent. */
  readonly bufferedBytes: number;
  /** Whom it calls. */
  readonly protocol: Protocol;

  /** Hands it over to another protocol. */
  setProtocol(protocol: Protocol): void;
  /** Sends bytes, now or later; it keeps them, so they must not be altered. Dropped when it is closing. */
  write(data: Uint8Array): void;
  /** Sends several pieces, in one go where that is possible. */
  writelines(pieces: readonly Uint8Array[]): void;
  /** Ends its own direction once all is sent; the other one stays open. */
  writeEof(): void;
  /** Whether one direction can be ended by itself. */
  canWriteEof(): boolean;
  /** No more `dataReceived` until {@link Transport.resumeReading}. May be called again. */
  pauseReading(): void;
  /** Goes on after {@link Transport.pauseReading}. May be called again. */
  resumeReading(): void;
  /** Whether data are passed on as they come. */
  isReading(): boolean;
  /** Sends what waits, then closes; no more data are received. */
  close(): void;
  /** Closes at once; what waits to be sent is lost. */
  abort(error?: Error): void;
  /** Whether it is closing or closed. */
  isClosing(): boolean;
  /**
   * Sets when writing pauses and goes on.
   * @throws RangeError when not `high >= low >= 0`
   */
  setWriteBufferLimits(limits: WriteBufferLimits): void;
  /** The limits in force. */
  getWriteBufferLimits(): Required<WriteBufferLimits>;
  /**
   * Encrypts the connection from here on, where that is possible; gives the transport that takes this one's place.
   * Called by `StreamWriter.startTls`; `early` is what was received already and belongs to the handshake.
   */
  startTls?(upgrade: TlsUpgrade): Promise<Transport>;
}

/** How a transport is to be encrypted. */
export interface TlsUpgrade {
  /** Certificates, names, versions. */
  readonly tls: TlsOptions;
  /** Which side of the handshake this is. */
  readonly serverSide: boolean;
  /** How long it may take, in milliseconds. */
  readonly handshakeTimeout: number;
  /** What was received before and is part of the handshake. */
  readonly early: Uint8Array;
}

/** Who handles what a transport receives (`asyncio.Protocol`). */
export interface Protocol {
  /** Bytes came; they are the protocol's from now on. */
  dataReceived(data: Uint8Array): void;
  /** The peer will send no more. Returns whether this side wants to go on sending; false closes the transport. */
  eofReceived(): boolean;
  /** The connection is over, for `error` or, when null, in good order. The last call. */
  connectionLost(error: Error | null): void;
  /** More than the high limit waits to be sent. */
  pauseWriting(): void;
  /** No more than the low limit waits to be sent. */
  resumeWriting(): void;
}

/** What a transport prints as; Node's objects behind it are a screenful. @internal */
export function transportWords(transport: Transport): string {
  const words = (transport as { [INSPECT]?: () => string })[INSPECT];
  return words === undefined ? `<${transport.constructor.name}>` : words.call(transport);
}
