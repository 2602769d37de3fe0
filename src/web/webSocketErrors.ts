/*
 * How a WebSocket ends when it does not end well.
 */
import { expectSendable } from "../webSockets/closeCodes.ts";

/**
 * The WebSocket is closed, in order or not: there is nothing to receive, and nobody to send to.
 *
 * A handler may let it pass: that the client has left is no fault of the server's. Not thrown by a `for await` loop over
 * a WebSocket that was closed with 1000, 1001 or no code: that ends.
 */
export class ConnectionClosed extends Error {
  override readonly name = "ConnectionClosed";
  /**
   * What it was closed with: the client's code (1005 when it gave none), or the one that the client was sent; 1006 when
   * the connection was lost without a closing handshake.
   */
  readonly code: number;
  /** The reason that came with the code; empty when there was none. */
  readonly reason: string;

  /** @internal */
  constructor(words: string, code: number, reason: string, cause?: unknown) {
    super(words, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
  }
}

/**
 * A message that the handler can't take: it was to be text and is binary, or was to be JSON and is none.
 *
 * Thrown by `receiveText`, `receiveBytes` and `receiveJson`. A handler that lets it pass closes the WebSocket with `code`
 * and the message as the reason; it may throw one of its own.
 *
 * @example
 * ```ts
 * import { BadMessage } from "ambit/web";
 *
 * const error = new BadMessage("which room?", { code: 4001 });
 * error.code; // => 4001
 * ```
 */
export class BadMessage extends Error {
  override readonly name = "BadMessage";
  /** What the WebSocket is closed with when nobody catches this. */
  readonly code: number;

  /** @param options `code`: what a close frame may have; default 1008, policy violation */
  constructor(message: string, options: ErrorOptions & { readonly code?: number } = {}) {
    super(message, options);
    const { code = 1008 } = options;
    expectSendable("options.code", code);
    this.code = code;
  }
}
