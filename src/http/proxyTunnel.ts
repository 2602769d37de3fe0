/*
 * A tunnel through an HTTP proxy (RFC 9110, 9.3.6): CONNECT, and the head of the answer.
 *
 * A proxy that refuses says why with a status, most often 407 (it wants to know who asks); that and
 * the reason are kept, the body is not read: the connection goes.
 */
import type { Socket } from "node:net";
import type { Handshake, Progress } from "./handshake.ts";
import type { HeaderList } from "./headers.ts";

/** The proxy answered, but not with a tunnel. @internal */
export class TunnelRefusal extends Error {
  readonly status: number;
  readonly statusText: string;

  constructor(status: number, statusText: string) {
    super(`the proxy answered ${`${status} ${statusText}`.trimEnd()}`);
    this.status = status;
    this.statusText = statusText;
  }
}

/** More than this is no head. */
const LONGEST_HEAD = 64 * 1024;
const HEAD_END = "\r\n\r\n";
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/;

/** Asks for a tunnel to `host:port`, an IPv6 address in brackets. @internal */
export function tunnel(socket: Socket, authority: string, headers: HeaderList): Handshake {
  let head = `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.write(`${head}\r\n`, "latin1");
  return readAnswer;
}

function readAnswer(bytes: Buffer): Progress {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) {
    if (bytes.length <= LONGEST_HEAD) return { used: 0, done: false };
    throw new Error("the head of its answer is too big");
  }
  const used = end + HEAD_END.length;
  const found = STATUS_LINE.exec(bytes.toString("latin1", 0, used));
  if (found === null) throw new Error("its answer is not HTTP");
  const status = Number(found[1]);
  // Interim answers come before the real one.
  if (status < 200) return { used, done: false };
  if (status >= 300) throw new TunnelRefusal(status, found[2] ?? "");
  return { used, done: true };
}
