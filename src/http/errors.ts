/*
 * What can go wrong with a request: the root of the tree, and what belongs to no family.
 *
 * Every error tells the method and the URL, with secrets masked (see redaction.ts), which attempt it
 * was, and has what caused it as `cause`. A timeout is both a ClientError and Ambit's TimeoutError,
 * as in aiohttp: JavaScript has single inheritance, so ClientTimeoutError extends TimeoutError, and
 * `instanceof ClientError` knows it too.
 * The families: connectionErrors.ts (no connection, or it broke), responseErrors.ts (the server's
 * word), payloadErrors.ts (the body), redirectErrors.ts.
 */
import { TimeoutError } from "../core/errors.ts";
import { redact } from "./redaction.ts";
import type { TimeoutKind } from "./timeouts.ts";

/** What an error is about. @internal */
export interface Subject {
  readonly method: string;
  /** As it was asked for: it is masked before it is kept. */
  readonly url: string;
  /** Which attempt of a retry it belongs to; 1 if it is left out. */
  readonly attempt?: number;
}

function sentence({ method, url }: Subject, words: string): string {
  return `${method} ${redact(url)}: ${words}`;
}

function causedBy(cause: unknown): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}

/**
 * Anything that goes wrong with a request (`aiohttp.ClientError`): `catch` it to catch them all.
 *
 * A cancel is none, nor is a wrong argument (TypeError, RangeError).
 *
 * @example
 * ```ts
 * import { ClientError, ClientSession } from "ambit/http";
 *
 * await using session = new ClientSession();
 * const error = await session.get("http://127.0.0.1:9/?token=abc").catch((error: unknown) => error);
 * error instanceof ClientError; // => true
 * String(error); // => "ConnectorError: GET http://127.0.0.1:9/?token=***: connection refused"
 * ```
 */
export class ClientError extends Error {
  override readonly name: string = "ClientError";
  /** The request's method. */
  readonly method: string;
  /** The request's URL, with passwords and tokens masked. */
  readonly url: string;
  /** Which attempt failed, from 1: more than that only with a retry policy. */
  readonly attempt: number;

  /** @internal */
  constructor(subject: Subject, words: string, cause?: unknown) {
    super(sentence(subject, words), causedBy(cause));
    this.method = subject.method;
    this.url = redact(subject.url);
    this.attempt = subject.attempt ?? 1;
  }

  /** True for every error of this module, {@link ClientTimeoutError} included. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === ClientError && value instanceof ClientTimeoutError) return true;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** The URL of a request is none, or not one of http or https. */
export class InvalidUrlError extends ClientError {
  override readonly name: string = "InvalidUrlError";
}

/** The session is closed, or was while the request ran. */
export class SessionClosedError extends ClientError {
  override readonly name = "SessionClosedError";
}

const LATE: Readonly<Record<TimeoutKind, string>> = {
  total: "timed out after",
  connect: "no connection after",
  socketConnect: "connecting took more than",
  socketRead: "nothing came for",
};

/**
 * The request took longer than its timeout allows. Both `instanceof ClientError` and `instanceof
 * TimeoutError`. `deadlineMs` is the time that was allowed.
 */
export class ClientTimeoutError extends TimeoutError {
  /** What took too long, as the option {@link ClientTimeout} names it. */
  readonly kind: TimeoutKind;
  /** The request's method. */
  readonly method: string;
  /** The request's URL, with passwords and tokens masked. */
  readonly url: string;
  /** Which attempt failed, from 1: more than that only with a retry policy. */
  readonly attempt: number;

  /** @internal */
  constructor(subject: Subject, kind: TimeoutKind, deadlineMs: number, cause?: unknown) {
    super(sentence(subject, `${LATE[kind]} ${deadlineMs} ms`), deadlineMs);
    (this as { name: string }).name = "ClientTimeoutError";
    if (cause !== undefined) this.cause = cause;
    this.kind = kind;
    this.method = subject.method;
    this.url = redact(subject.url);
    this.attempt = subject.attempt ?? 1;
  }
}
