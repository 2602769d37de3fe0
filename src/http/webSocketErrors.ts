/*
 * How a WebSocket ends when it does not end well, and what the numbers mean (RFC 6455, 7.4).
 */
import { ClientError, type Subject } from "./errors.ts";

/** The connection was lost without a closing handshake. Never sent. @internal */
export const ABNORMAL = 1006;
/** The peer's close frame had no code. Never sent. @internal */
export const NO_CODE = 1005;

const MEANINGS: Readonly<Record<number, string>> = {
  1000: "normal closure",
  1001: "going away",
  1002: "protocol error",
  1003: "a type of data that is not accepted",
  1005: "no code",
  1006: "no closing handshake",
  1007: "data that is not what its type says",
  1008: "policy violation",
  1009: "message too big",
  1010: "an extension is missing",
  1011: "internal error",
  1012: "service restart",
  1013: "try again later",
  1014: "bad gateway",
  1015: "TLS handshake failed",
};

/** The code in words: `1001 (going away)`. @internal */
export function codeInWords(code: number, reason: string): string {
  const meaning = MEANINGS[code] ?? (code < 3000 ? "unknown" : "application");
  return reason === "" ? `${code} (${meaning})` : `${code} (${meaning}): ${reason}`;
}

/**
 * The WebSocket is closed, in order or not: there is nothing to receive, and nobody to send to.
 *
 * `closeCode` and `reason` tell how it ended. Not thrown by a `for await` loop over a WebSocket that
 * was closed with 1000, 1001 or no code: that ends.
 */
export class WebSocketClosedError extends ClientError {
  override readonly name = "WebSocketClosedError";
  /**
   * What it was closed with: the peer's code (1005 when it gave none), or the code that the peer was
   * sent for breaking the protocol; 1006 when the connection was lost without a closing handshake.
   */
  readonly closeCode: number;
  /** The reason that came with the code; empty when there was none. */
  readonly reason: string;

  /** @internal */
  constructor(subject: Subject, closeCode: number, reason: string, words: string, cause?: unknown) {
    super(subject, words, cause);
    this.closeCode = closeCode;
    this.reason = reason;
  }
}

/** By the code of `ws`'s error: what it sends the peer as it fails the connection. */
const SENT: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};

/** The code that the peer is sent for what it did wrong; null when the error is none of the protocol's. @internal */
export function codeFor(error: NodeJS.ErrnoException): number | null {
  const { code = "" } = error;
  if (SENT[code] !== undefined) return SENT[code];
  // What zlib says of a compressed message; `ws` sends 1007 for it.
  if (code.startsWith("Z_")) return 1007;
  return code.startsWith("WS_ERR_") ? 1002 : null;
}
