/*
 * What the client's side uses of the npm package `ws`, which carries out the opening handshake too.
 */
import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { loadLibrary, type RawWebSocket } from "../webSockets/library.ts";

/** A WebSocket of `ws` that opens itself. @internal */
export interface OpeningWebSocket extends RawWebSocket {
  readonly protocol: string;
  pong(data: Uint8Array): void;
  on: RawWebSocket["on"] & OnOpening;
}

interface OnOpening {
  (event: "open", listener: () => void): unknown;
  (event: "ping", listener: (data: Buffer) => void): unknown;
  (event: "upgrade", listener: (answer: UpgradeAnswer) => void): unknown;
  (
    event: "unexpected-response",
    listener: (request: ClientRequest, answer: UpgradeAnswer) => void,
  ): unknown;
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
) => OpeningWebSocket;

/** @internal */
export function rawWebSocketClass(): RawWebSocketClass {
  return (loadLibrary() as { WebSocket: RawWebSocketClass }).WebSocket;
}
