/*
 * Opening sockets for datagrams.
 */
import { createSocket, type SocketOptions } from "node:dgram";
import { isIPv6 } from "node:net";
import { expectLimit } from "../core/arguments.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { expectPort } from "./connect.ts";
import { DatagramEndpoint, type Destination, hostOf } from "./datagramEndpoint.ts";

/** Where datagrams come from and go to. */
export interface DatagramOptions {
  /** Where to listen. Default: every address of the machine, a port that is free. */
  readonly localAddress?: Destination;
  /** The one peer: messages go to it and are taken from it only. Default: anybody. */
  readonly remoteAddress?: Destination;
  /** 4 or 6. Default: that of the addresses given, or 4. */
  readonly family?: 4 | 6;
  /** How many messages wait to be received before newcomers are dropped, an integer of at least 1. Default 1,024. */
  readonly queueLimit?: number;
  /** Allows sending to broadcast addresses. Default false. */
  readonly allowBroadcast?: boolean;
  /** Allows several sockets on one address (SO_REUSEADDR). Default false. */
  readonly reuseAddress?: boolean;
}

/**
 * Opens a socket for datagrams (`create_datagram_endpoint`).
 *
 * **Cancellation:** while it opens, the socket is closed.
 *
 * @throws Node's error when it cannot be had (`EADDRINUSE`, `EACCES`, `ENOTFOUND`, …)
 *
 * @example
 * ```ts
 * import { createDatagramEndpoint } from "ambit/streams";
 *
 * const here = await createDatagramEndpoint({ localAddress: { host: "127.0.0.1", port: 0 } });
 * const there = await createDatagramEndpoint({ remoteAddress: here.address });
 * await there.send("hello");
 * const { data } = await here.receive();
 * String(data); // => "hello"
 * there.close();
 * here.close();
 * ```
 */
export async function createDatagramEndpoint(
  options: DatagramOptions = {},
): Promise<DatagramEndpoint> {
  const { localAddress, remoteAddress, queueLimit = 1024 } = options;
  expectLimit("options.queueLimit", queueLimit, 1);
  if (localAddress !== undefined) expectPort("options.localAddress.port", localAddress.port);
  if (remoteAddress !== undefined) expectPort("options.remoteAddress.port", remoteAddress.port);
  const start = (wait: Wait<DatagramEndpoint>): Cleanup<DatagramEndpoint, undefined> => {
    const socket = createSocket(socketOptions(options));
    const fail = (error: Error): void => {
      if (wait.reject(error)) socket.close();
    };
    const ready = (): void => {
      socket.off("error", fail);
      wait.resolve(new DatagramEndpoint(socket, queueLimit, remoteAddress !== undefined));
    };
    socket.on("error", fail);
    socket.bind(localAddress?.port ?? 0, hostOf(localAddress), () => {
      if (!wait.pending) return;
      if (options.allowBroadcast === true) socket.setBroadcast(true);
      if (remoteAddress === undefined) return ready();
      // Node hands the error of a look-up to this callback, whatever its type says.
      const connected = (error?: Error): void => {
        if (error !== undefined) fail(error);
        else if (wait.pending) ready();
      };
      socket.connect(remoteAddress.port, hostOf(remoteAddress), connected);
    });
    return () => socket.close();
  };
  return suspend<DatagramEndpoint>(start, undefined, "createDatagramEndpoint");
}

function socketOptions(options: DatagramOptions): SocketOptions {
  const given = [hostOf(options.localAddress), hostOf(options.remoteAddress)];
  const six =
    options.family === undefined ? given.some((host) => isIPv6(host ?? "")) : options.family === 6;
  return { type: six ? "udp6" : "udp4", reuseAddr: options.reuseAddress ?? false };
}
