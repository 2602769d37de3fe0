/*
 * The npm package `ws`, loaded when the first WebSocket is opened, and what of it is used here.
 *
 * It does the protocol: handshake, frames, masking, compression, the closing handshake. Its types
 * are in another package, which users of ours need not have: so they are said again, as far as they
 * matter.
 */
import { createRequire } from "node:module";
import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";

/** A WebSocket of `ws`. @internal */
export interface RawWebSocket {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes handed over and not yet written to the socket's kernel buffer. */
  readonly bufferedAmount: number;
  readonly protocol: string;
  /** What was agreed on, by name and separated by commas. */
  readonly extensions: string;
  send(data: string | Uint8Array, options: SendFlags, sent: (error?: Error | null) => void): void;
  ping(data: Uint8Array): void;
  pong(data: Uint8Array): void;
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
  /** Destroys the socket; while connecting, gives that up. */
  terminate(): void;
  on(event: "open", listener: () => void): this;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: "ping" | "pong", listener: (data: Buffer) => void): this;
  on(event: "close", listener: (code: number, reason: Buffer) => void): this;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): this;
  on(event: "upgrade", listener: (answer: UpgradeAnswer) => void): this;
  on(
    event: "unexpected-response",
    listener: (request: ClientRequest, answer: UpgradeAnswer) => void,
  ): this;
}

/** @internal */
export interface SendFlags {
  readonly binary: boolean;
  readonly compress: boolean;
}

/** The head of the server's answer, as far as it matters here. @internal */
export interface UpgradeAnswer {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
}

/** @internal */
export interface RawOptions {
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly createConnection: () => Duplex;
  readonly perMessageDeflate: boolean;
  /** Bytes; 0 for no limit. */
  readonly maxPayload: number;
  readonly autoPong: boolean;
  /** Milliseconds. */
  readonly closeTimeout: number;
}

type RawWebSocketClass = new (
  url: string,
  protocols: readonly string[],
  options: RawOptions,
) => RawWebSocket;

const requireHere = createRequire(import.meta.url);
let loaded: RawWebSocketClass | null = null;

/** @internal */
export function rawWebSocketClass(): RawWebSocketClass {
  loaded ??= (requireHere("ws") as { WebSocket: RawWebSocketClass }).WebSocket;
  return loaded;
}
