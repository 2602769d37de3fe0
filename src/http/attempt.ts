/*
 * One attempt at a call: the hops of a request and its redirects, under one clock.
 *
 * Strategy: a loop sends a request through the middlewares, and goes on with the one that a redirect
 * asks for. The clock starts with the first sending; each hop gets what is left of it.
 */
import type { Call } from "./call.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { Connector } from "./connector.ts";
import { type HopContext, sendHop } from "./hop.ts";
import { composed, type Next } from "./middleware.ts";
import { TooManyRedirectsError } from "./redirectErrors.ts";
import { redirected } from "./redirects.ts";
import type { ClientResponse } from "./response.ts";
import type { TraceRun } from "./traceRun.ts";

/** @internal */
export class Attempt implements HopContext {
  readonly call: Call;
  readonly connector: Connector;
  /** From 1. */
  readonly number: number;
  readonly trace: TraceRun | null;
  /** The redirects that were followed, released. */
  readonly history: ClientResponse[] = [];
  /** When its time is up, on the loop's clock; 0 until it is sent. */
  deadline = 0;
  #left = false;
  readonly #send: Next;

  constructor(call: Call, connector: Connector, number: number, trace: TraceRun | null) {
    this.call = call;
    this.connector = connector;
    this.number = number;
    this.trace = trace;
    const send: Next = (request) => sendHop(this, request);
    this.#send = composed(call.middlewares, send);
  }

  isHome(origin: string): boolean {
    this.#left ||= origin !== this.call.origin;
    return !this.#left;
  }

  /** Sends the call; gives the response that is no redirect. */
  async run(): Promise<ClientResponse> {
    const { trace } = this;
    const request = this.call.request(this.number);
    trace?.requestStart(request);
    try {
      const response = await this.follow(request, await this.#send(request));
      trace?.requestEnd(request, response);
      return response;
    } catch (error) {
      trace?.requestException(request, error);
      throw error;
    }
  }

  /** Follows redirects, as many as the call allows, from the answer to the first request. */
  async follow(first: ClientRequest, answer: ClientResponse): Promise<ClientResponse> {
    let [request, response] = [first, answer];
    while (this.call.redirects > 0) {
      const next = this.#next(request, response);
      if (next === null) break;
      request = next;
      response = await this.#send(request);
    }
    return response;
  }

  #next(request: ClientRequest, response: ClientResponse): ClientRequest | null {
    let next: ClientRequest | null;
    try {
      next = redirected(request, response);
    } catch (error) {
      response.release();
      throw error;
    }
    if (next === null) return null;
    response.discard();
    this.history.push(response);
    this.trace?.requestRedirect(request, response);
    if (this.history.length <= this.call.redirects) return next;
    const { method, attempt } = request;
    throw new TooManyRedirectsError({ method, url: response.url, attempt }, this.history);
  }
}
