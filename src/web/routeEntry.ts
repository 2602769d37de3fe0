/*
 * RouteEntry: one handler with its place and all that lies around it.
 *
 * A blueprint and an application collect them (`routes.ts`); the application puts them into its router when it starts.
 */
import type { AnyHandler, AnyMiddleware, ExceptionRule } from "./handler.ts";
import type { CustomTypes } from "./parameters.ts";
import type { RouteOptions } from "./routeOptions.ts";

/** A route as it was written down, with all that lies around it. @internal */
export interface RouteEntry {
  /** In capitals; `*` for every method. */
  readonly method: string;
  /** The whole path, prefixes included: `/v1/users/:id<int>`. */
  readonly path: string;
  /** The host that it is for: `api.example.com`, `*.example.com`; null for all. */
  readonly host: string | null;
  readonly options: RouteOptions;
  /** Types of parameters that are the program's own. */
  readonly types?: CustomTypes;
  readonly handler: AnyHandler;
  /** Outermost first. */
  readonly middlewares: readonly AnyMiddleware[];
  /** Innermost first. */
  readonly exceptions: readonly ExceptionRule[];
}
