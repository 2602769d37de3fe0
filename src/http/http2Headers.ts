/*
 * Headers of HTTP/1.1 as HTTP/2 has them (RFC 9113, 8.2 and 8.3), and back.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import type { HeaderList, HeaderRecord } from "./headers.ts";

/** What belongs to one connection of HTTP/1.1 has no place in HTTP/2 (8.2.2). */
const OF_CONNECTION = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** @internal */
export function http2Headers(
  method: string,
  origin: string,
  path: string,
  list: HeaderList,
): OutgoingHttpHeaders {
  const { protocol, host } = new URL(origin);
  const headers: OutgoingHttpHeaders = {
    ":method": method,
    ":scheme": protocol.slice(0, -1),
    ":authority": host,
    ":path": path,
  };
  for (let i = 0; i < list.length; i += 2) add(headers, list[i] as string, list[i + 1] as string);
  return headers;
}

function add(headers: OutgoingHttpHeaders, name: string, value: string): void {
  if (name === "host") headers[":authority"] = value;
  else if (name === "te" && value.toLowerCase() !== "trailers") return;
  else if (!OF_CONNECTION.has(name)) {
    const before = headers[name];
    // Several of one name are one line, as HTTP/1.1 allows too; but for cookies, whose comma is none.
    if (before === undefined) headers[name] = value;
    else headers[name] = `${String(before)}${name === "cookie" ? "; " : ", "}${value}`;
  }
}

/** What came, without the names that are none of HTTP/1.1. @internal */
export function headerRecord(headers: IncomingHttpHeaders): HeaderRecord {
  const record: Record<string, string | string[] | undefined> = {};
  for (const [name, value] of Object.entries(headers))
    if (!name.startsWith(":")) record[name] = value;
  return record;
}
