/*
 * Errors that the server's answer is: its status, its type, its refusal of a WebSocket.
 */
import { ClientError, type Subject } from "./errors.ts";

/** The server answered with a status of 400 or more, and `raiseForStatus` was asked for. */
export class ClientResponseError extends ClientError {
  override readonly name: string = "ClientResponseError";
  /** The status, 200 to 599. */
  readonly status: number;
  /** The text that came with it; empty when the server sent none. */
  readonly statusText: string;

  /** @internal */
  constructor(subject: Subject, status: number, statusText: string, words?: string) {
    super(subject, words ?? `the server answered ${`${status} ${statusText}`.trimEnd()}`);
    this.status = status;
    this.statusText = statusText;
  }
}

/** The body is of another type than the one that was asked for. */
export class ContentTypeError extends ClientResponseError {
  override readonly name = "ContentTypeError";
  /** The type that came; empty when none was said. */
  readonly contentType: string;

  /** @internal */
  constructor(
    subject: Subject,
    status: number,
    statusText: string,
    contentType: string,
    expected: string,
  ) {
    super(subject, status, statusText, `\`${contentType}\` came, not \`${expected}\``);
    this.contentType = contentType;
  }
}

/**
 * The server did not agree to speak WebSocket: it answered with another status than 101, or with a
 * 101 that does not fit what it was asked.
 */
export class WebSocketHandshakeError extends ClientResponseError {
  override readonly name = "WebSocketHandshakeError";
  /** The headers of the answer. */
  readonly headers!: Headers;

  /** @internal */
  constructor(
    subject: Subject,
    status: number,
    statusText: string,
    headers: Headers,
    words?: string,
  ) {
    super(subject, status, statusText, words);
    // Not shown when the error is printed: it may hold secrets.
    Object.defineProperty(this, "headers", { value: headers });
  }
}

/** The proxy answered that it will not connect: 407 when it wants other credentials. */
export class ProxyError extends ClientResponseError {
  override readonly name = "ProxyError";

  /** @internal */
  constructor(subject: Subject, status: number, statusText: string) {
    super(subject, status, statusText, `the proxy answered ${`${status} ${statusText}`.trimEnd()}`);
  }
}
