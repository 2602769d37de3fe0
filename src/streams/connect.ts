/*
 * Opening connections: over TCP, over unix sockets, encrypted or not.
 *
 * Node looks the name up and tries the addresses in turn, both families (its `autoSelectFamily`, after RFC 8305, except
 * that an attempt that takes too long is given up when the next one begins).
 */
import { connect as connectPlain, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  expectAbortSignal,
  expectInteger,
  expectMilliseconds,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";
import { ambientScope } from "../core/scope.ts";
import { attempt } from "./attempt.ts";
import { type Connection, connectionOver } from "./connection.ts";
import { clientTls } from "./handshake.ts";
import { type Network, networkInCharge } from "./network.ts";
import { expectReaderOptions, type StreamReaderOptions } from "./reader.ts";
import { SocketInfo } from "./socketInfo.ts";
import { SocketTransport } from "./socketTransport.ts";
import { HANDSHAKE_TIMEOUT, type TlsOptions } from "./tlsOptions.ts";
import type { Protocol, Transport } from "./transport.ts";

/** What every way of connecting takes. */
export interface ConnectOptions extends StreamReaderOptions {
  /** Encrypts: `true`, or Node's options of TLS. Default false. */
  readonly tls?: boolean | TlsOptions;
  /** With `tls`: how long connecting and handshake may take, in milliseconds. Default 60,000. */
  readonly handshakeTimeout?: number;
  /** Aborting it gives the attempt up, with a CancelledError. No listener is left on it. */
  readonly signal?: AbortSignal;
}

/** Where to connect over TCP, and how. */
export interface TcpConnectOptions extends ConnectOptions {
  /** A name or an address. Default `"localhost"`. */
  readonly host?: string;
  /** 0 to 65,535. */
  readonly port: number;
  /** 4 or 6 for addresses of one family only; 0 (default) for both. */
  readonly family?: number | string;
  /** The address to connect from. */
  readonly localAddress?: string;
  /** The port to connect from. */
  readonly localPort?: number;
  /** How long one address is tried before the next, in milliseconds, at least 10; Infinity for one address only. Default 250. */
  readonly happyEyeballsDelay?: number;
  /** Sends small pieces at once (TCP_NODELAY). Default true, as in asyncio. */
  readonly noDelay?: boolean;
  /** Has the system probe an idle connection. Default false. */
  readonly keepAlive?: boolean;
  /** Looks names up in place of `dns.lookup`. */
  readonly lookup?: NonNullable<TcpNetConnectOpts["lookup"]>;
}

/**
 * Opens a connection over TCP, with `tls` encrypted (`asyncio.open_connection`).
 *
 * **Cancellation:** at any moment, while the name is looked up or the handshake goes on: the socket is gone.
 *
 * @throws Node's error when it cannot be had (`ECONNREFUSED`, `ENOTFOUND`, …), an AggregateError of several addresses
 * @throws TimeoutError when the handshake takes too long
 * @throws TypeError when `handshakeTimeout` is given without `tls`
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "ambit/streams";
 *
 * const server = await startServer((_reader, writer) => writer.write("hello\n"), { port: 0 });
 * const { reader, writer } = await openConnection({ port: server.port });
 * String(await reader.readline()); // => "hello\n"
 * writer.close();
 * await server[Symbol.asyncDispose]();
 * ```
 */
export async function openConnection(options: TcpConnectOptions): Promise<Connection> {
  const { host = "localhost", port } = expectOptions("options", options);
  expectPort("options.port", port);
  const network = networkInCharge();
  if (network !== null) return openOver(network, options, host);
  const target = { ...tcpOptions(options), host, port };
  return open(options, `${host}:${port}`, host, (secure) =>
    secure === null ? connectPlain(target) : connectTls({ ...secure, ...target }),
  );
}

/**
 * Opens a connection to a unix socket (`asyncio.open_unix_connection`).
 *
 * **Cancellation:** the socket is gone.
 *
 * @param path of the socket; on Windows, of a named pipe
 * @throws Node's error when it cannot be had (`ENOENT`, `ECONNREFUSED`, …)
 * @throws TypeError when `handshakeTimeout` is given without `tls`
 *
 * @example
 * ```ts
 * import { openUnixConnection } from "ambit/streams";
 *
 * const outcome = await openUnixConnection("/nowhere").catch((error: Error) => error.message);
 * outcome; // => "connect ENOENT /nowhere"
 * ```
 */
export async function openUnixConnection(
  path: string,
  options: ConnectOptions = {},
): Promise<Connection> {
  if (typeof path !== "string") throw wrongType("path", "a path", path);
  const target = { path, allowHalfOpen: true };
  return open(
    expectOptions("options", options),
    path,
    undefined,
    (secure) => (secure === null ? connectPlain(target) : connectTls({ ...secure, ...target })),
    path,
  );
}

function open(
  options: ConnectOptions,
  whom: string,
  host: string | undefined,
  connect: (secure: ReturnType<typeof clientTls> | null) => Socket,
  peerPath?: string,
): Promise<Connection> {
  const { tls = false, limit, signal } = options;
  const timeoutMs = handshakeLimit(options);
  if (signal !== undefined) expectAbortSignal("options.signal", signal);
  const reading = limit === undefined ? {} : { limit };
  expectReaderOptions(reading);
  const scope = ambientScope();
  const secure = tls === false ? null : clientTls(tls === true ? {} : tls, host);
  return attempt({
    label: "openConnection",
    whom,
    begin: () => connect(secure),
    event: secure === null ? "connect" : "secureConnect",
    timeoutMs,
    signal,
    ready: (socket) => {
      const info = new SocketInfo(socket, peerPath, peerPath === undefined ? undefined : "");
      const transport = (protocol: Protocol): Transport =>
        new SocketTransport(socket, protocol, info, host);
      return connectionOver(transport, reading, scope);
    },
  });
}

/** Opens a connection over a network that is not the operating system's. */
function openOver(network: Network, options: TcpConnectOptions, host: string): Promise<Connection> {
  const { port, localPort, limit, signal } = options;
  expectNoTls(options.tls ?? false);
  if (signal !== undefined) expectAbortSignal("options.signal", signal);
  const reading = limit === undefined ? {} : { limit };
  expectReaderOptions(reading);
  const scope = ambientScope();
  return network.connect({ host, port, localPort, signal }, (transport) =>
    connectionOver(transport, reading, scope),
  );
}

/** @internal */
export function expectNoTls(tls: unknown): void {
  if (tls !== false)
    throw wrongType("options.tls", "left out on a simulated network, which does not encrypt", tls);
}

function tcpOptions(options: TcpConnectOptions): Omit<TcpNetConnectOpts, "port"> {
  const {
    family = 0,
    localAddress,
    localPort,
    lookup,
    keepAlive = false,
    noDelay = true,
  } = options;
  const { happyEyeballsDelay = 250 } = options;
  expectMilliseconds("options.happyEyeballsDelay", happyEyeballsDelay);
  const several = happyEyeballsDelay !== Infinity && family === 0;
  return {
    allowHalfOpen: true,
    family: Number(String(family).replace("IPv", "")),
    keepAlive,
    noDelay,
    autoSelectFamily: several,
    ...(several ? { autoSelectFamilyAttemptTimeout: Math.max(10, happyEyeballsDelay) } : {}),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
    ...(lookup === undefined ? {} : { lookup }),
  };
}

/**
 * How long the handshake may take; Infinity when there is none.
 * @throws TypeError when a limit is given, but nothing is encrypted
 * @internal
 */
export function handshakeLimit(options: {
  readonly tls?: boolean | TlsOptions;
  readonly handshakeTimeout?: number;
}): number {
  const { tls = false, handshakeTimeout } = options;
  if (typeof tls !== "boolean" && (typeof tls !== "object" || tls === null)) {
    throw wrongType("options.tls", "true, false or options of TLS", tls);
  }
  if (tls === false) {
    if (handshakeTimeout === undefined) return Infinity;
    throw wrongType("options.handshakeTimeout", "left out without `tls`", handshakeTimeout);
  }
  const limit = handshakeTimeout ?? HANDSHAKE_TIMEOUT;
  expectMilliseconds("options.handshakeTimeout", limit);
  if (limit <= 0) throw outOfRange("options.handshakeTimeout", "more than 0", limit);
  return limit;
}

/** @internal */
export function expectPort(name: string, port: unknown): void {
  expectInteger(name, port, 0);
  if ((port as number) > 65_535) throw outOfRange(name, "a port, 0 to 65535", port);
}

function expectOptions<T>(name: string, options: T): T {
  if (typeof options !== "object" || options === null) throw wrongType(name, "an object", options);
  return options;
}
