/*
 * `ambit/http`: an HTTP client in aiohttp's shape, on undici.
 */
export { type ClientRequestEvent, type ClientRequestOutcome } from "./diagnostics.ts";
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
export { type ContentDisposition } from "./contentDisposition.ts";
export { type ContentType } from "./contentType.ts";
export { type Link, type Links } from "./links.ts";
export { type FallbackCharset, type ReadingOptions } from "./readingRules.ts";
export { ClientResponse, type JsonOptions, type TextOptions } from "./response.ts";
export { type ResponseBody } from "./responseBody.ts";
export { type ResponseReader, type ResponseReaderOptions } from "./responseReader.ts";
export { type BodyInput } from "./bodyInput.ts";
export { type BodyOptions } from "./bodyOptions.ts";
export { type Compression } from "./compressedBody.ts";
export { FileBody, fileBody, type FileBodyOptions } from "./fileBody.ts";
export { type JsonSerializer } from "./jsonBody.ts";
export { Multipart, type MultipartOptions } from "./multipart.ts";
export { type PartOptions } from "./multipartHead.ts";
export { type NamedValue, type NamedValues } from "./namedValues.ts";
export { RequestBodyError } from "./requestBodyError.ts";
export {
  type BodyChunk,
  type ChunkSource,
  streamBody,
  type StreamBodyOptions,
} from "./streamBody.ts";
export { type OnUpload, type UploadProgress } from "./uploadProgress.ts";
export { type RequestBody } from "./requestBody.ts";
export { type BodySource } from "./bodySource.ts";
export { type AuthInput } from "./auth.ts";
export { basicAuth, type BasicCredentials } from "./basicAuth.ts";
export { Cassette, type CassetteMode, type CassetteOptions } from "./cassette.ts";
export { CassetteError } from "./cassetteError.ts";
export {
  type RecordedBody,
  type RecordedExchange,
  type RecordedRequest,
  type RecordedResponse,
} from "./cassetteFile.ts";
export { type CassetteMatch, type CassettePart } from "./cassetteMatch.ts";
export { bearerAuth } from "./bearerAuth.ts";
export { digestAuth, type DigestOptions } from "./digestAuth.ts";
export { type Auth } from "./fixedAuth.ts";
export { MockError } from "./mockError.ts";
export { type MockConditions, type TextMatch, type UrlMatch } from "./mockPattern.ts";
export { type MockBody, type MockHandler, type MockReply } from "./mockReply.ts";
export { MockRequest } from "./mockRequest.ts";
export { MockRoute } from "./mockRoute.ts";
export { MockTransport } from "./mockTransport.ts";
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
export { ClientWebSocket } from "./webSocket.ts";
export { type WebSocketSendOptions as SendOptions } from "../webSockets/outbox.ts";
export { type WebSocketStatistics } from "../webSockets/statistics.ts";
export { WebSocketClosedError } from "./webSocketErrors.ts";
export { type WebSocketMessage } from "../webSockets/inbox.ts";
export { type WebSocketOptions } from "./webSocketOptions.ts";
export { Connector, type ConnectorStatistics, type HostStatistics } from "./connector.ts";
export { type ConnectorOptions, type DnsCacheOptions } from "./connectorOptions.ts";
export { type Lookup } from "./dnsCache.ts";
export { type ProxyInput, type ProxyOptions } from "./proxyTarget.ts";
export { type TlsOptions } from "./tlsOptions.ts";
export { type FingerprintInput } from "./tlsPins.ts";
