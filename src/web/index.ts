/*
 * `ambit/web`: a web framework in which every request is a task.
 */
export { type RequestEvent } from "./diagnostics.ts";
export { accessLog, type AccessLogFormat, type AccessLogOptions } from "./accessLog.ts";
export { type AnswerListener, type AnswerOutcome, type AnswerRecord } from "./answerRecord.ts";
export { type AppContext, type BackgroundOptions } from "./appContext.ts";
export { Application, type ApplicationOptions } from "./application.ts";
export { type SignalContext, type SignalHandler } from "./appSignals.ts";
export {
  basicAuth,
  type BasicAuthOptions,
  type BasicUsersOptions,
  type PasswordCheck,
  type UserState,
} from "./basicAuth.ts";
export {
  bearerAuth,
  type BearerAuthOptions,
  InsufficientScope,
  InvalidToken,
  type TokenCheck,
} from "./bearerAuth.ts";
export { Blueprint } from "./blueprint.ts";
export { type CacheInput, type CacheOptions } from "./cacheControl.ts";
export { compress, type CompressOptions } from "./compress.ts";
export { type Coding } from "./compressedExchange.ts";
export { concurrencyLimit, type ConcurrencyLimitOptions } from "./concurrencyLimit.ts";
export { conditional, type Validators } from "./conditions.ts";
export { type CspDirectives, NONCE } from "./contentSecurityPolicy.ts";
export { RequestCookies } from "./cookies.ts";
export { cors, type CorsOptions } from "./cors.ts";
export { type CorsOriginFunction, type CorsOrigins } from "./corsOrigins.ts";
export { csrf, type CsrfOptions } from "./csrf.ts";
export { contentDisposition } from "./disposition.ts";
export { errorReply, type ErrorReplyOptions } from "./errorPage.ts";
export { ClientDisconnected } from "./errors.ts";
export { escapeHtml } from "./escapeHtml.ts";
export { type FileVersion } from "./etag.ts";
export { eventStream, type EventSourceItems, type EventStreamOptions } from "./eventStream.ts";
export { type Exchange, type Incoming, type Peer, type Upgrade } from "./exchange.ts";
export { file, type FileOptions, type FileVersionOptions } from "./file.ts";
export { type Dotfiles } from "./fileRoot.ts";
export { Form, type FormValue } from "./form.ts";
export { type FormOptions } from "./formOptions.ts";
export { type ForwardedElement, parseForwarded } from "./forwarded.ts";
export {
  type Answer,
  type ErrorClass,
  type ExceptionHandler,
  type Handler,
  type Middleware,
  type Next,
  type Passed,
} from "./handler.ts";
export { type HealthOptions } from "./health.ts";
export {
  BadRequest,
  Conflict,
  Forbidden,
  GatewayTimeout,
  Gone,
  HttpError,
  type HttpErrorOptions,
  MethodNotAllowed,
  NotAcceptable,
  NotFound,
  PayloadTooLarge,
  PreconditionFailed,
  RangeNotSatisfiable,
  RequestTimeout,
  ServiceUnavailable,
  TooManyRequests,
  Unauthorized,
  UnprocessableContent,
  UnsupportedMediaType,
} from "./httpError.ts";
export { type JsonSchema, type SchemaSide, type ToJsonSchema } from "./jsonSchemas.ts";
export { type CleanupContext, type LifecycleListener } from "./lifecycle.ts";
export { MethodView, type ViewFor, type ViewMethod } from "./methodView.ts";
export { Metrics, type MetricsOptions } from "./metrics.ts";
export { accepts, acceptsLanguage, type Negotiable } from "./negotiation.ts";
export { type Documented, openApi, type OpenApiOptions } from "./openApi.ts";
export {
  type OpenApiContent,
  type OpenApiDocument,
  type OpenApiOperation,
  type OpenApiParameter,
  type OpenApiPathItem,
  type OpenApiResponse,
  type OpenApiServer,
} from "./openApiDocument.ts";
export { serveOpenApi, type ServeOpenApiOptions } from "./openApiRoutes.ts";
export { FileChangedError } from "./openFile.ts";
export { type ParameterType } from "./parameters.ts";
export { type Part } from "./part.ts";
export { type BuiltInParameters, type PathParams } from "./pathTypes.ts";
export { type Placement } from "./placement.ts";
export { type FileCoding } from "./precompressed.ts";
export {
  type ForwardedPart,
  type ProxyOptions,
  ProxyTrust,
  type TrustedProxies,
  type TrustFunction,
  type TrustProxy,
} from "./proxyTrust.ts";
export { rateLimit, type RateLimitOptions } from "./rateLimit.ts";
export {
  MemoryRateLimitStore,
  type MemoryRateLimitStoreOptions,
  type RateLimitRule,
  type RateLimitStore,
  type RateLimitVerdict,
} from "./rateLimitStore.ts";
export { empty, html, json, raw, redirect, text } from "./replies.ts";
export { Reply, type ReplyInit } from "./reply.ts";
export { type FittedReply, type FittedRequest, ReplyBody } from "./replyBody.ts";
export { type HeadersInput, ReplyHeaders } from "./replyHeaders.ts";
export { type MatchedRoute, ServerRequest } from "./request.ts";
export { type RequestBody } from "./requestBody.ts";
export { type RequestHeaders } from "./requestHeaders.ts";
export { requestId, type RequestIdOptions, type RequestIdState } from "./requestId.ts";
export { type RouteDefaults } from "./routeDefaults.ts";
export { type OnDisconnect, type RouteOptions } from "./routeOptions.ts";
export { type Registrable, Routes } from "./routes.ts";
export { RunningApplication } from "./runningApplication.ts";
export { safeEqual } from "./safeEqual.ts";
export { safeFilename } from "./safeFilename.ts";
export {
  type RouteSchemas,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
  type Valid,
} from "./schemas.ts";
export { Sealer } from "./sealing.ts";
export { type SecretKeys } from "./secretKeys.ts";
export {
  type HstsOptions,
  type NonceState,
  securityHeaders,
  type SecurityHeadersOptions,
} from "./securityHeaders.ts";
export { type ServerOptions, type TlsKeys } from "./serverOptions.ts";
export { type ServerSentEvent } from "./serverSentEvent.ts";
export {
  ServerTiming,
  serverTiming,
  type ServerTimingOptions,
  type TimingState,
} from "./serverTiming.ts";
export { type Session } from "./session.ts";
export {
  type CookieSessionOptions,
  sessions,
  type SessionSettings,
  type SessionState,
  type StoreSessionOptions,
} from "./sessions.ts";
export {
  MemorySessionStore,
  type MemorySessionStoreOptions,
  type SessionStore,
} from "./sessionStore.ts";
export {
  type CookieOptions,
  type CookieRequest,
  type CookieScope,
  deleteCookie,
  setCookie,
} from "./setCookie.ts";
export { Signer, type SignerOptions } from "./signing.ts";
export { staticFiles, type StaticOptions } from "./staticFiles.ts";
export { stream, type StreamInit, type StreamWriter } from "./streamReply.ts";
export { type SaveOptions, Upload } from "./upload.ts";
export { validate } from "./validation.ts";
export { ValidationError, type ValidationIssue } from "./validationError.ts";
export { type DrainOptions } from "./drainOptions.ts";
export { webSocket, type WebSocketHandler } from "./webSocket.ts";
export { BadMessage, ConnectionClosed } from "./webSocketErrors.ts";
export { type WebSocketMessage } from "../webSockets/inbox.ts";
export { type WebSocketCompression, type WebSocketOptions } from "./webSocketOptions.ts";
export { type WebSocketOrigins } from "./webSocketOrigin.ts";
export { type WebSocketSendOptions } from "../webSockets/outbox.ts";
export { type WebSocketStatistics as ServerWebSocketStatistics } from "../webSockets/statistics.ts";
export { ServerWebSocket } from "./webSocketServer.ts";
export { type CountedApplication, sharedCounters, SharedCounters } from "./sharedCounters.ts";
export { statusPage, type StatusPageOptions } from "./statusPage.ts";
export { type CounterTotal, type StatusReport } from "./statusReport.ts";
export {
  type ServeOrder,
  type WorkerCounters,
  type WorkerReport,
  type WorkerState,
} from "./workerLink.ts";
