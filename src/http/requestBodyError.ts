/*
 * The body of a request could not be sent, for a reason of its own: not the network's, nor the
 * server's.
 */
import { ClientError, type Subject } from "./errors.ts";

/**
 * The body of a request failed while it was sent: an iterable or a stream threw (its error is the
 * `cause`), a file could not be read, or there was more or less of it than had been announced. The
 * connection is closed, so that the server does not take what came for the whole.
 */
export class RequestBodyError extends ClientError {
  override readonly name: string = "RequestBodyError";
  /** The bytes of the body that had been handed to the connection. */
  readonly sent: number;

  /** @internal */
  constructor(subject: Subject, words: string, sent: number, cause?: unknown) {
    super(subject, words, cause);
    this.sent = sent;
  }
}
