/*
 * The client's side of SOCKS5 (RFC 1928), with user and password (RFC 1929).
 *
 * The host is sent as it was written, so the proxy looks names up: it may know names that nobody
 * here does, and nobody here learns which were asked for.
 * Limits: CONNECT only; no GSSAPI.
 */
import { isIP, isIPv6, type Socket } from "node:net";
import type { Handshake, Progress } from "./handshake.ts";
import type { ProxyTarget } from "./proxyTarget.ts";

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
/** RFC 1928, 6. */
const REPLIES: readonly string[] = [
  "succeeded",
  "it failed",
  "its rules do not allow the connection",
  "the network cannot be reached",
  "the host cannot be reached",
  "connection refused",
  "the host does not answer",
  "it cannot do that",
  "it does not know that kind of address",
];

const MORE: Progress = { used: 0, done: false };

/** Asks for a connection to a host, an IPv6 address without brackets. @internal */
export function socks(socket: Socket, proxy: ProxyTarget, host: string, port: number): Handshake {
  const request = requestFor(host, port);
  const methods =
    proxy.username === null ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_AND_PASSWORD];
  let read: Handshake = readMethod;
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  return (bytes) => read(bytes);

  function readMethod(bytes: Buffer): Progress {
    if (bytes.length < 2) return MORE;
    expectVersion(bytes, VERSION);
    const method = bytes[1] as number;
    if (method === NONE_ACCEPTABLE) throw new Error(unauthorized(proxy));
    if (!methods.includes(method)) throw new Error("it wants to know who asks in an unknown way");
    if (method === USER_AND_PASSWORD) ask(credentials(proxy), readVerdict);
    else ask(request, readReply);
    return { used: 2, done: false };
  }

  function readVerdict(bytes: Buffer): Progress {
    if (bytes.length < 2) return MORE;
    expectVersion(bytes, 1);
    if (bytes[1] !== 0) throw new Error("it does not accept user and password");
    ask(request, readReply);
    return { used: 2, done: false };
  }

  function ask(bytes: Buffer, then: Handshake): void {
    read = then;
    socket.write(bytes);
  }
}

function readReply(bytes: Buffer): Progress {
  if (bytes.length < 2) return MORE;
  expectVersion(bytes, VERSION);
  const reply = bytes[1] as number;
  // A refusal may be cut short: who refuses often closes at once.
  if (reply !== 0) throw new Error(REPLIES[reply] ?? `it answered ${reply}`);
  if (bytes.length < 5) return MORE;
  const used = 4 + addressLength(bytes) + 2;
  return bytes.length < used ? MORE : { used, done: true };
}

/** The address it bound is of no use here, but has to be read. */
function addressLength(bytes: Buffer): number {
  const kind = bytes[3];
  if (kind === IPV4) return 4;
  if (kind === IPV6) return 16;
  if (kind === NAME) return 1 + (bytes[4] as number);
  throw new Error("its answer is not SOCKS5");
}

function expectVersion(bytes: Buffer, version: number): void {
  if (bytes[0] !== version) throw new Error("its answer is not SOCKS5");
}

function unauthorized({ username }: ProxyTarget): string {
  return username === null ? "it wants a user and a password" : "it accepts no user and password";
}

function credentials({ username, password }: ProxyTarget): Buffer {
  return Buffer.concat([Buffer.from([1]), prefixed(username ?? ""), prefixed(password)]);
}

function requestFor(host: string, port: number): Buffer {
  const head = Buffer.from([VERSION, 1, 0]);
  return Buffer.concat([head, addressOf(host), Buffer.from([port >> 8, port & 0xff])]);
}

function addressOf(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from([IPV4, ...host.split(".").map(Number)]);
  if (isIPv6(host)) return Buffer.concat([Buffer.from([IPV6]), bytesOfIPv6(host)]);
  return Buffer.concat([Buffer.from([NAME]), prefixed(host)]);
}

/** Text after a byte that tells its length. */
function prefixed(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length > 255) throw new RangeError("SOCKS5 has no place for more than 255 bytes");
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** The 16 bytes of an IPv6 address as a URL has it: WHATWG writes no dotted tail. */
function bytesOfIPv6(address: string): Buffer {
  const [front = "", back] = address.split("::");
  const head = groupsOf(front);
  const tail = groupsOf(back ?? "");
  const gap = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...head, ...gap, ...tail].entries())
    bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
