/*
 * Which pages may open a WebSocket.
 *
 * Strategy: a browser sends the user's cookies with a handshake from any page, and no preflight asks the server first, so
 * the server must look at `Origin` itself (RFC 6455, section 10.2). A client that sends no origin is no browser, and could send
 * any.
 */
import { wrongType } from "../core/arguments.ts";
import { expectOrigin, isOwnOrigin } from "./pageOrigin.ts";
import type { ServerRequest } from "./request.ts";

/** Which pages may open a WebSocket. */
export type WebSocketOrigins =
  | "any"
  | readonly string[]
  | ((origin: string | null, request: ServerRequest) => boolean | PromiseLike<boolean>);

/** Whether that page may. @internal */
export type OriginRule = (
  origin: string | null,
  request: ServerRequest,
) => boolean | PromiseLike<boolean>;

/** @internal */
export function originRule(origins: WebSocketOrigins | undefined): OriginRule {
  if (origins === undefined) return sameHost;
  if (origins === "any") return () => true;
  if (typeof origins === "function") return origins;
  const expected = '"any", a list of origins or a function';
  if (!Array.isArray(origins)) throw wrongType("options.origins", expected, origins);
  const allowed = new Set(origins.map((origin) => expectOrigin("options.origins", origin)));
  return (origin, request) =>
    sameHost(origin, request) || (origin !== null && allowed.has(origin.toLowerCase()));
}

function sameHost(origin: string | null, request: ServerRequest): boolean {
  return origin === null || isOwnOrigin(origin, request);
}
