/*
 * Handlers and middlewares: what a program gives the framework, and how its types flow.
 *
 * Strategy: a request's class has four type parameters: what the path holds (`Params`), what middlewares have added
 * (`State`), the application's state (`App`) and what was validated (`Valid`). A middleware adds to the state by what it
 * hands to `next`; its return type carries what that was (`Passed`), from which `use` infers it.
 */
import type { Reply } from "./reply.ts";
import type { ServerRequest } from "./request.ts";

/**
 * What a handler may return: text, bytes, an object (sent as JSON), a WHATWG `Response`, a `Reply`, a stream or an
 * async iterable of text or bytes, which is sent piece by piece.
 */
export type Answer =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | ArrayBuffer
  | Response
  | Reply
  | ReadableStream<Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | NoPromise;

/** Any object but a promise, which is looked into: one of nothing is no answer. */
type NoPromise = object & { readonly then?: undefined };

/** Answers a request, in a task of its own. */
export type Handler<Params = object, State = object, App = object, Valid = object> = (
  request: ServerRequest<Params, State, App, Valid>,
) => Answer | PromiseLike<Answer>;

/** Any handler, whatever its types. @internal */
export type AnyHandler = (
  request: ServerRequest<never, never, never, never>,
) => Answer | PromiseLike<Answer>;

declare const added: unique symbol;

/** An answer that came through `next`, with the type of what was handed on. */
export interface Passed<Added> extends Reply {
  /** Only a type: never there. */
  readonly [added]?: Added;
}

/**
 * Goes on to the next middleware, or to the handler; gives its answer. `added` becomes part of `request.state`.
 *
 * **Cancellation:** runs in the request's task: a cancel reaches what is behind it.
 *
 * @throws what they throw: an error page is made of it only when it has left every middleware
 */
export type Next = <Added extends object = object>(added?: Added) => Promise<Passed<Added>>;

/** Code around handlers: sees the request before them, and the answer or the error after them. */
export type Middleware<Added extends object = object, State = object, App = object> = (
  request: ServerRequest<Record<string, unknown>, State, App>,
  next: Next,
) => Promise<Passed<Added> | Reply> | Passed<Added> | Reply;

/** Any middleware, whatever its types. @internal */
export type AnyMiddleware = (
  request: ServerRequest<never, never, never, never>,
  next: Next,
) => Promise<Reply> | Reply;

/** Answers what a handler threw. */
export type ExceptionHandler<E = unknown, State = object, App = object> = (
  error: E,
  request: ServerRequest<Record<string, unknown>, State, App>,
) => Answer | PromiseLike<Answer>;

/** A class of errors. */
export type ErrorClass<E = unknown> = abstract new (...args: never[]) => E;

/** Which errors a handler of exceptions is for. @internal */
export interface ExceptionRule {
  readonly type: ErrorClass;
  readonly handle: (
    error: never,
    request: ServerRequest<never, never, never, never>,
  ) => Answer | PromiseLike<Answer>;
}
