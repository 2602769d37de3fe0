/*
 * Errors that are answers: thrown by a handler, they become a page or a JSON object with their status.
 *
 * Strategy: one class for all, and one for each status that programs tell apart, as aiohttp and Sanic have. The message
 * is shown to the visitor only for those that were thrown as an answer: an error of any other class tells him nothing.
 */
import { STATUS_CODES } from "node:http";
import { outOfRange } from "../core/arguments.ts";
import type { HeadersInput } from "./replyHeaders.ts";

/** More about an error that is an answer. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Headers of the answer. */
  readonly headers?: HeadersInput;
  /** More for the visitor: becomes part of a JSON answer. */
  readonly details?: unknown;
  /** Whether the visitor sees the message. Default: true below 500. */
  readonly expose?: boolean;
}

/**
 * An error that is an answer.
 *
 * @example
 * ```ts
 * import { HttpError } from "ambit/web";
 *
 * const error = new HttpError(418, "short and stout");
 * error.status; // => 418
 * ```
 */
export class HttpError extends Error {
  override name = "HttpError";
  /** From 400 to 599. */
  readonly status: number;
  readonly headers: HeadersInput | undefined;
  readonly details: unknown;
  readonly expose: boolean;

  /** @throws RangeError when `status` is no status of an error */
  constructor(status: number, message?: string, options: HttpErrorOptions = {}) {
    super(message ?? STATUS_CODES[status] ?? `status ${status}`, options);
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw outOfRange("status", "an integer from 400 to 599", status);
    this.status = status;
    this.headers = options.headers;
    this.details = options.details;
    this.expose = options.expose ?? status < 500;
  }
}

/** 400: the request makes no sense. */
export class BadRequest extends HttpError {
  override name = "BadRequest";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(400, message, options);
  }
}

/** 401: who are you? Carries the challenge as `WWW-Authenticate`. */
export class Unauthorized extends HttpError {
  override name = "Unauthorized";
  constructor(challenge: string, message?: string, options: HttpErrorOptions = {}) {
    super(401, message, { headers: { "www-authenticate": challenge }, ...options });
  }
}

/** 403: known, and not allowed. */
export class Forbidden extends HttpError {
  override name = "Forbidden";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(403, message, options);
  }
}

/** 404: there is no such thing. */
export class NotFound extends HttpError {
  override name = "NotFound";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(404, message, options);
  }
}

/** 405: not by this method; `allowed` are the ones that would do. */
export class MethodNotAllowed extends HttpError {
  override name = "MethodNotAllowed";
  readonly allowed: readonly string[];
  constructor(allowed: readonly string[], message?: string, options: HttpErrorOptions = {}) {
    super(405, message, { headers: { allow: allowed.join(", ") }, ...options });
    this.allowed = allowed;
  }
}

/** 406: in no form that the client accepts. */
export class NotAcceptable extends HttpError {
  override name = "NotAcceptable";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(406, message, options);
  }
}

/** 408: the request did not come in time. */
export class RequestTimeout extends HttpError {
  override name = "RequestTimeout";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(408, message, options);
  }
}

/** 409: not as things stand. */
export class Conflict extends HttpError {
  override name = "Conflict";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(409, message, options);
  }
}

/** 410: it was here, and won't come back. */
export class Gone extends HttpError {
  override name = "Gone";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(410, message, options);
  }
}

/** 412: a condition of the request does not hold. */
export class PreconditionFailed extends HttpError {
  override name = "PreconditionFailed";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(412, message, options);
  }
}

/** 413: the body is larger than `limit` bytes. */
export class PayloadTooLarge extends HttpError {
  override name = "PayloadTooLarge";
  readonly limit: number;
  constructor(
    limit: number,
    message = `the body is larger than ${limit} bytes`,
    options?: HttpErrorOptions,
  ) {
    super(413, message, options);
    this.limit = limit;
  }
}

/** 415: not in that media type. */
export class UnsupportedMediaType extends HttpError {
  override name = "UnsupportedMediaType";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(415, message, options);
  }
}

/** 416: there are no such bytes. */
export class RangeNotSatisfiable extends HttpError {
  override name = "RangeNotSatisfiable";
  constructor(size: number, message?: string, options: HttpErrorOptions = {}) {
    super(416, message, { headers: { "content-range": `bytes */${size}` }, ...options });
  }
}

/** 422: understood, and wrong. */
export class UnprocessableContent extends HttpError {
  override name = "UnprocessableContent";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(422, message, options);
  }
}

/** 429: too many; `retryAfterSeconds` becomes `Retry-After`. */
export class TooManyRequests extends HttpError {
  override name = "TooManyRequests";
  constructor(retryAfterSeconds: number, message?: string, options: HttpErrorOptions = {}) {
    super(429, message, {
      headers: { "retry-after": String(Math.ceil(retryAfterSeconds)) },
      ...options,
    });
  }
}

/** 503: not now. */
export class ServiceUnavailable extends HttpError {
  override name = "ServiceUnavailable";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(503, message, options);
  }
}

/** 504: what this waits for did not answer in time. */
export class GatewayTimeout extends HttpError {
  override name = "GatewayTimeout";
  constructor(message?: string, options?: HttpErrorOptions) {
    super(504, message, options);
  }
}
