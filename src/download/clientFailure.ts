/*
 * From what the HTTP client throws to what a downloader can act on.
 *
 * Worth another try is what may be otherwise the next time: connections, timeouts, bodies that were
 * cut. A name that is not found, a certificate that is refused, a URL that is none will be the same.
 */
import {
  ClientConnectionError,
  DnsError,
  FingerprintMismatchError,
  ProxyConnectionError,
  TlsError,
} from "../http/connectionErrors.ts";
import { ClientError, ClientTimeoutError, InvalidUrlError } from "../http/errors.ts";
import { ClientPayloadError } from "../http/payloadErrors.ts";
import { RedirectUrlError, TooManyRedirectsError } from "../http/redirectErrors.ts";
import { ClientResponseError, ProxyError } from "../http/responseErrors.ts";
import { Failure, type Remedy } from "./failure.ts";
import type { DownloadErrorKind } from "./result.ts";
import { isTransient } from "./status.ts";

/** Codes of OpenSSL and Node for a certificate or a handshake that was refused. */
const TLS =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/;

/** What is thrown on is no failure of the request's: a mistake of the program's. @internal */
export function clientFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof ClientError)) throw error;
  const [kind, remedy] = verdict(error);
  return new Failure(kind, error.message, remedy, null, error);
}

function verdict(error: ClientError): readonly [DownloadErrorKind, Remedy] {
  if (error instanceof ClientTimeoutError) return ["timeout", "again"];
  if (error instanceof ClientConnectionError) return connection(error);
  if (error instanceof ClientPayloadError) return ["body", "again"];
  if (error instanceof TooManyRedirectsError) return ["redirect", "none"];
  if (error instanceof RedirectUrlError) return ["redirect", "none"];
  if (error instanceof InvalidUrlError) return ["url", "none"];
  if (error instanceof ProxyError) return ["proxy", "none"];
  if (error instanceof ClientResponseError)
    return ["http", isTransient(error.status) ? "again" : "none"];
  return ["other", "none"];
}

function connection(error: ClientConnectionError): readonly [DownloadErrorKind, Remedy] {
  const { code = "" } = error;
  if (code === "ENOTFOUND") return ["dns", "none"];
  if (error instanceof DnsError || code === "EAI_AGAIN") return ["dns", "again"];
  if (error instanceof FingerprintMismatchError) return ["tls", "none"];
  if (error instanceof TlsError || TLS.test(code)) return ["tls", "none"];
  if (error instanceof ProxyConnectionError) return ["proxy", "again"];
  return ["connect", "again"];
}
