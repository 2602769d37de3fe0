/*
 * Pipeline: a route's middlewares around its handler, and what answers its exceptions.
 *
 * Strategy: composed once, when the application is compiled. A route without middlewares is its handler; with them each
 * costs one closure and one promise a request. What is thrown goes up through the middlewares as it is. A handler that
 * answers at once is answered at once through every middleware that returns what `next()` gave: nobody waits for a promise
 * whose outcome is known.
 */
import type { Answer, AnyHandler, AnyMiddleware, ExceptionRule } from "./handler.ts";
import { toReply } from "./answer.ts";
import { Reply } from "./reply.ts";
import type { ServerRequest } from "./request.ts";

/** Answers a request, all around included. @internal */
export type Pipeline = (request: ServerRequest) => Answer | PromiseLike<Answer>;

/** @internal */
export function compose(middlewares: readonly AnyMiddleware[], handler: AnyHandler): Pipeline {
  return middlewares.reduceRight<Pipeline>(around, handler as Pipeline);
}

function around(inner: Pipeline, middleware: AnyMiddleware): Pipeline {
  return (request) => {
    let given: Promise<Reply> | null = null;
    let reply: Reply | null = null;
    const next = (added?: object): Promise<Reply> => {
      if (added !== undefined) Object.assign(request.state, added);
      const found = replyOf(inner, request);
      reply = found instanceof Reply ? found : null;
      given = found instanceof Reply ? Promise.resolve(found) : found;
      return given;
    };
    const answer = middleware(request as never, next);
    return reply !== null && answer === given ? reply : answer;
  };
}

/** At once where the answer is there at once. What the handler throws at once is thrown by `await next()` too. */
function replyOf(inner: Pipeline, request: ServerRequest): Reply | Promise<Reply> {
  try {
    const answer = inner(request);
    return isThenable(answer) ? laterReply(answer) : toReply(answer);
  } catch (error) {
    // oxlint-disable-next-line prefer-promise-reject-errors -- As it is: it need not be an Error.
    return Promise.reject(error);
  }
}

async function laterReply(answer: PromiseLike<Answer>): Promise<Reply> {
  return toReply(await answer);
}

/** @internal */
export function isThenable(answer: Answer | PromiseLike<Answer>): answer is PromiseLike<Answer> {
  return (
    typeof answer === "object" &&
    answer !== null &&
    typeof (answer as { then?: unknown }).then === "function"
  );
}

/** The rule for an error: of the innermost that know it, the first. @internal */
export function ruleFor(
  rules: readonly ExceptionRule[],
  error: unknown,
): ExceptionRule | undefined {
  return rules.find(({ type }) => error instanceof type);
}
