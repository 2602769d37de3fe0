/**
 * Sends a request through middlewares to a handler, in memory over a FakeExchange, as the application does: in a task of its
 * own, and what is thrown becomes an error page.
 */
import { createTask } from "ambit";
import { type AppContext, errorReply, type Middleware, type ServerRequest } from "ambit/web";
import { toReply } from "../../src/web/answer.ts";
import type { AnyHandler, AnyMiddleware } from "../../src/web/handler.ts";
import { compose } from "../../src/web/pipeline.ts";
import { sendReply } from "../../src/web/sendReply.ts";
import { type FakeExchange, fakeApp, type FakeInit, fakeRequest } from "./fakeExchange.ts";

/** What was answered. */
export interface Passage {
  readonly status: number;
  readonly text: string;
  readonly request: ServerRequest;
  /** What left the outermost middleware as an error. */
  readonly thrown: unknown;
  header(name: string): string | null;
  /** Each value of that name. */
  headers(name: string): string[];
}

export interface ThroughInit extends FakeInit {
  readonly app?: Partial<AppContext<never>>;
}

type Around = Middleware<never> | Middleware | readonly (Middleware<never> | Middleware)[];

export async function through(
  around: Around,
  init: ThroughInit = {},
  handler: (request: ServerRequest<Record<string, string>, never>) => unknown = () => "fine",
): Promise<Passage> {
  const request = fakeRequest(init, fakeApp<never>(init.app));
  const task = createTask(() => passage(request, around, handler));
  request.ownTask = task;
  return task;
}

async function passage(
  request: ServerRequest,
  around: Around,
  handler: (request: ServerRequest<Record<string, string>, never>) => unknown,
): Promise<Passage> {
  const pipeline = compose([around].flat() as AnyMiddleware[], handler as AnyHandler);
  let thrown: unknown = undefined;
  let reply;
  try {
    reply = toReply(await pipeline(request));
  } catch (error) {
    thrown = error;
    reply = errorReply(error, request, { debug: false });
  }
  await sendReply(request, reply);
  const exchange = request.exchange as FakeExchange;
  const { status, text } = exchange;
  const headers = (name: string): string[] => valuesOf(exchange.headers, name);
  return { status, text, request, thrown, headers, header: (name) => exchange.header(name) };
}

function valuesOf(flat: readonly string[], name: string): string[] {
  return flat.filter((_, at) => at % 2 === 1 && flat[at - 1]?.toLowerCase() === name.toLowerCase());
}
