/*
 * Errors of the connection: none was made, or it broke before the answer came.
 */
import { ClientError, type Subject } from "./errors.ts";

/**
 * No connection was made, or it ended before the answer came: refused, reset, host not found, not
 * HTTP (`aiohttp.ClientConnectionError`).
 */
export class ClientConnectionError extends ClientError {
  override readonly name: string = "ClientConnectionError";
  /** The code of the cause, such as `ECONNREFUSED`; undefined when it has none. */
  readonly code: string | undefined;

  /** @internal */
  constructor(subject: Subject, words: string, cause?: unknown) {
    super(subject, words, cause);
    this.code = (cause as NodeJS.ErrnoException | undefined)?.code;
  }
}

/** The server closed the connection before it answered. */
export class ServerDisconnectedError extends ClientConnectionError {
  override readonly name: string = "ServerDisconnectedError";
}

/** The server, or something on the way to it, reset the connection before it answered. */
export class ConnectionResetByServerError extends ServerDisconnectedError {
  override readonly name = "ConnectionResetByServerError";
}

/** No connection was made (`aiohttp.ClientConnectorError`): refused, unreachable, no such host. */
export class ConnectorError extends ClientConnectionError {
  override readonly name: string = "ConnectorError";
}

/** The host's name was not found, or could not be looked up. */
export class DnsError extends ConnectorError {
  override readonly name = "DnsError";
}

/** No connection to the proxy was made, or the proxy made none to the server. */
export class ProxyConnectionError extends ConnectorError {
  override readonly name = "ProxyConnectionError";
}

/** No connection to a Unix socket was made. */
export class UnixSocketError extends ConnectorError {
  override readonly name = "UnixSocketError";
}

/** The server does not speak TLS as it was asked to. */
export class TlsError extends ConnectorError {
  override readonly name: string = "TlsError";
}

/** The server's certificate was not accepted: expired, for another host, of nobody known. */
export class CertificateError extends TlsError {
  override readonly name = "CertificateError";
}

/** The server's certificate is not the one that was pinned. */
export class FingerprintMismatchError extends TlsError {
  override readonly name = "FingerprintMismatchError";
  /** The host that showed it. */
  readonly host: string;
  /** The fingerprints that would have done: SHA-256, in capitals with colons. */
  readonly expected: readonly string[];
  /** The one of the certificate that came; empty when none came. */
  readonly actual: string;

  /** @internal */
  constructor(subject: Subject, host: string, expected: readonly string[], actual: string) {
    const shown = actual === "" ? "no certificate" : actual;
    super(
      subject,
      `the certificate of ${host} is not the pinned one: expected ${expected.join(" or ")}, got ${shown}`,
    );
    this.host = host;
    this.expected = expected;
    this.actual = actual;
  }
}
