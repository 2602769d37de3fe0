/*
 * ReplyBody: a body that sends itself, piece by piece: a stream, a file, a connection that is taken over.
 *
 * Text, bytes and nothing need none: they are sent in one call.
 */
import type { Exchange } from "./exchange.ts";
import type { ReplyHeaders } from "./replyHeaders.ts";

/** A request, as far as an answer may depend on it. */
export interface FittedRequest {
  readonly method: string;
  readonly headers: { get(name: string): string | null };
}

/** A reply that may still become another. */
export interface FittedReply {
  status: number;
  type: string | null;
  readonly headers: ReplyHeaders;
  body: string | Uint8Array | ReplyBody | null;
}

/** What an answer sends, when it's not there as a whole. */
export abstract class ReplyBody {
  /** How many bytes it will send, when that is known: becomes `Content-Length`. */
  readonly length: number | undefined;

  constructor(length?: number) {
    this.length = length;
  }

  /**
   * Sends the head (`exchange.begin(status, headers)`), then the body, then ends it. Runs in the request's task.
   * `headers` is flat and complete.
   *
   * **Cancellation:** the sending stops; what it holds is closed.
   */
  abstract send(exchange: Exchange, status: number, headers: string[]): Promise<void>;

  /**
   * Makes the reply fit the request that it answers, before its head is made: a condition that spares it, a range of it.
   * Called once, in the request's task; may put another body into the reply, which is not fitted again.
   *
   * @throws an error that is answered in the place of the reply; what this holds is closed then
   */
  fit?(request: FittedRequest, reply: FittedReply): Promise<void>;

  /** Closes what it holds, without sending: the answer to HEAD, an answer that is replaced. */
  close(): Promise<void> | void {}
}
