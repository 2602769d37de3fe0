/*
 * How a WebSocket ends when it does not end well.
 */
import { ClientError, type Subject } from "./errors.ts";

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
