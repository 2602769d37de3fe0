/*
 * One hop: a request that went through the middlewares, sent and answered.
 *
 * Strategy: the request as the middlewares left it becomes a flat Sending; a transport answers it, or
 * an exchange on the network.
 */
import { withBodyHeaders } from "./bodyHeaders.ts";
import type { Call } from "./call.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { Connector } from "./connector.ts";
import { withCredentials } from "./credentials.ts";
import { Exchange } from "./exchange.ts";
import { responded } from "./responding.ts";
import type { ClientResponse } from "./response.ts";
import type { Sending } from "./sending.ts";
import { targetOf } from "./target.ts";
import type { TraceRun } from "./traceRun.ts";
import type { Transport } from "./transport.ts";
import { TransportExchange } from "./transportExchange.ts";

/** What a hop is part of: an attempt. @internal */
export interface HopContext {
  readonly call: Call;
  readonly connector: Connector;
  readonly trace: TraceRun | null;
  /** The redirects that led here. */
  readonly history: readonly ClientResponse[];
  /** Whether a request to the origin is where the call was for, and was never elsewhere. */
  isHome(origin: string): boolean;
  /** When the time of all its hops is up, on the loop's clock; 0 until the first is sent. */
  deadline: number;
}

/** Sends one request; gives the response when its head has come. @internal */
export async function sendHop(context: HopContext, given: ClientRequest): Promise<ClientResponse> {
  const { call, connector } = context;
  const { transport } = call.settings;
  const request = await withCredentials(given, call, context.isHome(given.url.origin));
  const sending = sendingOf(context, request);
  if (transport !== null) return answered(context, transport, request, sending);
  const exchange = new Exchange(connector, sending);
  exchange.deadline = context.deadline;
  try {
    await exchange.perform(call.signal);
  } catch (error) {
    throw await exchange.abandon(error);
  }
  context.deadline = exchange.deadline;
  return responded(call, exchange, exchange.incoming, historyOf(context));
}

async function answered(
  context: HopContext,
  transport: Transport,
  request: ClientRequest,
  sending: Sending,
): Promise<ClientResponse> {
  const { call, connector } = context;
  const exchange = new TransportExchange(connector, sending, call.signal);
  exchange.deadline = context.deadline;
  const head = await exchange.perform(transport, request);
  context.deadline = exchange.deadline;
  return responded(call, head, exchange, historyOf(context));
}

function historyOf({ history }: HopContext): readonly ClientResponse[] | undefined {
  return history.length === 0 ? undefined : Object.freeze([...history]);
}

function sendingOf(context: HopContext, request: ClientRequest): Sending {
  const { method, headers, body, attempt } = request;
  const { url, origin, path, authorization } = targetOf(method, request.url, undefined, undefined);
  if (authorization !== null && !headers.has("authorization"))
    headers.set("authorization", authorization);
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  const { timeouts, proxies, expectContinue } = context.call;
  const proxy = proxies.for(request.url);
  const trace = context.trace?.hop(method, url, headers) ?? null;
  const target = { method, url, origin, path, proxy };
  // A body that a middleware has put there brings its headers, as that of the call did.
  const whole = body === context.call.body ? list : withBodyHeaders(list, body);
  return { ...target, headers: whole, body, timeouts, trace, expectContinue, attempt };
}
