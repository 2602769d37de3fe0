/*
 * Requests that ask for another protocol (RFC 9110, section 7.8): only WebSockets are spoken here, and who asks for
 * anything else, as Java's client does for HTTP/2 with its first request, is answered as if he hadn't.
 *
 * Strategy: node:http is told which to hand over, where it asks (22.21 and later). Before, it hands all of them over,
 * bodies unread: then the request is put back onto the connection without its wish.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/** Whether a request asks for a WebSocket, rightly or wrongly. @internal */
export function asksForWebSocket({ headers, method }: IncomingMessage): boolean {
  const wishes = (headers.upgrade ?? "").toLowerCase().split(",");
  return method === "GET" && wishes.some((wish) => wish.trim() === "websocket");
}

/** Has the server read the request again, as one that asks for nothing. @internal */
export function putBack(
  server: Server,
  message: IncomingMessage,
  socket: Socket,
  head: Buffer,
): void {
  const { method, url, httpVersion, rawHeaders } = message;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2)
    if ((rawHeaders[at] as string).toLowerCase() !== "upgrade")
      lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  // As node:http read it: a character is a byte.
  const text = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  socket.unshift(Buffer.concat([text, head]));
  server.emit("connection", socket);
}
