/*
 * From what undici reports to what a caller can act on.
 *
 * The same socket error means different things by phase: before the head of the answer it is a
 * failed connection, after it a cut body. The words come from the error's code; the error itself
 * stays as the cause.
 */
import {
  ClientConnectionError,
  ClientPayloadError,
  ClientTimeoutError,
  SessionClosedError,
  type Subject,
} from "./errors.ts";

const WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: "the host's name cannot be looked up now",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by the server",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
  ENOTFOUND: "host not found",
  EPIPE: "the server closed the connection",
  ETIMEDOUT: "the host does not answer",
  UND_ERR_HEADERS_OVERFLOW: "the head of the answer is too big",
  UND_ERR_SOCKET: "the server closed the connection",
};

function wordsFor(error: NodeJS.ErrnoException): string {
  const { code = "", message } = error;
  const words = WORDS[code];
  if (words !== undefined) return words;
  if (error.name === "HTTPParserError") return "the answer is not HTTP";
  return message === "" ? code : message;
}

const STALE = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** The server closed a connection that was idle, perhaps just as it was used again. @internal */
export function isStale(error: NodeJS.ErrnoException): boolean {
  return STALE.has(error.code ?? "");
}

/**
 * The error to throw for a request that failed before the head of its answer came; `patience` is how
 * long connecting might take.
 * @internal
 */
export function headFailure(
  subject: Subject,
  error: NodeJS.ErrnoException,
  patience: number,
): Error {
  switch (error.code) {
    case "UND_ERR_INVALID_ARG":
      return new TypeError(`${subject.method}: undici refuses the request: ${error.message}`, {
        cause: error,
      });
    case "UND_ERR_CLOSED":
    case "UND_ERR_DESTROYED":
      return new SessionClosedError(subject, "the session is closed", error);
    case "UND_ERR_CONNECT_TIMEOUT":
      return new ClientTimeoutError(subject, "socketConnect", patience, error);
    default:
      return new ClientConnectionError(subject, wordsFor(error), error);
  }
}

/** The error to throw for a body that did not come whole. @internal */
export function bodyFailure(
  subject: Subject,
  error: NodeJS.ErrnoException,
  received: number,
): Error {
  const words =
    error.code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"
      ? "its length is not what the head said"
      : wordsFor(error);
  return new ClientPayloadError(
    subject,
    `the body was cut after ${received} bytes: ${words}`,
    error,
  );
}
