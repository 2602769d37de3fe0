/*
 * Early hints: what a page will need, told before the page is made (RFC 8297).
 *
 * The browser fetches it while the handler still works. A client that has the head of the answer already, or speaks
 * HTTP/1.0, is told nothing.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import type { Exchange } from "./exchange.ts";
import { type HeadersInput, ReplyHeaders } from "./replyHeaders.ts";

/** What node:http takes for a value of `Link` (RFC 8288). */
const LINK = /^<[^<>]+>(?:\s*;\s*[^;"\s=]+(?:=(?:"[^;"\s]*"|[^;"\s]*))?)*$/;

/** Sends 103 with those links. @internal */
export function sendEarlyHints(exchange: Exchange, links: readonly string[]): void {
  const headers = new ReplyHeaders();
  for (const link of links) {
    const expected = "a value of Link, such as </style.css>; rel=preload; as=style";
    if (typeof link !== "string") throw wrongType("links", expected, link);
    if (!LINK.test(link)) throw outOfRange("links", expected, link);
    headers.append("link", link);
  }
  if (!headers.empty) sendInformation(exchange, 103, headers);
}

/** Sends an informational answer. @internal */
export function sendInformation(exchange: Exchange, status: number, headers: HeadersInput): void {
  // 100 is sent when the body is read, 101 by what takes a connection over; Node can send no others.
  if (status !== 102 && status !== 103) throw outOfRange("status", "102 or 103", status);
  const { flat } = headers instanceof ReplyHeaders ? headers : new ReplyHeaders(headers);
  if (!exchange.headSent && !exchange.ended) exchange.inform(status, flat);
}
