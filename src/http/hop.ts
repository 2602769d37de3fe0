/*
 * One hop: a request that went through the middlewares, sent and answered.
 *
 * Strategy: the request as the middlewares left it becomes a flat Sending; a transport answers it, or
 * an exchange on the network.
 */
import { Call } from "./call.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { Connector } from "./connector.ts";
import { Exchange } from "./exchange.ts";
import { composed } from "./middleware.ts";
import { ClientResponse } from "./response.ts";
import type { Sending } from "./sending.ts";
import { targetOf } from "./target.ts";

/** Sends a call that has more to it than the network. @internal */
export async function sendCall(call: Call, connector: Connector): Promise<ClientResponse> {
  const send = composed(call.middlewares, (request) => sendHop(call, connector, request));
  return send(call.request(1));
}

async function sendHop(
  call: Call,
  connector: Connector,
  request: ClientRequest,
): Promise<ClientResponse> {
  const sending = sendingOf(call, request);
  const { transport } = call.settings;
  if (transport !== null) {
    const { status, statusText = "", headers, body } = await transport.send(request);
    const { method, url, attempt } = sending;
    return new ClientResponse({ method, url, attempt, status, statusText, headers }, body);
  }
  const exchange = new Exchange(connector, sending);
  try {
    await exchange.perform(call.signal);
  } catch (error) {
    throw exchange.abandon(error);
  }
  return new ClientResponse(exchange, exchange);
}

function sendingOf(call: Call, request: ClientRequest): Sending {
  const { method, headers, body, attempt } = request;
  const { url, origin, path, authorization } = targetOf(method, request.url, undefined, undefined);
  const list: string[] = [];
  for (const [name, value] of headers) list.push(name, value);
  if (authorization !== null && !headers.has("authorization"))
    list.push("authorization", authorization);
  const { timeouts, trace } = call;
  return { method, url, origin, path, headers: list, body, timeouts, trace, attempt };
}
