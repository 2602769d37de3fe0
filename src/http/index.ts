/*
 * `ambit/http`: an HTTP client in aiohttp's shape, on undici.
 */
export {
  CertificateError,
  ClientConnectionError,
  ConnectionResetByServerError,
  ConnectorError,
  DnsError,
  FingerprintMismatchError,
  ProxyConnectionError,
  ServerDisconnectedError,
  TlsError,
  UnixSocketError,
} from "./connectionErrors.ts";
export { ClientError, ClientTimeoutError, InvalidUrlError, SessionClosedError } from "./errors.ts";
export { BodyTooLargeError, ClientPayloadError, ContentDecodingError } from "./payloadErrors.ts";
export { RedirectUrlError, TooManyRedirectsError } from "./redirectErrors.ts";
export {
  ClientResponseError,
  ContentTypeError,
  ProxyError,
  WebSocketHandshakeError,
} from "./responseErrors.ts";
export { type HeaderRecord, type HeadersInput } from "./headers.ts";
export { ClientResponse } from "./response.ts";
export { type ResponseBody } from "./responseBody.ts";
export { type BodyOptions } from "./bodyOptions.ts";
export { type RequestBody } from "./requestBody.ts";
export { RequestBodyError } from "./requestBodyError.ts";
export { type BodySource } from "./bodySource.ts";
export { type AuthInput } from "./auth.ts";
export { basicAuth, type BasicCredentials } from "./basicAuth.ts";
export { bearerAuth } from "./bearerAuth.ts";
export { type Auth } from "./fixedAuth.ts";
export { Netrc } from "./netrc.ts";
export { type NetrcEntry } from "./netrcEntries.ts";
export { ClientRequest } from "./clientRequest.ts";
export { Cookie } from "./cookie.ts";
export { CookieJar, type CookieJarOptions, type CookieJarSaveOptions } from "./cookieJar.ts";
export { type CookieFileFormat } from "./cookieJarFile.ts";
export { type AbstractCookieJar, type CookiesInput, DummyCookieJar } from "./cookies.ts";
export { type Middleware, type Next } from "./middleware.ts";
export { type RequestOptions } from "./requestOptions.ts";
export { RetryBudget, type RetryBudgetOptions } from "./retryBudget.ts";
export {
  type FailedAttempt,
  type Retry,
  type RetryInput,
  type RetryOptions,
  RetryPolicy,
} from "./retryPolicy.ts";
export { ClientSession } from "./session.ts";
export { type CommonOptions, type RaiseForStatus, type SessionOptions } from "./sessionOptions.ts";
export { type ParamsInput } from "./target.ts";
export { type ClientTimeout, type TimeoutKind } from "./timeouts.ts";
export {
  type AnyTraceConfig,
  type TraceChunk,
  type TraceConfig,
  type TraceConnection,
  type TraceException,
  type TraceHost,
  type TraceRequest,
  type TraceResponse,
} from "./tracing.ts";
export { type Transport, type TransportResponse } from "./transport.ts";
export { ClientWebSocket, type SendOptions, type WebSocketStatistics } from "./webSocket.ts";
export { WebSocketClosedError } from "./webSocketErrors.ts";
export { type WebSocketMessage } from "./webSocketInbox.ts";
export { type WebSocketOptions } from "./webSocketOptions.ts";
export { Connector, type ConnectorStatistics, type HostStatistics } from "./connector.ts";
export { type ConnectorOptions, type DnsCacheOptions } from "./connectorOptions.ts";
export { type Lookup } from "./dnsCache.ts";
export { type ProxyInput, type ProxyOptions } from "./proxyTarget.ts";
export { type TlsOptions } from "./tlsOptions.ts";
export { type FingerprintInput } from "./tlsPins.ts";
