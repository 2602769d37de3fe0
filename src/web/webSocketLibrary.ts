/*
 * What the server's side uses of the npm package `ws`.
 *
 * The opening handshake is checked before (`webSocketHandshake.ts`) and carried out by the package. One thing it does
 * otherwise than is wanted: it answers a close frame as soon as it comes, before the handler has seen the messages in
 * front of it; here that answer is held back until it's asked for, by a subclass, which it has an option for.
 */
import type { Duplex } from "node:stream";
import { NO_CODE } from "../webSockets/closeCodes.ts";
import { loadLibrary, type RawWebSocket } from "../webSockets/library.ts";

/** A WebSocket of `ws` that holds the answer to a close frame back. @internal */
export interface HoldingWebSocket extends RawWebSocket {
  /** Hears of the client's close frame; its code is 1005 when it has none. */
  onCloseFrame: ((code: number, reason: Buffer) => void) | null;
  /** Answers the client's close frame with the same. */
  answerClose(): void;
}

/** The part of a request that `ws` looks at. @internal */
export interface RawRequest {
  readonly method: "GET";
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Lines of the answer's head besides those of the handshake. */
  readonly lines: readonly string[];
}

/** What `ws` calls its server: it carries out the opening handshake. @internal */
export interface RawServer {
  handleUpgrade(
    request: RawRequest,
    socket: Duplex,
    head: Buffer,
    opened: (raw: HoldingWebSocket) => void,
  ): void;
  on(event: "headers", listener: (lines: string[], request: RawRequest) => void): this;
}

/** How messages are compressed (RFC 7692), in the words of `ws`. @internal */
export interface RawDeflate {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly threshold: number;
  readonly concurrencyLimit: number;
  readonly zlibDeflateOptions: { readonly level: number; readonly memLevel: number };
}

/** @internal */
export interface RawServerOptions {
  readonly noServer: true;
  readonly clientTracking: false;
  readonly perMessageDeflate: RawDeflate | false;
  /** Bytes; 0 for no limit. */
  readonly maxPayload: number;
  readonly maxFragments: number;
  readonly maxBufferedChunks: number;
  /** Milliseconds. */
  readonly closeTimeout: number;
}

/** The WebSocket of `ws`, as far as the subclass needs it. */
declare class Base {
  close(code?: number, data?: string | Buffer): void;
}

interface Library {
  readonly WebSocket: typeof Base;
  readonly WebSocketServer: new (
    options: RawServerOptions & { readonly WebSocket: typeof Base },
  ) => RawServer;
  readonly extension: { parse(header: string): Record<string, unknown[]> };
  readonly PerMessageDeflate: (new (
    options: RawDeflate & { readonly isServer: true; readonly maxPayload: number },
  ) => { accept(offers: unknown[]): unknown }) & { readonly extensionName: string };
}

function holdingClass({ WebSocket }: Library): typeof Base {
  return class extends WebSocket {
    onCloseFrame: ((code: number, reason: Buffer) => void) | null = null;
    #frame: [code: number, reason: Buffer] | null = null;

    /** Called by us with a string, by `ws` with a breach's code alone, or with what a close frame holds. */
    override close(code?: number, data?: string | Buffer): void {
      if (typeof data === "string" || (code !== undefined && data === undefined))
        return super.close(code, data);
      this.#frame = [code ?? NO_CODE, data ?? Buffer.alloc(0)];
      this.onCloseFrame?.(...this.#frame);
    }

    answerClose(): void {
      const [code, reason] = this.#frame as [number, Buffer];
      if (code === NO_CODE) super.close();
      else super.close(code, reason);
    }
  };
}

/** @internal */
export function openRawServer(options: RawServerOptions): RawServer {
  const all = loadLibrary() as Library;
  const server = new all.WebSocketServer({ ...options, WebSocket: holdingClass(all) });
  server.on("headers", (lines, { lines: more }) => void lines.push(...more));
  return server;
}

/**
 * Whether a client's `Sec-WebSocket-Extensions` hold an offer of compression that can be accepted. One that can't is
 * declined, which is no error (RFC 7692, section 5.1).
 * @throws Error when the header is malformed
 * @internal
 */
export function canCompress(header: string, deflate: RawDeflate, maxPayload: number): boolean {
  const { extension, PerMessageDeflate } = loadLibrary() as Library;
  const offers = extension.parse(header)[PerMessageDeflate.extensionName];
  if (offers === undefined) return false;
  try {
    new PerMessageDeflate({ ...deflate, isServer: true, maxPayload }).accept(offers);
    return true;
  } catch {
    return false;
  }
}
