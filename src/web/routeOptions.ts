/*
 * RouteOptions: how the requests of a route are treated, and what documents say of it.
 */
import type { RouteSchemas } from "./schemas.ts";

/** What becomes of a request whose client has left. */
export type OnDisconnect = "cancel" | "finish";

/** How the requests of a route are treated. What is left out is the application's. */
export interface RouteOptions extends RouteSchemas {
  /** For `urlFor`; unique in an application. */
  readonly name?: string;
  /** Whether `/a` and `/a/` are two things. Default false. */
  readonly strictSlashes?: boolean;
  /**
   * What happens when the client leaves before it's answered: `cancel` (default) throws a CancelledError out of what the
   * handler waits in; `finish` lets it go on, as a write must that is not to be left half done.
   */
  readonly onDisconnect?: OnDisconnect;
  /** The largest body of a request, in bytes; Infinity for no limit. Default 1 MiB. */
  readonly bodyLimit?: number;
  /** Whether compressed bodies are decoded (gzip, deflate, br), up to `bodyLimit`, or refused. Default: true. */
  readonly decompress?: boolean;
  /** How long the body of a request may take to come, in milliseconds; Infinity for no limit. Default 60,000. */
  readonly bodyTimeout?: number;
  /**
   * How long a handler may take until it answers, in milliseconds; Infinity for no limit. Past it the client gets a 503
   * and the handler is cancelled, with all that it has begun. Default 60,000.
   */
  readonly timeout?: number;
  /** The status of an answer that took too long: 503 (default), or 504 for a gateway. */
  readonly timeoutStatus?: 503 | 504;
  /** For the OpenAPI document. */
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
  /**
   * Which of the document's `security` schemes a client needs here, any one of them; `[]` for none, as where one logs in.
   * Default: any of the document's. It only tells: what lets nobody in is a middleware.
   */
  readonly security?: readonly string[];
  /** Leaves the route out of the OpenAPI document. */
  readonly hidden?: boolean;
}
