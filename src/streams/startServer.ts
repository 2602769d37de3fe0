/*
 * Starting servers: over TCP, on one address or several, and over unix sockets.
 */
import { lstat, unlink } from "node:fs/promises";
import { expectFunction, expectInteger, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { cancellable } from "../core/cancellable.ts";
import { rethrowIfCancelled } from "../core/errors.ts";
import { expectNoTls, expectPort, handshakeLimit, openUnixConnection } from "./connect.ts";
import { type Listener, type ListenPlan, NodeListener } from "./listener.ts";
import { networkInCharge } from "./network.ts";
import { expectReaderOptions } from "./reader.ts";
import { Server, type ServingOptions } from "./server.ts";
import type { ConnectionHandler } from "./serving.ts";
import type { TlsOptions } from "./tlsOptions.ts";

/** What every server takes. */
export interface ServerOptions extends ServingOptions {
  /** Encrypts: Node's options of TLS, with `key` and `cert` at least. Default: no encryption. */
  readonly tls?: TlsOptions;
  /** With `tls`: how long a handshake may take, in milliseconds. Default 60,000. */
  readonly handshakeTimeout?: number;
  /** How many connections the system holds until they are accepted. Default 511, Node's. */
  readonly backlog?: number;
  /** Whether to listen at once. Default true. */
  readonly startServing?: boolean;
}

/** Where a TCP server listens, and how. */
export interface TcpServerOptions extends ServerOptions {
  /** A name or an address, or several. Default: every address of the machine. */
  readonly host?: string | readonly string[];
  /** 0 to 65,535; 0 for one that is free. */
  readonly port: number;
  /** Whether IPv6 addresses take IPv6 only. Default false. */
  readonly ipv6Only?: boolean;
  /** Lets several processes listen on the port (SO_REUSEPORT); Node 22.12 or newer. Default false. */
  readonly reusePort?: boolean;
  /** In a cluster: not to share the port with other workers. Default false. */
  readonly exclusive?: boolean;
  /** Sends small pieces at once (TCP_NODELAY). Default true, as in asyncio. */
  readonly noDelay?: boolean;
  /** Has the system probe idle connections. Default false. */
  readonly keepAlive?: boolean;
}

/**
 * Starts a server over TCP, with `tls` encrypted (`asyncio.start_server`).
 *
 * The handler gets the streams of each connection, in a task of its own. When it ends, its connection is closed; what it
 * throws goes to the loop's exception handler. The server goes on until it is closed, or the run ends.
 *
 * **Cancellation:** while it starts, nothing listens then. See {@link Server} for what comes after.
 *
 * @throws Node's error when it cannot listen (`EADDRINUSE`, `EACCES`, …)
 * @throws TypeError when `handshakeTimeout` is given without `tls`
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "ambit/streams";
 *
 * const server = await startServer(async (reader, writer) => {
 *   for await (const line of reader) writer.write(`you said: ${line}`);
 * }, { host: "127.0.0.1", port: 0 });
 * const { reader, writer } = await openConnection({ host: "127.0.0.1", port: server.port });
 * writer.write("hello\n");
 * String(await reader.readline()); // => "you said: hello\n"
 * writer.close();
 * await server[Symbol.asyncDispose]();
 * ```
 */
export async function startServer(
  handler: ConnectionHandler,
  options: TcpServerOptions,
): Promise<Server> {
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const { host, port, ipv6Only = false, exclusive = false, reusePort = false } = options;
  expectPort("options.port", port);
  const network = networkInCharge();
  if (network !== null) expectNoTls(options.tls ?? false);
  const hosts = typeof host === "string" ? [host] : (host ?? [undefined]);
  const plans = hosts.map((each) => ({
    ...commonPlan(options),
    where: {
      port,
      ipv6Only,
      exclusive,
      reusePort,
      host: each,
      ...backlogOf(options),
    },
    sockets: { noDelay: options.noDelay ?? true, keepAlive: options.keepAlive ?? false },
  }));
  const listeners = plans.map((plan) =>
    network === null ? new NodeListener(plan) : network.listener({ host: plan.where.host, port }),
  );
  return start(handler, listeners, options);
}

/**
 * Starts a server on a unix socket (`asyncio.start_unix_server`). The file goes when the server is closed; one that a
 * dead server left behind is replaced.
 *
 * **Cancellation:** while it starts, nothing listens then. See {@link Server} for what comes after.
 *
 * @param path of the socket, at most 107 bytes on Linux; on Windows, of a named pipe
 * @throws Node's error when it cannot listen (`EADDRINUSE`, `EACCES`, …)
 * @throws TypeError when `handshakeTimeout` is given without `tls`
 *
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * import { openUnixConnection, startUnixServer } from "ambit/streams";
 *
 * const path = `${tmpdir()}/ambit-example-${process.pid}`;
 * const server = await startUnixServer((_reader, writer) => writer.write("hello\n"), path);
 * const { reader, writer } = await openUnixConnection(path);
 * String(await reader.readline()); // => "hello\n"
 * writer.close();
 * await server[Symbol.asyncDispose]();
 * ```
 */
export async function startUnixServer(
  handler: ConnectionHandler,
  path: string,
  options: ServerOptions = {},
): Promise<Server> {
  if (typeof path !== "string") throw wrongType("path", "a path", path);
  const plan = {
    ...commonPlan(options),
    where: { path, ...backlogOf(options) },
    sockets: { noDelay: false, keepAlive: false },
  };
  await removeDeadSocket(path);
  return start(handler, [new NodeListener(plan)], options);
}

async function start(
  handler: ConnectionHandler,
  listeners: readonly Listener[],
  options: ServerOptions,
): Promise<Server> {
  const { startServing = true, closingGrace, limit } = options;
  expectFunction("handler", handler);
  expectReaderOptions(options);
  if (closingGrace !== undefined) expectMilliseconds("options.closingGrace", closingGrace);
  const server = new Server(handler, listeners, {
    ...(closingGrace === undefined ? {} : { closingGrace }),
    ...(limit === undefined ? {} : { limit }),
  });
  try {
    if (startServing) await server.startServing();
    return server;
  } catch (error) {
    server.close();
    throw error;
  }
}

function commonPlan(options: ServerOptions): Pick<ListenPlan, "tls" | "handshakeTimeout"> {
  return { tls: options.tls ?? null, handshakeTimeout: handshakeLimit(options) };
}

function backlogOf({ backlog }: ServerOptions): { backlog?: number } {
  if (backlog === undefined) return {};
  expectInteger("options.backlog", backlog, 1);
  return { backlog };
}

/** A server that was killed leaves its file behind, and nobody could listen there again. */
async function removeDeadSocket(path: string): Promise<void> {
  try {
    const { writer } = await openUnixConnection(path);
    writer.transport.abort(); // alive: the error comes from listening
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") return rethrowIfCancelled(error);
    const file = await cancellable(lstat(path));
    if (file.isSocket()) await cancellable(unlink(path));
  }
}
