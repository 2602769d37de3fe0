/*
 * What a request may have of its own.
 */
import type { NamedValues } from "./namedValues.ts";
import type { AuthInput } from "./auth.ts";
import type { BodyOptions } from "./bodyOptions.ts";
import type { CookiesInput } from "./cookies.ts";
import type { HeadersInput } from "./headers.ts";
import type { CommonOptions } from "./sessionOptions.ts";

/** What a request may have of its own, in place of what the session says or in addition to it. */
export interface RequestOptions extends CommonOptions, BodyOptions {
  /** Headers of this request; they win over those of the session. */
  readonly headers?: HeadersInput;
  /** Added to the query of the URL. */
  readonly params?: NamedValues;
  /** Sent beside those of the jar, or in place of those of their name; not kept. */
  readonly cookies?: CookiesInput;
  /** Who this request is from, in place of what the session says; null for nobody. */
  readonly auth?: AuthInput | null;
  /**
   * Sends the body only when the server says that it wants it (`Expect: 100-continue`), or has said
   * nothing for so many milliseconds; true for 1000. An answer that comes instead, such as a 401,
   * spares the body. Over HTTP/1.1; over HTTP/2 the body is sent at once. Default false.
   */
  readonly expectContinue?: boolean | number;
  /** What `createContext` of a trace gets. */
  readonly traceContext?: unknown;
  /**
   * Aborting it ends the request, which fails with the signal's reason. Not needed to cancel a
   * task.
   */
  readonly signal?: AbortSignal;
}

/** @internal */
export const NO_OPTIONS: RequestOptions = {};
