/*
 * `ambit/http`: an HTTP client in aiohttp's shape, on undici.
 */
export {
  ClientConnectionError,
  ClientError,
  ClientPayloadError,
  ClientResponseError,
  ClientTimeoutError,
  InvalidUrlError,
  SessionClosedError,
} from "./errors.ts";
export { type HeadersInput } from "./headers.ts";
export { ClientResponse } from "./response.ts";
export { type ResponseBody } from "./responseBody.ts";
export {
  ClientSession,
  type ClientTimeout,
  type HostStatistics,
  type RequestOptions,
  type SessionOptions,
  type SessionStatistics,
} from "./session.ts";
export { type ParamsInput } from "./target.ts";
