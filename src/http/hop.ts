/*
 * One hop: a request that went through the middlewares, sent and answered.
 *
 * Strategy: the request as the middlewares left it becomes a flat Sending; a transport answers it, or
 * an exchange on the network.
 */
import type { Call } from "./call.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { Connector } from "./connector.ts";
import { Exchange } from "./exchange.ts";
import { ClientResponse } from "./response.ts";
import type { Sending } from "./sending.ts";
import { targetOf } from "./target.ts";
import type { TraceRun } from "./traceRun.ts";
import type { Transport } from "./transport.ts";

/** What a hop is part of: an attempt. @internal */
export interface HopContext {
  readonly call: Call;
  readonly connector: Connector;
  readonly trace: TraceRun | null;
  /** The redirects that led here. */
  readonly history: readonly ClientResponse[];
  /** When the time of all its hops is up, on the loop's clock; 0 until the first is sent. */
  deadline: number;
}

/** Sends one request; gives the response when its head has come. @internal */
export async function sendHop(
  context: HopContext,
  request: ClientRequest,
): Promise<ClientResponse> {
  const { call, connector } = context;
  const { transport } = call.settings;
  const sending = sendingOf(context, request);
  if (transport !== null) return answered(transport, request, sending);
  const exchange = new Exchange(connector, sending);
  exchange.deadline = context.deadline;
  try {
    await exchange.perform(call.signal);
  } catch (error) {
    throw exchange.abandon(error);
  }
  context.deadline = exchange.deadline;
  return new ClientResponse(exchange, exchange);
}

async function answered(
  transport: Transport,
  request: ClientRequest,
  { method, url, attempt }: Sending,
): Promise<ClientResponse> {
  const { status, statusText = "", headers, body } = await transport.send(request);
  return new ClientResponse({ method, url, attempt, status, statusText, headers }, body);
}

function sendingOf(context: HopContext, request: ClientRequest): Sending {
  const { method, headers, body, attempt } = request;
  const { url, origin, path, authorization } = targetOf(method, request.url, undefined, undefined);
  if (authorization !== null && !headers.has("authorization"))
    headers.set("authorization", authorization);
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  const { timeouts } = context.call;
  const trace = context.trace?.hop(method, url, headers) ?? null;
  return { method, url, origin, path, headers: list, body, timeouts, trace, attempt };
}
