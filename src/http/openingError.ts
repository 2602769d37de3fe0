/*
 * Why no connection was made, before it is known for whom.
 *
 * Several requests may wait for one connection (HTTP/2), and each is to get an error that names its
 * own method and URL. So what opens connections reports an OpeningError: it knows how to become the
 * error of a request. `UnsentError` is the other report of a connection: it will not send the
 * request, and nothing of it has reached a server.
 */
import type { ClientError, Subject } from "./errors.ts";

/** Makes the error that a request's caller gets. @internal */
export type ErrorMaker = (subject: Subject) => ClientError | Error;

/** @internal */
export class OpeningError extends Error {
  override readonly name: string = "OpeningError";
  /** The error for one of those who wait for the connection. */
  readonly for: ErrorMaker;

  constructor(words: string, make: ErrorMaker, cause?: unknown) {
    super(words, cause === undefined ? undefined : { cause });
    this.for = make;
  }
}

/** The request may be sent over another connection, whatever its method. @internal */
export class UnsentError extends Error {
  override readonly name: string = "UnsentError";
  /** The server wants it in HTTP/1.1. */
  readonly plain: boolean;

  constructor(words: string, plain: boolean) {
    super(words);
    this.plain = plain;
  }
}
