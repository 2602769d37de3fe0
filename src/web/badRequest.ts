/*
 * Answers to what is no request: what node:http's parser has refused, a head that never came, CONNECT.
 *
 * Strategy: a bare head, written onto the socket, for there is no request to answer; and no word of why, for who sends
 * such things learns from it.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { formatHttpDate } from "./httpDate.ts";
import { linger } from "./linger.ts";

const STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** The client has broken off, or ended in the middle of a request: it wants no answer. */
const BROKEN_OFF = new Set(["ECONNRESET", "EPIPE", "HPE_INVALID_EOF_STATE"]);

/** The status of what could not be read; null when nobody waits for an answer. @internal */
export function statusOfMalformed({ code = "" }: NodeJS.ErrnoException): number | null {
  return BROKEN_OFF.has(code) ? null : (STATUSES[code] ?? 400);
}

/** Answers, and closes the connection. `now` is in milliseconds since 1970. @internal */
export function refuseOn(socket: Socket, status: number, now: number): void {
  if (!socket.writable) return void socket.destroy();
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `date: ${formatHttpDate(now)}`,
    "connection: close",
    "content-length: 0",
  ];
  linger(socket);
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  socket.destroySoon();
}
