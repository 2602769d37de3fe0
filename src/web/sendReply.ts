/*
 * sendReply: writes a reply onto its exchange.
 *
 * Strategy: what is text, bytes or nothing is sent in one call, without a promise. The headers of the request
 * (`request.replyHeaders`) go onto every answer; where the reply has one of the same name, the reply's stays, but for
 * those that add up. An answer to HEAD has the headers of the answer to GET (RFC 9110, section 9.3.2).
 */
import type { Exchange } from "./exchange.ts";
import type { Reply } from "./reply.ts";
import { ReplyBody } from "./replyBody.ts";
import type { ReplyHeaders } from "./replyHeaders.ts";
import type { ServerRequest } from "./request.ts";

/** Headers of which an answer may have several. */
const ADDING = new Set(["set-cookie", "vary", "link", "server-timing", "www-authenticate"]);

/** @internal */
export function sendReply(request: ServerRequest, reply: Reply): void | Promise<void> {
  const { exchange } = request;
  const { body } = reply;
  if (exchange.ended || exchange.headSent) return discard(body);
  if (body instanceof ReplyBody && body.fit !== undefined)
    return body.fit(request, reply).then(() => sendFitted(request, reply));
  return sendFitted(request, reply);
}

function sendFitted(request: ServerRequest, reply: Reply): void | Promise<void> {
  const { exchange } = request;
  const { body, status } = reply;
  // The client may have left while it was fitted.
  if (exchange.ended || exchange.headSent) return discard(body);
  const headers = headOf(reply, request.ownReplyHeaders);
  const bodiless = status === 204 || status === 304 || status === 205;
  if (body instanceof ReplyBody) {
    if (!bodiless) addLength(headers, reply, body.length);
    if (!bodiless && exchange.method !== "HEAD") return body.send(exchange, status, headers);
    exchange.send(status, headers, null);
    return discard(body);
  }
  return sendWhole(exchange, reply, body, headers, bodiless);
}

function sendWhole(
  exchange: Exchange,
  reply: Reply,
  body: string | Uint8Array | null,
  headers: string[],
  bodiless: boolean,
): void {
  if (bodiless) return exchange.send(reply.status, headers, null);
  const length =
    body === null ? 0 : typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  addLength(headers, reply, length);
  exchange.send(reply.status, headers, exchange.method === "HEAD" ? null : body);
}

function headOf(reply: Reply, extra: ReplyHeaders | null): string[] {
  const own = reply.ownHeaders;
  const headers: string[] = own === null ? [] : own.flat.slice();
  if (reply.type !== null && own?.has("content-type") !== true)
    headers.push("content-type", reply.type);
  if (extra !== null) addMissing(headers, extra.flat, own);
  return headers;
}

function addMissing(headers: string[], extra: readonly string[], own: ReplyHeaders | null): void {
  for (let at = 0; at < extra.length; at += 2) {
    const name = extra[at] as string;
    if (own === null || !own.has(name) || ADDING.has(name.toLowerCase()))
      headers.push(name, extra[at + 1] as string);
  }
}

function addLength(headers: string[], reply: Reply, length: number | undefined): void {
  if (length === undefined || reply.status < 200) return;
  if (reply.ownHeaders?.has("content-length") === true) return;
  if (reply.ownHeaders?.has("transfer-encoding") === true) return;
  headers.push("content-length", String(length));
}

function discard(body: Reply["body"]): void | Promise<void> {
  if (!(body instanceof ReplyBody)) return;
  const closing = body.close();
  if (closing instanceof Promise) return closing;
}
