/*
 * Middlewares: functions around every sending of a request.
 *
 * Strategy: the session's come first, then the request's, the last of them next to the network. They
 * are composed once per call of the session, not per hop. `next` may be called more than once: each
 * call is a sending of its own.
 */
import { expectFunction, wrongType } from "../core/arguments.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { ClientResponse } from "./response.ts";

/** Sends a request on to the next middleware, or to the network. */
export type Next = (request: ClientRequest) => Promise<ClientResponse>;

/**
 * Runs around every sending of a request: each redirect, each retry. It may change the request, call
 * `next` (also more than once, or not at all) and give another response.
 *
 * **Cancellation:** it runs in the requesting task: a cancel ends its waits, and passes through.
 */
export type Middleware = (request: ClientRequest, next: Next) => Promise<ClientResponse>;

/** @internal */
export const NO_MIDDLEWARES: readonly Middleware[] = [];

/** Checks middlewares from outside. @internal */
export function middlewaresOf(
  parameter: string,
  input: readonly Middleware[] | undefined,
): readonly Middleware[] {
  if (input === undefined) return NO_MIDDLEWARES;
  if (!Array.isArray(input)) throw wrongType(parameter, "an array of functions", input);
  for (const [index, middleware] of input.entries())
    expectFunction(`${parameter}[${index}]`, middleware);
  return [...input];
}

/** One function of all: the first of `middlewares` is the outermost. @internal */
export function composed(middlewares: readonly Middleware[], last: Next): Next {
  return middlewares.reduceRight<Next>(
    // Async, so that what a middleware throws at once is a rejection, too.
    (next, middleware) => async (request) => middleware(request, next),
    last,
  );
}
