/*
 * What a request may have of its own.
 */
import type { AuthInput } from "./auth.ts";
import type { BodyOptions } from "./bodyOptions.ts";
import type { CookiesInput } from "./cookies.ts";
import type { HeadersInput } from "./headers.ts";
import type { CommonOptions } from "./sessionOptions.ts";
import type { ParamsInput } from "./target.ts";

/** What a request may have of its own, in place of what the session says or in addition to it. */
export interface RequestOptions extends CommonOptions, BodyOptions {
  /** Headers of this request; they win over those of the session. */
  readonly headers?: HeadersInput;
  /** Added to the query of the URL. */
  readonly params?: ParamsInput;
  /** Sent beside those of the jar, or in place of those of their name; not kept. */
  readonly cookies?: CookiesInput;
  /** Who this request is from, in place of what the session says; null for nobody. */
  readonly auth?: AuthInput | null;
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
