/*
 * MethodView: a class whose methods answer the methods of HTTP (Sanic's HTTPMethodView, aiohttp's View).
 *
 * Strategy: each request gets an object of its own, so what it keeps in fields belongs to that request. A method that
 * the class does not have is answered as for any other path: HEAD by `get`, the rest by 405.
 */
import { wrongType } from "../core/arguments.ts";
import type { Answer, AnyHandler } from "./handler.ts";
import type { ServerRequest } from "./request.ts";

type ViewHandler = (
  request: ServerRequest<never, never, never, never>,
) => Answer | PromiseLike<Answer>;

/** The methods that a view may have. */
export type ViewMethod = "get" | "head" | "post" | "put" | "patch" | "delete" | "options";

const METHODS: readonly ViewMethod[] = [
  ...(["get", "head", "post", "put"] as const),
  ...(["patch", "delete", "options"] as const),
];

/**
 * Handlers of one path, as the methods of a class.
 *
 * @example
 * ```ts
 * import { Application, MethodView, type ServerRequest } from "ambit/web";
 *
 * class Greeting extends MethodView {
 *   get({ params }: ServerRequest<{ name: string }>) {
 *     return `Hello, ${params.name}`;
 *   }
 * }
 * const app = new Application().view("/hello/:name", Greeting);
 * const response = await app.fetch(new Request("http://localhost/hello/Ada"));
 * await response.text(); // => "Hello, Ada"
 * ```
 */
export abstract class MethodView {
  /** Only a type: never there. */
  declare readonly "~view": true;
}

/** The view, if its methods take such a request and answer it; else what is wrong. */
export type ViewFor<View, Request> = {
  [Name in keyof View]: Name extends ViewMethod ? Fitting<View[Name], Request> : View[Name];
};

type Fitting<Method, Request> = Method extends (request: infer Wanted) => infer Answered
  ? Request extends Wanted
    ? Answered extends Answer | PromiseLike<Answer>
      ? Method
      : "a method of a view has to answer"
    : "the path does not hold what the method wants of its request"
  : Method;

/**
 * A handler for each method that the class has.
 *
 * @throws TypeError when it's no class, or has none
 * @internal
 */
export function viewHandlers(view: new () => MethodView): [method: string, AnyHandler][] {
  const prototype = (typeof view === "function" ? view.prototype : undefined) as
    | Partial<Record<ViewMethod, unknown>>
    | undefined;
  const names = METHODS.filter((name) => typeof prototype?.[name] === "function");
  if (names.length === 0)
    throw wrongType("view", `a class with at least one of the methods ${METHODS.join(", ")}`, view);
  return names.map((name) => [
    name.toUpperCase(),
    (request) => {
      const own = new view();
      return (own as unknown as Record<ViewMethod, ViewHandler>)[name](request);
    },
  ]);
}
