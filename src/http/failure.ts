/*
 * From what undici reports to what a caller can act on.
 *
 * The same socket error means different things by phase: before the head of the answer it is a
 * failed connection, after it a cut body. The words and the class come from the error's code; the
 * error itself stays as the cause, less what of the answer it quotes: that may hold secrets.
 */
import {
  CertificateError,
  ClientConnectionError,
  ConnectionResetByServerError,
  ConnectorError,
  DnsError,
  ServerDisconnectedError,
  TlsError,
} from "./connectionErrors.ts";
import { ClientError, ClientTimeoutError, SessionClosedError, type Subject } from "./errors.ts";
import { OpeningError } from "./openingError.ts";
import { ClientPayloadError } from "./payloadErrors.ts";

type Failure = NodeJS.ErrnoException;
type FailureClass = new (subject: Subject, words: string, cause: unknown) => ClientConnectionError;

const KNOWN: Readonly<Record<string, readonly [FailureClass, words: string]>> = {
  EACCES: [ConnectorError, "connecting is not allowed"],
  EADDRNOTAVAIL: [ConnectorError, "the local address cannot be used"],
  EAI_AGAIN: [DnsError, "the host's name cannot be looked up now"],
  ECONNREFUSED: [ConnectorError, "connection refused"],
  ECONNRESET: [ConnectionResetByServerError, "connection reset by the server"],
  EHOSTUNREACH: [ConnectorError, "the host cannot be reached"],
  EMFILE: [ConnectorError, "too many files are open"],
  ENETUNREACH: [ConnectorError, "the network cannot be reached"],
  ENOTFOUND: [DnsError, "host not found"],
  EPIPE: [ServerDisconnectedError, "the server closed the connection"],
  ETIMEDOUT: [ConnectorError, "the host does not answer"],
  UND_ERR_HEADERS_OVERFLOW: [ClientConnectionError, "the head of the answer is too big"],
  UND_ERR_SOCKET: [ServerDisconnectedError, "the server closed the connection"],
};

/** OpenSSL's words for a certificate that is not accepted, and Node's for one of another host. */
const CERTIFICATE =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;
const TLS = /^(ERR_SSL_|ERR_TLS_|EPROTO$)/;

function classified(error: Failure): readonly [FailureClass, words: string] {
  const { code = "", message } = error;
  const known = KNOWN[code];
  if (known !== undefined) return known;
  if (error.name === "HTTPParserError") return [ClientConnectionError, "the answer is not HTTP"];
  const words = message === "" ? code : message;
  if (CERTIFICATE.test(code)) return [CertificateError, `its certificate is refused: ${words}`];
  return [TLS.test(code) ? TlsError : ClientConnectionError, words];
}

/** What an error of a socket's is in words. @internal */
export function wordsOf(error: Failure): string {
  return classified(error)[1];
}

/** The other side's certificate was refused. @internal */
export function isCertificateFailure(error: Failure): boolean {
  return CERTIFICATE.test(error.code ?? "");
}

/** The error as a cause: without the piece of the answer that undici's parser quotes. */
function discreet(error: Failure): Failure {
  if ("data" in error) delete error.data;
  return error;
}

const STALE = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** The server closed a connection that was idle, perhaps just as it was used again. @internal */
export function isStale(error: Failure): boolean {
  return STALE.has(error.code ?? "");
}

/**
 * The error to throw for a request that failed before the head of its answer came; `patience` is how
 * long connecting might take. An error of ours is what it is.
 * @internal
 */
export function headFailure(subject: Subject, error: Failure, patience: number): Error {
  if (error instanceof ClientError) return error;
  if (error instanceof OpeningError) return error.for(subject);
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
    default: {
      const [FailureError, words] = classified(error);
      return new FailureError(subject, words, discreet(error));
    }
  }
}

/** The error to throw for a body that did not come whole. @internal */
export function bodyFailure(subject: Subject, error: Failure, received: number): Error {
  if (error instanceof ClientError) return error;
  const words =
    error.code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"
      ? "its length is not what the head said"
      : classified(error)[1];
  return new ClientPayloadError(
    subject,
    `the body was cut after ${received} bytes: ${words}`,
    discreet(error),
  );
}
