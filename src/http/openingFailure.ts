/*
 * Why a connection could not be opened, step by step: the words and the class for each.
 *
 * The same code means different things by step: ECONNREFUSED of a proxy is not that of a server, and
 * a reset during the TLS handshake is not one after it.
 */
import {
  CertificateError,
  ConnectorError,
  DnsError,
  FingerprintMismatchError,
  ProxyConnectionError,
  TlsError,
  UnixSocketError,
} from "./connectionErrors.ts";
import { ClientTimeoutError } from "./errors.ts";
import { isCertificateFailure, wordsOf } from "./failure.ts";
import { OpeningError } from "./openingError.ts";
import { TunnelRefusal } from "./proxyTunnel.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import { ProxyError } from "./responseErrors.ts";
import { PinMismatch } from "./tlsSocket.ts";

type Failure = NodeJS.ErrnoException;

/** A name was not found. @internal */
export function lookupFailed(host: string, error: Failure): OpeningError {
  const words =
    error.code === "ENOTFOUND" ? `host not found: ${host}` : `${host}: ${wordsOf(error)}`;
  return new OpeningError(words, (subject) => new DnsError(subject, words, error), error);
}

/** No TCP connection to the server. @internal */
export function dialFailed(error: Failure): OpeningError {
  const words = wordsOf(error);
  return new OpeningError(words, (subject) => new ConnectorError(subject, words, error), error);
}

/** No connection to a Unix socket. @internal */
export function unixFailed(path: string, error: Failure): OpeningError {
  const known: Readonly<Record<string, string>> = {
    ENOENT: "there is no such socket",
    ENOTSOCK: "it is no socket",
    EACCES: "connecting is not allowed",
  };
  const words = `${path}: ${known[error.code ?? ""] ?? wordsOf(error)}`;
  return new OpeningError(words, (subject) => new UnixSocketError(subject, words, error), error);
}

/** No connection to the proxy, or none through it. @internal */
export function proxyFailed({ shown }: ProxyTarget, error: Failure): OpeningError {
  if (error instanceof TunnelRefusal) {
    const { status, statusText, message } = error;
    return new OpeningError(message, (subject) => new ProxyError(subject, status, statusText));
  }
  const words = `the proxy ${shown}: ${isCertificateFailure(error) ? certificateWords(error) : wordsOf(error)}`;
  return new OpeningError(
    words,
    (subject) => new ProxyConnectionError(subject, words, error),
    error,
  );
}

/** The TLS handshake with the server failed. @internal */
export function tlsFailed(host: string, error: Failure): OpeningError {
  if (error instanceof PinMismatch) {
    const { expected, actual, message } = error;
    return new OpeningError(
      message,
      (subject) => new FingerprintMismatchError(subject, host, expected, actual),
    );
  }
  if (isCertificateFailure(error)) {
    const words = certificateWords(error);
    return new OpeningError(words, (subject) => new CertificateError(subject, words, error), error);
  }
  const words = tlsWords(error);
  return new OpeningError(words, (subject) => new TlsError(subject, words, error), error);
}

/** It took longer than `patience` milliseconds. @internal */
export function openingTimedOut(patience: number): OpeningError {
  return new OpeningError(
    "timed out",
    (subject) => new ClientTimeoutError(subject, "socketConnect", patience),
  );
}

const CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  CERT_REVOKED: "its certificate was revoked",
  CERT_UNTRUSTED: "its certificate is not trusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is signed by itself",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is signed by an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "the authority that signed its certificate is not known",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the authority that signed its certificate is not known",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the authority that signed its certificate is not known",
};

function certificateWords(error: Failure): string {
  if (error.code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const { reason } = error as Failure & { reason?: string };
    return `its certificate is for another host${reason === undefined ? "" : `: ${reason}`}`;
  }
  return CERTIFICATE_WORDS[error.code ?? ""] ?? `its certificate is refused: ${error.message}`;
}

function tlsWords(error: Failure): string {
  switch (error.code) {
    case "ECONNRESET":
    case "EPIPE":
      return "the server closed the connection in the TLS handshake";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
      return "the server does not speak TLS";
    default:
      return wordsOf(error);
  }
}
