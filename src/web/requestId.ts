/*
 * requestId: a name for each request, in the answer, in the log and in what goes on to other services.
 */
import { randomUUID } from "node:crypto";
import { expectFunction, wrongType } from "../core/arguments.ts";
import type { Middleware } from "./handler.ts";
import type { ServerRequest } from "./request.ts";

/** Where ids come from. */
export interface RequestIdOptions {
  /** The header that it comes and goes in. Default `X-Request-Id`. */
  readonly header?: string;
  /** Makes one. Default: a random UUID. */
  readonly make?: (request: ServerRequest) => string;
  /** Whether the id that a request brings is taken over. Default: when it came through a trusted proxy. */
  readonly accept?: (request: ServerRequest) => boolean;
}

/** What `requestId` adds to `request.state`. */
export interface RequestIdState {
  readonly requestId: string;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What can stand in a log, a header and a query as it is. */
const VALID = /^[\w.:=@+/-]{1,128}$/;

/**
 * Gives each request an id, as `request.state.requestId` and in the answer. One that a trusted proxy has given it is kept,
 * when it is of at most 128 letters, digits and `._:=@+/-`.
 *
 * @throws TypeError when an option is none
 */
export function requestId(options: RequestIdOptions = {}): Middleware<RequestIdState> {
  const { header = "x-request-id", make = fresh, accept = viaProxy } = options;
  if (typeof header !== "string" || !TOKEN.test(header))
    throw wrongType("options.header", "the name of a header", header);
  expectFunction("options.make", make);
  expectFunction("options.accept", accept);
  return (request, next) => {
    const whole = request as ServerRequest;
    const given = request.headers.get(header);
    const kept = given !== null && VALID.test(given) && accept(whole) ? given : null;
    const id = kept ?? make(whole);
    request.replyHeaders.set(header, id);
    return next({ requestId: id });
  };
}

function fresh(): string {
  return randomUUID();
}

function viaProxy(request: ServerRequest): boolean {
  return request.viaProxy;
}
